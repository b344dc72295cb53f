// The five kernels of BabelStream, in double: each work-item has one element; dot gives one sum per workgroup of 256.
#include "gcn.h"

kernel stream_copy(u32 n, const global f64* a, global f64* c) {
  u32 i = global_x();
  if (i < n) c[i] = a[i];
}

kernel stream_mul(u32 n, f64 scalar, global f64* b, const global f64* c) {
  u32 i = global_x();
  if (i < n) b[i] = scalar * c[i];
}

kernel stream_add(u32 n, const global f64* a, const global f64* b, global f64* c) {
  u32 i = global_x();
  if (i < n) c[i] = a[i] + b[i];
}

kernel stream_triad(u32 n, f64 scalar, global f64* a, const global f64* b, const global f64* c) {
  u32 i = global_x();
  if (i < n) a[i] = b[i] + scalar * c[i];
}

enum { kDotGroup = 256 };

// sums[group] = the sum of a[i] * b[i] over i = global_x(), global_x() + grid, …
kernel stream_dot(u32 n, const global f64* a, const global f64* b, global f64* sums) {
  shared f64 partial[kDotGroup];
  u32 lane = local_x();
  f64 sum = 0;
  for (u32 i = global_x(); i < n; i += grid_x()) sum += a[i] * b[i];
  partial[lane] = sum;
  for (u32 half = kDotGroup / 2; half > 0; half /= 2) {
    barrier();
    if (lane < half) partial[lane] += partial[lane + half];
  }
  if (lane == 0) sums[group_x()] = partial[0];
}
