// One function for each thing the program can be asked to do; main.c lists them by name.
#pragma once

#include "gpu.h"

// clang-format off: a list of macros, which it folds anew at each run
#define SCENARIOS(X) \
  X(enumerate) \
  X(dispatch) \
  X(copies) \
  X(scratch) \
  X(exhaust) \
  X(idle) \
  X(barriers) \
  X(overlap) \
  X(load) \
  X(destroy_endless) \
  X(exit_in_flight) \
  X(fault_memory) \
  X(fault_illegal) \
  X(fault_trap) \
  X(bad_packets)
// clang-format on

#define X(name) void name(void);
SCENARIOS(X)
#undef X
