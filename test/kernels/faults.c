// Kernels that go wrong, or take their time.
#include "gcn.h"

// Reads from an address that the launch gives as a number.
kernel fault_read(u64 address, global u32* out) { out[global_x()] = *(const volatile global u32*)address; }

kernel fault_write(u64 address, u32 value) { *(volatile global u32*)address = value; }

// An encoding that no target defines.
kernel fault_illegal(global u32* out) {
  out[global_x()] = 1;
  __asm__ volatile(".long 0xbf9fffff");
  out[global_x()] = 2;
}

kernel fault_trap(global u32* out) {
  out[global_x()] = 1;
  __builtin_trap();
}

// Never ends.
kernel endless(global u32* out) {
  out[global_x()] = 1;
  for (;;) __builtin_amdgcn_s_sleep(16);
}

// Waits until the host stores something else than 0.
kernel wait_for_host(const global u32* flag, global u32* out) {
  u32 seen;
  while ((seen = __scoped_atomic_load_n(flag, __ATOMIC_ACQUIRE, __MEMORY_SCOPE_SYSTEM)) == 0) __builtin_amdgcn_s_sleep(8);
  out[global_x()] = seen;
}

// A chain of `rounds` multiplications: time in proportion.
kernel spin(u32 rounds, global u32* out) {
  u32 value = global_x();
  for (u32 i = 0; i < rounds; i++) {
    value = value * 1664525u + 1013904223u;
    __asm__ volatile("" : "+v"(value));
  }
  out[global_x()] = value;
}
