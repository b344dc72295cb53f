// A reduction as GCC's OpenMP compiles it for AMD GPUs, where a thread is a wave of which one lane works. Prints a JSON
// object as main.c does. usage: reduction-bench COUNT ROUNDS
#include "counts.h"

double reductionOnGpu(const float* a, int count);
double reductionHere(const float* a, int count);

int main(int argc, char** argv) {
  if (argc != 3) FAIL("usage: %s COUNT ROUNDS", argv[0]);
  const int count = atoi(argv[1]), rounds = atoi(argv[2]);
  if (rounds < 1 || rounds > kMaxRounds || count < 1) FAIL("a count and 1 to %d rounds", kMaxRounds);
  float* a = malloc(sizeof *a * (size_t)count);
  // Whole numbers: their sums are exact in any order.
  for (int i = 0; i < count; i++) a[i] = (float)(i % 100);
  double wall[kMaxRounds], worker[kMaxRounds], own[kMaxRounds], instructions = 0;
  reductionOnGpu(a, 1);  // opens the runtime
  // The first rounds set up what libgomp keeps.
  for (int round = -2; round < rounds; round++) {
    const Counts before = countsNow();
    const double sum = reductionOnGpu(a, count);
    const Counts after = countsNow();
    const double start = ownClock(), expected = reductionHere(a, count), end = ownClock();
    if (sum != expected) FAIL("the GPU's sum is %f, the CPU's is %f", sum, expected);
    const double executed = after.instructions - before.instructions;
    if (round >= 0 && executed != instructions)
      FAIL("%.0f wave-instructions, and %.0f the next time", instructions, executed);
    instructions = executed;
    if (round < 0) continue;
    wall[round] = after.dispatchNanoseconds - before.dispatchNanoseconds;
    worker[round] = after.workerNanoseconds - before.workerNanoseconds;
    own[round] = end - start;
  }
  if (instructions == 0) FAIL("nothing was executed on the GPU");
  printResult("reduction", "instructions", instructions, rounds, wall, worker, own);
  free(a);
  return 0;
}
