// GPU kernels in plain C, with no device library: what clang's AMDGPU target gives as builtins and attributes, under short names.
#pragma once

#define kernel __attribute__((amdgpu_kernel, visibility("protected"))) void
#define global __attribute__((address_space(1)))
#define lds __attribute__((address_space(3)))
// A variable in LDS, which has no initial value.
#define shared static __attribute__((address_space(3), loader_uninitialized))
#define constant __attribute__((address_space(4)))
#define visible __attribute__((visibility("protected")))
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

static inline u32 local_x(void) { return __builtin_amdgcn_workitem_id_x(); }
static inline u32 local_y(void) { return __builtin_amdgcn_workitem_id_y(); }
static inline u32 local_z(void) { return __builtin_amdgcn_workitem_id_z(); }
static inline u32 group_x(void) { return __builtin_amdgcn_workgroup_id_x(); }
static inline u32 group_y(void) { return __builtin_amdgcn_workgroup_id_y(); }
static inline u32 group_z(void) { return __builtin_amdgcn_workgroup_id_z(); }
// The implicit arguments of code object v5: whole workgroups of the grid at 0, a workgroup's size at 12, the rest of the grid at 18.
static inline u32 own_size(u32 group, int dimension) {
  const constant char* implicit = (const constant char*)__builtin_amdgcn_implicitarg_ptr();
  u32 whole = ((const constant u32*)implicit)[dimension];
  return ((const constant u16*)(implicit + (group < whole ? 12 : 18)))[dimension];
}
// Of this workgroup: the last one of a grid may be smaller.
static inline u32 size_x(void) { return own_size(group_x(), 0); }
static inline u32 size_y(void) { return own_size(group_y(), 1); }
static inline u32 size_z(void) { return own_size(group_z(), 2); }
// In work-items.
static inline u32 grid_x(void) { return __builtin_amdgcn_grid_size_x(); }
static inline u32 grid_y(void) { return __builtin_amdgcn_grid_size_y(); }
static inline u32 grid_z(void) { return __builtin_amdgcn_grid_size_z(); }

// The workgroup's size as the dispatch packet has it, also where the last workgroup is smaller.
static inline u32 packet_size(int dimension) {
  return ((const constant u16*)__builtin_amdgcn_dispatch_ptr())[2 + dimension];
}
static inline u32 global_x(void) { return group_x() * packet_size(0) + local_x(); }
static inline u32 global_y(void) { return group_y() * packet_size(1) + local_y(); }
static inline u32 global_z(void) { return group_z() * packet_size(2) + local_z(); }

// All work-items of the workgroup meet here, and see what the others wrote to LDS and memory before.
static inline void barrier(void) {
  __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
  __builtin_amdgcn_s_barrier();
  __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}
