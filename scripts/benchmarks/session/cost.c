#include "cost.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Short turns, for on a busy machine those that nobody disturbs are to be the most.
enum { kTurns = 150, kTurnNanoseconds = 1000000, kWarmUpNanoseconds = 50000000 };

double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int byValue(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static double median(double* values) {
  qsort(values, kTurns, sizeof *values, byValue);
  return values[kTurns / 2];
}

static double repeat(void (*launch)(void), long count) {
  const double start = now();
  for (long i = 0; i < count; i++) launch();
  return now() - start;
}

static void readClock(void) {
  now();
}

// Launches that fill a turn; all that is done for the first time has been done then.
static long launchesOfTurn(void (*launch)(void)) {
  const double start = now();
  double least = repeat(launch, 1);
  do {
    const double once = repeat(launch, 1);
    if (once < least) least = once;
  } while (now() - start < kWarmUpNanoseconds);
  return least < kTurnNanoseconds ? (long)(kTurnNanoseconds / least) : 1;
}

void printCost(void (*launch)(void), Counters* counters) {
  double total[kTurns], host[kTurns], clock[kTurns];
  for (int i = 0; i < kTurns; i++) clock[i] = repeat(readClock, 100) / 100;
  const double reading = median(clock);

  const long count = launchesOfTurn(launch);
  counters->waits = counters->allocations = counters->copies = counters->signals = 0;
  for (int i = 0; i < kTurns; i++) {
    total[i] = repeat(launch, count) / (double)count;
    const double waits = counters->waits;
    counters->measures = 1;
    counters->waited = 0;
    const double all = repeat(launch, count);
    counters->measures = 0;
    // Of the two readings around a wait one falls into what was measured, and the other is left.
    host[i] = (all - counters->waited - (counters->waits - waits) * reading) / (double)count;
  }
  const double launches = 2.0 * kTurns * (double)count;
  printf("{\"total\": %.1f, \"host\": %.1f, \"clock\": %.1f, ", median(total), median(host), reading);
  printf("\"waits\": %.3f, \"allocations\": %.3f, \"copies\": %.3f, \"signals\": %.3f}\n", counters->waits / launches,
         counters->allocations / launches, counters->copies / launches, counters->signals / launches);
}
