// Clocks, and what the software GPU counts.
#pragma once

#include <stdio.h>
#include <stdlib.h>

#define FAIL(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))

enum { kMaxRounds = 99 };

double now(void);       // nanoseconds
double ownClock(void);  // nanoseconds of processor time of this thread

// One line of JSON: medians, and the least of `wall`, which other programs disturb the most. Sorts the times.
void printResult(const char* name, const char* unit, double amount, int rounds, double* wall, double* worker,
                 double* native);

// What has been executed, and the processor time that the software GPU's threads have used.
typedef struct {
  double instructions, dispatchNanoseconds, workerNanoseconds;
} Counts;
Counts countsNow(void);
