// What a launch costs, in all and outside of its wait.
#pragma once

// Counted by whoever waits. The clock is read only while `measures` is set, twice a wait.
typedef struct {
  int measures;
  double waited;  // nanoseconds
  double waits, allocations, copies, signals;
  double bytes;  // allocated
} Counters;

double now(void);  // nanoseconds

// Runs the launch many times, and prints one line of JSON: nanoseconds per launch, `total` and outside of the wait
// (`host`), the medians of many short turns; and what was counted per launch. Turns that measure waits are others than
// those of the total, so that this has nothing of the clock in it; `clock` is what one reading costs, and has been
// taken off `host`.
void printCost(void (*launch)(void), Counters* counters);
