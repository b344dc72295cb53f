// What every launch is compared with: a packet published, its signal waited for and set again, and nothing else.
//
// usage: bare CODE_OBJECT      see cost.h for what it prints
#include "../hsa_launch.h"
#include "cost.h"

static hsa_signal_t signal;
static Counters counters;

static void launch(void) {
  hsa_signal_store_relaxed(signal, 1);
  // As GCC launches one team of one thread.
  publish(kAlongY, signal);
  counters.waits++;
  if (!counters.measures) {
    waitFor(signal);
    return;
  }
  const double start = now();
  waitFor(signal);
  counters.waited += now() - start;
}

int main(int argc, char** argv) {
  if (argc != 2) return fprintf(stderr, "usage: %s CODE_OBJECT\n", argv[0]), 2;
  openKernel(argv[1], "empty");
  CHECK(hsa_signal_create(1, 0, NULL, &signal));
  printCost(launch, &counters);
  hsa_signal_destroy(signal);
  closeKernel();
  return 0;
}
