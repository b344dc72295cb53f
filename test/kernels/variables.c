// Variables that the host finds by name.
#include "gcn.h"

visible global u32 counter = 7;
visible global f64 weights[8];
visible const constant u32 primes[8] = {2, 3, 5, 7, 11, 13, 17, 19};
// An address that the loader must relocate.
visible const global u32* const constant where = &counter;

// out: counter before one was added to it, primes, what `where` points at after.
kernel variables_use(global u32* out) {
  if (global_x() != 0) return;
  out[0] = counter;
  counter += 1;
  for (u32 i = 0; i < 8; i++) out[1 + i] = primes[i];
  out[9] = *(const volatile global u32*)where;
}

kernel variables_weights(global f64* out) { out[global_x()] = weights[global_x() & 7]; }
