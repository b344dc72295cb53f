// Plain work on memory.
#include "gcn.h"

// Adds to each element: rounds of launches that must not overlap show in the sum.
kernel increment(u32 n, global u32* data, u32 by) {
  u32 i = global_x();
  if (i < n) data[i] += by;
}

kernel fill_u32(u32 n, global u32* data, u32 value) {
  u32 i = global_x();
  if (i < n) data[i] = value;
}

// data[i] = i * factor + offset.
kernel iota(u32 n, global u32* data, u32 factor, u32 offset) {
  u32 i = global_x();
  if (i < n) data[i] = i * factor + offset;
}

kernel copy_u32(u32 n, const global u32* from, global u32* to) {
  for (u32 i = global_x(); i < n; i += grid_x()) to[i] = from[i];
}

// Every width and alignment: bytes reversed within `n`.
kernel reverse_bytes(u32 n, const global u8* from, global u8* to) {
  u32 i = global_x();
  if (i < n) to[n - 1 - i] = from[i];
}

kernel widen_i16(u32 n, const global i16* from, global i64* to) {
  u32 i = global_x();
  if (i < n) to[i] = from[i];
}

kernel vector4(u32 n, const global f32* from, global f32* to) {
  typedef f32 f32x4 __attribute__((ext_vector_type(4)));
  u32 i = global_x();
  if (i >= n) return;
  f32x4 v = ((const global f32x4*)from)[i];
  ((global f32x4*)to)[i] = v.wzyx * 2.0f;
}
