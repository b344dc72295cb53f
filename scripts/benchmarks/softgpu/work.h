// One source for the GPU and for this CPU. A kernel is what one workgroup does: on the GPU each work-item executes the
// body of EACH_ITEM once, on the CPU it is a loop over the items, ended where the GPU has its barrier.
#pragma once

#include "arguments.h"

#ifdef __AMDGCN__
#include "../../kernels/gcn.h"
#undef shared
#define shared static __attribute__((address_space(3), loader_uninitialized))
// Launched with `size` work-items in a group; `group` and `arguments` are the body's.
#define KERNEL(name, size)                                         \
  static inline void name##_group(Arguments arguments, u32 group); \
  kernel name(Arguments arguments) {                               \
    name##_group(arguments, group_x());                            \
  }                                                                \
  static inline void name##_group(Arguments arguments, u32 group)
#define EACH_ITEM(size) for (u32 item = local_x(), once = 1; once; once = 0)
// A variable that each work-item has for itself and keeps from one EACH_ITEM to the next.
#define OWN(type, name, size) type name##_own
#define MINE(name) (*((void)item, &name##_own))
#define BARRIER() barrier()
#define RECIPROCAL_ROOT(x) __builtin_amdgcn_rsqf(x)
#else
#include <math.h>
#define global
#define shared static
#define KERNEL(name, size) void name(Arguments arguments, u32 group)
#define EACH_ITEM(size) for (u32 item = 0; item < size; item++)
#define OWN(type, name, size) type name##_own[size]
#define MINE(name) name##_own[item]
#define BARRIER()
#define RECIPROCAL_ROOT(x) (1.0f / sqrtf(x))
#endif
