// Work-items of a wave that go separate ways.
#include "gcn.h"

// out[i] = steps of the Collatz sequence from i + 1 to 1.
kernel divergence_collatz(u32 n, global u32* out) {
  u32 i = global_x();
  if (i >= n) return;
  u64 value = i + 1;
  u32 steps = 0;
  while (value != 1) {
    value = value & 1 ? 3 * value + 1 : value / 2;
    steps++;
  }
  out[i] = steps;
}

// Nested branches, a switch with falling through, break and continue.
kernel divergence_branches(global u32* out) {
  u32 i = global_x(), value = 0;
  for (u32 k = 0; k < 20; k++) {
    if (((i + k) & 3) == 3) continue;
    if (k > (i & 15)) break;
    switch ((i + k) % 5) {
      case 0: value += 1;
      case 1: value += 10; break;
      case 2: value ^= k << 4; break;
      case 3:
        if (i & 1) value += 100;
        else if (i & 2) value += 1000;
        break;
      default: value = value * 3 + 1;
    }
  }
  out[i] = value;
}

// A barrier that every wave reaches a different number of instructions later.
kernel divergence_barrier(global u32* out) {
  shared u32 seen[1024];
  u32 i = local_x(), value = i + 1;
  for (u32 k = 0; k < (i & 63); k++) value = value * 1664525u + 1013904223u;
  seen[i] = value;
  barrier();
  out[global_x()] = seen[(i + 1) % size_x()];
}
