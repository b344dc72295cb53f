// Workgroups: local memory of every width, barriers, and atomics whose results do not depend on their order.
#include "compare.h"

GROUP(group_sum, "u") {
  SHARED u32 tile[kGroup];
  EACH(l) {
    tile[l] = in[kInputs * l];
  }
  for (u32 half = kGroup / 2; half; half /= 2) {
    EACH(l) {
      if (l < half) tile[l] += tile[l + half];
    }
  }
  EACH(l) {
    out[kOutputs * l] = tile[0] + l;
  }
}

GROUP(group_prefix, "u") {
  SHARED u64 tile[2][kGroup];
  EACH(l) {
    tile[0][l] = u64_at(in + kInputs * l);
  }
  u32 from = 0;
  for (u32 distance = 1; distance < kGroup; distance *= 2) {
    EACH(l) {
      tile[1 - from][l] = tile[from][l] + (l >= distance ? tile[from][l - distance] : 0);
    }
    from = 1 - from;
  }
  EACH(l) {
    put_u64(out + kOutputs * l, tile[from][l]);
  }
}

GROUP(group_sort, "u") {  // bitonic
  SHARED u32 keys[kGroup];
  EACH(l) {
    keys[l] = in[kInputs * l + 3];
  }
  for (u32 size = 2; size <= kGroup; size *= 2) {
    for (u32 step = size / 2; step; step /= 2) {
      EACH(l) {
        const u32 other = l ^ step;
        if (other > l && (keys[l] > keys[other]) == !(l & size)) {
          const u32 t = keys[l];
          keys[l] = keys[other], keys[other] = t;
        }
      }
    }
  }
  EACH(l) {
    out[kOutputs * l] = keys[l];
  }
}

GROUP(group_histogram, "u") {
  SHARED u32 bins[32];
  EACH(l) {
    if (l < 32) bins[l] = 0;
  }
  EACH(l) {
    for (u32 k = 0; k < kInputs; ++k) __atomic_fetch_add(&bins[in[kInputs * l + k] % 32], 1, __ATOMIC_RELAXED);
  }
  EACH(l) {
    out[kOutputs * l] = bins[l % 32];
  }
}

GROUP(group_transpose_bytes, "u") {
  SHARED u8 tile[16][16];
  EACH(l) {
    tile[l / 16][l % 16] = (u8)in[kInputs * l];
  }
  EACH(l) {
    out[kOutputs * l] = tile[l % 16][l / 16] + 256u * (u32)((i8)tile[l / 16][15 - l % 16]);
  }
}

GROUP(group_halves, "u") {
  SHARED u16 tile[kGroup + 2];
  EACH(l) {
    tile[l + 1] = (u16)in[kInputs * l + 1], tile[l % 2 * (kGroup + 1)] = 7;
  }
  EACH(l) {
    out[kOutputs * l] = (u32)(tile[l] + 2 * tile[l + 1] + (i16)tile[l + 2]);
  }
}

struct Wide {
  u32 a, b, c, d;
};

GROUP(group_wide, "u") {  // 64, 96 and 128 bits at a time
  SHARED struct Wide tile[kGroup];
  SHARED struct {
    f32 x, y, z;
  } points[kGroup];
  SHARED f64 doubles[kGroup];
  EACH(l) {
    const u32* own = in + kInputs * l;
    tile[l].a = own[0], tile[l].b = own[1], tile[l].c = own[2], tile[l].d = own[3];
    points[l].x = (f32)own[4], points[l].y = (f32)own[5], points[l].z = (f32)own[6];
    doubles[l] = (f64)own[7];
  }
  EACH(l) {
    const u32 other = in[kInputs * l] % kGroup;
    u32* o = out + kOutputs * l;
    o[0] = tile[other].a ^ tile[l ^ 1].d, o[1] = tile[other].b, o[2] = tile[other].c, o[3] = tile[other].d;
    o[4] = f32_bits(points[other].x + points[l].y), o[5] = f32_bits(points[other].z);
    put_u64(o + 6, f64_bits(doubles[other] - doubles[255 - l]));
  }
}

GROUP(group_matmul, "u") {
  SHARED f32 a[16][16], b[16][16];
  EACH(l) {
    a[l / 16][l % 16] = (f32)(i8)in[kInputs * l], b[l / 16][l % 16] = (f32)(i8)in[kInputs * l + 1] * 0.125f;
  }
  EACH(l) {
    f32 sum = 0;
    for (u32 k = 0; k < 16; ++k) sum += a[l / 16][k] * b[k][l % 16];
    out[kOutputs * l] = f32_bits(sum);
  }
}

// One counter of each kind in local memory; `wide` too.
#define COUNTERS(T, name, at)                                                               \
  GROUP(name, "u") {                                                                        \
    SHARED T counters[8];                                                                   \
    EACH(l) {                                                                               \
      if (l < 8) counters[l] = l == 2 || l == 4 ? (T) - 1 : l == 6 ? (T)((T) - 1 >> 1) : 0; \
    }                                                                                       \
    EACH(l) {                                                                               \
      const T v = at;                                                                       \
      __atomic_fetch_add(&counters[0], v, __ATOMIC_RELAXED);                                \
      __atomic_fetch_sub(&counters[1], v, __ATOMIC_ACQ_REL);                                \
      __atomic_fetch_and(&counters[2], v | (T)0xff << (l % 24), __ATOMIC_RELAXED);          \
      __atomic_fetch_or(&counters[3], v&(T)1 << (l % 31), __ATOMIC_SEQ_CST);                \
      __atomic_fetch_min(&counters[4], v, __ATOMIC_RELAXED);                                \
      __atomic_fetch_max(&counters[5], v, __ATOMIC_RELAXED);                                \
      __atomic_fetch_xor(&counters[7], v, __ATOMIC_RELAXED);                                \
    }                                                                                       \
    EACH(l) {                                                                               \
      put_u64(out + kOutputs * l, (u64)counters[l % 8]);                                    \
    }                                                                                       \
  }
COUNTERS(u32, group_counters, in[kInputs * l])
COUNTERS(u64, group_wide_counters, u64_at(in + kInputs * l))
COUNTERS(i32, group_signed_counters, (i32)in[kInputs * l + 2])

// The same in memory: the first item's outputs are the counters.
#define SHARED_OUTPUTS(T, name, at)                                                                                 \
  GROUP(name, "u") {                                                                                                \
    T* counters = (T*)out;                                                                                          \
    EACH(l) {                                                                                                       \
      const T v = at;                                                                                               \
      __atomic_fetch_add(&counters[0], v, __ATOMIC_RELAXED);                                                        \
      __atomic_fetch_sub(&counters[1], v, __ATOMIC_ACQ_REL);                                                        \
      __atomic_fetch_or(&counters[2], v&(T)1 << (l % 31), __ATOMIC_SEQ_CST);                                        \
      __atomic_fetch_max(&counters[3], v, __ATOMIC_RELAXED);                                                        \
      __atomic_fetch_xor(&counters[4], v, __ATOMIC_RELAXED);                                                        \
      __atomic_fetch_min(&counters[5], v, __ATOMIC_RELAXED);                                                        \
      __atomic_fetch_nand(&counters[6], (T) - 1, __ATOMIC_RELAXED);                                                 \
      T old = __atomic_load_n(&counters[7], __ATOMIC_RELAXED);                                                      \
      while (!__atomic_compare_exchange_n(&counters[7], &old, old + v * v, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)); \
    }                                                                                                               \
  }
SHARED_OUTPUTS(u32, group_memory_counters, in[kInputs * l])
SHARED_OUTPUTS(u64, group_memory_wide_counters, u64_at(in + kInputs * l))
SHARED_OUTPUTS(i32, group_memory_signed_counters, (i32)in[kInputs * l + 2])
SHARED_OUTPUTS(i64, group_memory_signed_wide_counters, (i64)u64_at(in + kInputs * l))

GROUP(group_float_atomics, "u") {  // whole numbers, so that the order of sums does not matter
  SHARED f32 sum;
  SHARED f64 wide;
  EACH(l) {
    if (l == 0) sum = 0, wide = 0;
  }
  EACH(l) {
    __atomic_fetch_add(&sum, (f32)(in[kInputs * l] % 1000), __ATOMIC_RELAXED);
    __atomic_fetch_add(&wide, (f64)(in[kInputs * l + 1] >> 4), __ATOMIC_RELAXED);
  }
  EACH(l) {
    out[kOutputs * l] = f32_bits(sum), put_u64(out + kOutputs * l + 1, f64_bits(wide));
  }
}

GROUP(group_exchange, "u") {  // every value handed in comes out once
  SHARED u32 slot;
  SHARED u32 sum, count;
  EACH(l) {
    if (l == 0) slot = sum = count = 0;
  }
  EACH(l) {
    const u32 old = __atomic_exchange_n(&slot, in[kInputs * l] | 1, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&sum, old, __ATOMIC_RELAXED);
    if (old) __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
  }
  EACH(l) {
    out[kOutputs * l] = sum + slot + count;
  }
}

GROUP(group_stencil, "u") {
  SHARED i32 cells[2][kGroup];
  EACH(l) {
    cells[0][l] = (i16)in[kInputs * l];
  }
  for (u32 step = 0; step < 6; ++step) {
    EACH(l) {
      const i32* c = (const i32*)cells[step % 2];
      cells[1 - step % 2][l] = (c[(l + kGroup - 1) % kGroup] + 2 * c[l] + c[(l + 1) % kGroup]) / 4;
    }
  }
  EACH(l) {
    out[kOutputs * l] = (u32)cells[0][l];
  }
}

GROUP(group_generic, "u") {  // one pointer to local, private and global memory by turns
  SHARED u32 tile[kGroup];
  EACH(l) {
    tile[l] = in[kInputs * l];
  }
  EACH(l) {
    u32 own[2] = {in[kInputs * l + 1], in[kInputs * l + 2]};
    const u32 choice = in[kInputs * l + 3] % 3;
    u32* p = choice == 0 ? (u32*)&tile[l] : choice == 1 ? &own[l % 2] : &out[kOutputs * l + 5];
    *p += 17 * l;
    out[kOutputs * l] = *p, out[kOutputs * l + 1] = own[0], out[kOutputs * l + 2] = own[1],
                   out[kOutputs * l + 3] = tile[l];
  }
}
