// What a kernel of this folder is: C for one work-item (or one workgroup), built for the GPU and for the host alike,
// whose outputs must agree to the last bit. Each item has 8 words of input and 32 of output, zero where it puts
// nothing. Clang builds kernels of an HSA code object, GCC the bodies of OpenMP target regions (host.c runs those).
#pragma once

#ifdef __clang__
#pragma clang fp contract(off)
#endif

enum { kInputs = 8, kOutputs = 32, kGroup = 256 };

#ifdef __AMDGCN__
#include "gcn.h"

// ITEM(name, kind): the kernel `name` calls what follows for each work-item.
#define ITEM(name, kind) ITEM_(name)
#define ITEM_(name)                                                                     \
  static void name##_item(const u32* in, u32* out);                                     \
  kernel name(u32 n, const global u32* in, global u32* out) {                           \
    const u32 i = global_x();                                                           \
    if (i < n) name##_item((const u32*)(in + kInputs * i), (u32*)(out + kOutputs * i)); \
  }                                                                                     \
  static void name##_item(const u32* in, u32* out)
// GROUP(name, kind): the same for a workgroup of kGroup items, of whose first one `in` and `out` are. Its steps are
// EACH(l) {…}: l goes over the work-items, which all meet at the end of a step.
#define GROUP(name, kind) GROUP_(name)
#define GROUP_(name)                                                                                 \
  static void name##_group(const u32* in, u32* out);                                                 \
  kernel name(u32 n, const global u32* in, global u32* out) {                                        \
    const u32 first = group_x() * kGroup;                                                            \
    if (first < n) name##_group((const u32*)(in + kInputs * first), (u32*)(out + kOutputs * first)); \
  }                                                                                                  \
  static void name##_group(const u32* in, u32* out)
#define EACH(l) for (u32 l = local_x(), once = 1; once; once = 0, barrier())
#define SHARED shared

#else

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned u32;
typedef long i64;
typedef unsigned long u64;
typedef float f32;
typedef double f64;
#define noinline __attribute__((noinline))

typedef void Body(const u32* in, u32* out);
typedef void Region(u32 items, const u32* in, u32* out);
struct Entry {
  const char* name;
  Body* body;
  Region* region;  // the same over all items, on the device and with its addresses
  u32 stride;      // items that one call of `body` does
  char kind;
};
#define ENTRY_(name, kind, region, stride)                                                                         \
  __attribute__((section("entries"), used)) static const struct Entry name##_entry = {#name, name, region, stride, \
                                                                                      kind[0]};
#ifdef __clang__
typedef _Float16 f16;
#define ITEM(name, kind) ITEM_(name, kind, 1)
#define GROUP(name, kind) ITEM_(name, kind, kGroup)
#define ITEM_(name, kind, stride) \
  static Body name;               \
  ENTRY_(name, kind, 0, stride)   \
  static void name(const u32* in, u32* out)
#else
#define PRAGMA(text) PRAGMA_(text)
#define PRAGMA_(text) _Pragma(#text)
#define ITEM(name, kind) ITEM_(name, kind)
#define ITEM_(name, kind)                                                       \
  static Body name;                                                             \
  static void name##_region(u32 items, const u32* in, u32* out) {               \
    PRAGMA(omp target teams distribute parallel for is_device_ptr(in, out))     \
    for (u32 i = 0; i < items; ++i) name(in + kInputs * i, out + kOutputs * i); \
  }                                                                             \
  ENTRY_(name, kind, name##_region, 1)                                          \
  static void name(const u32* in, u32* out)
#endif
#define EACH(l) for (u32 l = 0; l < kGroup; ++l)
#define SHARED static

#endif

#ifndef __clang__
#include "gcc.h"
#endif

// TABLE(name) follows the definition of what kernels find by its address.
#ifdef _OPENMP
#define TABLE(name) PRAGMA(omp declare target(name))
#else
#define TABLE(name)
#endif

// Inputs, by their place. The kind says what the words are: "u" integers, "f" floats, "d" doubles (two words each), "h"
// pairs of halves.
static inline u64 u64_at(const u32* in) {
  return (u64)in[1] << 32 | in[0];
}
#define U(k) (in[k])
#define I(k) ((i32)in[k])
#define UL(k) u64_at(in + 2 * (k))
#define SL(k) ((i64)UL(k))
#define F(k) __builtin_bit_cast(f32, in[k])
#define D(k) __builtin_bit_cast(f64, UL(k))
#ifdef __clang__
#define H(k) __builtin_bit_cast(f16, (u16)(in[(k) / 2] >> 16 * ((k) % 2)))
#endif

// Outputs, one after the other. NaNs are all the same: which of them an operation answers is not C's to say.
#define PUT(value) (*out++ = (u32)(value))
#define PUTL(value) (out = put_u64(out, (u64)(value)))
#define PUTF(value) (*out++ = f32_bits(value))
#define PUTD(value) (out = put_u64(out, f64_bits(value)))
static inline u32* put_u64(u32* out, u64 v) {
  out[0] = (u32)v;
  out[1] = (u32)(v >> 32);
  return out + 2;
}
static inline u32 f32_bits(f32 v) {
  return v != v ? 0x7fc00000 : __builtin_bit_cast(u32, v);
}
static inline u64 f64_bits(f64 v) {
  return v != v ? 0x7ff8000000000000 : __builtin_bit_cast(u64, v);
}
#ifdef __clang__
#define PUTH(value) (*out++ = f16_bits(value))
static inline u32 f16_bits(f16 v) {
  return v != v ? 0x7e00 : __builtin_bit_cast(u16, v);
}
#endif
