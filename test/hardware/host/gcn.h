// test/kernels' vocabulary for the host's compiler: the same kernel source, one work-item after the other.
#pragma once

#define kernel __attribute__((visibility("default"))) void
#define global
#define constant
#define noinline __attribute__((noinline))

typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned u32;
typedef long i64;
typedef unsigned long u64;
typedef _Float16 f16;
typedef float f32;
typedef double f64;

extern u32 current_x;
static inline u32 global_x(void) {
  return current_x;
}
