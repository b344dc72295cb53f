// Kernels as an offloading compiler would make them: one pointer, to a table of 64-bit words. What they need stands in it.
#include "gcn.h"

#define DEVICE __MEMORY_SCOPE_DEVICE
#define SYSTEM __MEMORY_SCOPE_SYSTEM
#define WORDS(address) ((global u64*)(address))

// How often `count_run` has run: it has no variables at all.
visible global u32 runs;

static inline int is_first(void) { return global_x() == 0 && global_y() == 0 && global_z() == 0; }

kernel count_run(void) {
  if (is_first()) __scoped_atomic_fetch_add(&runs, 1, __ATOMIC_RELAXED, DEVICE);
}

// table: out, which gets that number.
kernel tell_runs(const global u64* table) { *WORDS(table[0]) = runs; }

kernel nothing(const global u64* table) {}

// table[0]: an area whose first word is the table's length, and which gets the table behind that.
kernel copy_table(const global u64* table) {
  global u64* out = WORDS(table[0]);
  u64 n = out[0];
  for (u64 i = global_x(); i < n; i += grid_x()) out[1 + i] = table[i];
}

// table: log, number, rounds. log[0] counts; the number is appended when the rounds are over.
kernel append(const global u64* table) {
  global u64* log = WORDS(table[0]);
  for (u64 i = 0; i < table[2]; i++) __builtin_amdgcn_s_sleep(1);
  if (!is_first()) return;
  u64 at = __scoped_atomic_fetch_add(&log[0], 1, __ATOMIC_ACQ_REL, DEVICE);
  log[1 + at] = table[1];
}

// table: flag, out. Waits until the host has written a number there.
kernel wait_for_flag(const global u64* table) {
  u64 seen;
  while ((seen = __scoped_atomic_load_n(WORDS(table[0]), __ATOMIC_ACQUIRE, SYSTEM)) == 0) __builtin_amdgcn_s_sleep(8);
  *WORDS(table[1]) = seen;
}

kernel endless(const global u64* table) {
  for (;;) __builtin_amdgcn_s_sleep(16);
}

kernel write_to(const global u64* table) { *(volatile global u32*)table[0] = (u32)table[1]; }
kernel read_from(const global u64* table) { *WORDS(table[1]) = *(const volatile global u32*)table[0]; }

kernel illegal(const global u64* table) { __asm__ volatile(".long 0xbf9fffff"); }
kernel trap(const global u64* table) { __builtin_trap(); }

// table: out, which gets the implicit arguments of code object v5.
kernel hidden(const global u64* table) {
  const constant u32* implicit = (const constant u32*)__builtin_amdgcn_implicitarg_ptr();
  global u32* out = (global u32*)table[0];
  if (is_first())
    for (u32 i = 0; i < 64; i++) out[i] = implicit[i];
}

// table: out, in. Reverses each workgroup's words by way of LDS; a workgroup has as many words as work-items.
kernel reverse(const global u64* table) {
  shared u64 tile[1024];
  u32 i = local_x(), n = size_x(), first = group_x() * packet_size(0);
  tile[i] = WORDS(table[1])[first + i];
  barrier();
  WORDS(table[0])[first + i] = tile[n - 1 - i];
}

static noinline void store(u64* to, u64 value) { *to = value; }

// table: out. A function that does not know where its pointer leads.
kernel flat(const global u64* table) {
  shared u64 tile[64];
  u32 i = local_x();
  store((u64*)&tile[63 - i], 10 * i);
  barrier();
  WORDS(table[0])[i] = tile[i];
}

static noinline u64 descend(u64 depth, u64 salt) {
  volatile u64 frame[8];
  for (u64 k = 0; k < 8; k++) frame[k] = salt * depth + k;
  u64 below = depth == 0 ? 0 : descend(depth - 1, salt + 1);
  return below + frame[depth & 7];
}

// table: out, depth. A stack whose size the compiler cannot tell.
kernel recurse(const global u64* table) { WORDS(table[0])[global_x()] = descend(table[1] + (global_x() & 1), global_x()); }

// Not what a runtime can launch.
kernel two_arguments(global u64* out, u64 value) { *out = value; }
kernel a_number(u32 value) { runs = value; }
