// Atomics on memory and on LDS. Every work-item adds its part; the host knows the outcome whatever the order.
#include "gcn.h"

#define RELAXED __ATOMIC_RELAXED
#define DEVICE __MEMORY_SCOPE_DEVICE

// out: add, sub, min, max, and, or, xor (set by the host to 0, 0, ~0, 0, ~0, 0, 0).
kernel atomics_u32(global u32* out) {
  u32 i = global_x();
  __scoped_atomic_fetch_add(&out[0], i, RELAXED, DEVICE);
  __scoped_atomic_fetch_sub(&out[1], i, RELAXED, DEVICE);
  __scoped_atomic_fetch_min(&out[2], i ^ 0x5a5a, RELAXED, DEVICE);
  __scoped_atomic_fetch_max(&out[3], i ^ 0x5a5a, RELAXED, DEVICE);
  __scoped_atomic_fetch_and(&out[4], ~(1u << (i & 31)), RELAXED, DEVICE);
  __scoped_atomic_fetch_or(&out[5], 1u << (i & 15), RELAXED, DEVICE);
  __scoped_atomic_fetch_xor(&out[6], i * 2654435761u, RELAXED, DEVICE);
}

kernel atomics_i32(global i32* out) {
  i32 i = (i32)global_x() - 100;
  __scoped_atomic_fetch_min(&out[0], i, RELAXED, DEVICE);
  __scoped_atomic_fetch_max(&out[1], i, RELAXED, DEVICE);
}

kernel atomics_u64(global u64* out) {
  u64 i = global_x();
  __scoped_atomic_fetch_add(&out[0], i << 32 | i, RELAXED, DEVICE);
  __scoped_atomic_fetch_max(&out[1], i << 40, RELAXED, DEVICE);
  __scoped_atomic_fetch_xor(&out[2], i * 0x9e3779b97f4a7c15ul, RELAXED, DEVICE);
}

// Tickets: each work-item draws a number and signs there; every slot must be signed once.
kernel atomics_tickets(global u32* counter, global u32* slots) {
  u32 ticket = __scoped_atomic_fetch_add(counter, 1, RELAXED, DEVICE);
  __scoped_atomic_fetch_add(&slots[ticket], 1 + global_x(), RELAXED, DEVICE);
}

// exchange passes values along: the sum of what everybody got and what is left is the sum of what was put in.
kernel atomics_exchange(global u32* cell, global u32* got) {
  got[global_x()] = __scoped_atomic_exchange_n(cell, global_x() + 1, RELAXED, DEVICE);
}

// f32 and f64 sums by compare and swap, and as LLVM lowers the additions; small integers, so that they are exact.
kernel atomics_f32(global f32* out) {
  f32 value = (f32)(global_x() & 7);
  u32 seen = __scoped_atomic_load_n((global u32*)&out[0], RELAXED, DEVICE), wanted;
  do wanted = __builtin_bit_cast(u32, __builtin_bit_cast(f32, seen) + value);
  while (!__scoped_atomic_compare_exchange_n((global u32*)&out[0], &seen, wanted, 1, RELAXED, RELAXED, DEVICE));
  __scoped_atomic_fetch_add(&out[1], value, RELAXED, DEVICE);
}

kernel atomics_f64(global f64* out) {
  f64 value = (f64)(global_x() & 7);
  u64 seen = __scoped_atomic_load_n((global u64*)&out[0], RELAXED, DEVICE), wanted;
  do wanted = __builtin_bit_cast(u64, __builtin_bit_cast(f64, seen) + value);
  while (!__scoped_atomic_compare_exchange_n((global u64*)&out[0], &seen, wanted, 1, RELAXED, RELAXED, DEVICE));
  __scoped_atomic_fetch_add(&out[1], value, RELAXED, DEVICE);
}

// The same on LDS; out takes eight words from each workgroup.
kernel atomics_lds(global u32* out) {
  shared u32 cells[8];
  shared f32 sum;
  u32 i = local_x();
  if (i < 8) cells[i] = i == 1 ? ~0u : 0;
  if (i == 0) sum = 0;
  barrier();
  __atomic_fetch_add(&cells[0], i, RELAXED);
  __atomic_fetch_min(&cells[1], i ^ 0x33, RELAXED);
  __atomic_fetch_max(&cells[2], i ^ 0x33, RELAXED);
  __atomic_fetch_or(&cells[3], 1u << (i & 31), RELAXED);
  __atomic_fetch_xor(&cells[4], i * 40503u, RELAXED);
  u32 ticket = __atomic_fetch_add(&cells[5], 1, RELAXED);
  __atomic_fetch_add(&cells[6], ticket, RELAXED);
  __atomic_fetch_add(&sum, (f32)(i & 7), RELAXED);
  barrier();
  if (i == 0) cells[7] = (u32)sum;
  barrier();
  if (i < 8) out[8 * group_x() + i] = cells[i];
}

// A lock that one lane of each workgroup takes: counts without an atomic addition, so that a lost update would show.
kernel atomics_lock(global u32* lock, volatile global u32* count) {
  if (local_x() != 0) return;
  u32 open = 0;
  while (!__scoped_atomic_compare_exchange_n(lock, &open, 1, 0, __ATOMIC_ACQUIRE, RELAXED, DEVICE)) {
    open = 0;
    __builtin_amdgcn_s_sleep(2);
  }
  *count = *count + 1;
  __scoped_atomic_store_n(lock, 0, __ATOMIC_RELEASE, DEVICE);
}
