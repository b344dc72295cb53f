// Private memory, calls, and stacks whose size is not known before.
#include "gcn.h"

// out[i] = the (i mod 32)th of 32 private values, after a rotation by a distance that only the launch knows.
kernel scratch_indexed(global u32* out, u32 distance) {
  u32 i = global_x();
  volatile u32 values[32];
  for (u32 k = 0; k < 32; k++) values[(k + distance) & 31] = i * 100 + k;
  out[i] = values[i & 31];
}

static noinline u32 mix(u32 a, u32 b) {
  volatile u32 local[4] = {a, b, a ^ b, a + b};
  return local[a & 3] * 3 + local[b & 3];
}

kernel scratch_call(global u32* out) { out[global_x()] = mix(global_x(), mix(global_x() * 7, 3)); }

// Recursion: the compiler cannot count the stack (.uses_dynamic_stack).
static noinline u32 fibonacci(u32 n) {
  volatile u32 kept = n;
  return n < 2 ? kept : fibonacci(n - 1) + fibonacci(kept - 2);
}

kernel stack_recursive(global u32* out, u32 n) { out[global_x()] = fibonacci(n + (global_x() & 3)); }

// A depth of its own for each work-item, with 64 bytes in each frame.
static noinline u32 descend(u32 depth, u32 salt) {
  volatile u32 frame[16];
  for (u32 k = 0; k < 16; k++) frame[k] = salt * depth + k;
  u32 below = depth == 0 ? 0 : descend(depth - 1, salt + 1);
  return below + frame[depth & 15];
}

kernel stack_deep(global u32* out, u32 depth) { out[global_x()] = descend(depth + (global_x() & 1), global_x()); }

static noinline u32 twice(u32 x) { return 2 * x; }
static noinline u32 square(u32 x) { return x * x; }
static noinline u32 negate(u32 x) { return -x; }

typedef u32 (*operation)(u32);

// Calls through pointers that differ within a wave.
kernel call_indirect(global u32* out) {
  operation operations[3] = {twice, square, negate};
  out[global_x()] = operations[global_x() % 3](global_x());
}
