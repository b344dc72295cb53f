// The peer of `scripts/bench`: empty launches from C on the same ROCr, agent and code object as JavaScript's.
// usage: launch CODE_OBJECT KERNEL COUNT      prints one JSON object: nanoseconds per launch, sync and 1000 in flight
#include <time.h>

#include "hsa_launch.h"

enum { kBatch = 1000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void launch(hsa_signal_t signal) {
  hsa_signal_store_relaxed(signal, 1);
  publish(kAlongX, signal);
}

int main(int argc, char** argv) {
  if (argc != 4) return fprintf(stderr, "usage: %s CODE_OBJECT KERNEL COUNT\n", argv[0]), 2;
  int count = atoi(argv[3]);
  openKernel(argv[1], argv[2]);
  hsa_signal_t signal, batch[kBatch];
  CHECK(hsa_signal_create(1, 0, NULL, &signal));
  for (int i = 0; i < kBatch; i++) CHECK(hsa_signal_create(1, 0, NULL, &batch[i]));

  for (int i = 0; i < count / 10 + 1; i++) launch(signal), waitFor(signal);
  double start = now();
  for (int i = 0; i < count; i++) launch(signal), waitFor(signal);
  double sync = (now() - start) / count;

  int rounds = count / kBatch + 1;
  start = now();
  for (int r = 0; r < rounds; r++) {
    for (int i = 0; i < kBatch; i++) launch(batch[i]);
    for (int i = 0; i < kBatch; i++) waitFor(batch[i]);
  }
  double inFlight = (now() - start) / ((double)rounds * kBatch);

  printf("{\"sync\": %.0f, \"inFlight\": %.0f}\n", sync, inFlight);
  for (int i = 0; i < kBatch; i++) hsa_signal_destroy(batch[i]);
  hsa_signal_destroy(signal);
  closeKernel();
  return 0;
}
