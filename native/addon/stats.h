// Counters of one env, since the addon was loaded into it. A test holds launches to the hot-path rule with them.
#pragma once

#include <napi.h>

#include <cstdint>

namespace gcn::addon {

class Environment;

struct Stats {
  uint64_t native_calls = 0;
  uint64_t allocations = 0;
  uint64_t frees = 0;
  uint64_t copies = 0;
  uint64_t signals_created = 0;
  uint64_t dispatches = 0;
  // Of blocking launches, while it is asked for: a clock read twice is no small part of a launch.
  bool measures_waits = false;
  uint64_t wait_nanoseconds = 0;
};

void DefineStats(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
