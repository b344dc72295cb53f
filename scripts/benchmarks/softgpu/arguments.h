// What every kernel of the bench gets. Each says what it does with it.
#pragma once

#ifdef __AMDGCN__
#define POINTER(type) __attribute__((address_space(1))) type*
#else
#define POINTER(type) type*
typedef unsigned char u8;
typedef int i32;
typedef unsigned u32;
typedef unsigned long u64;
typedef float f32;
typedef double f64;
#endif

typedef struct {
  unsigned count, turns;
  double factor;
  POINTER(const void) a;
  POINTER(const void) b;
  POINTER(void) out;
} Arguments;
