// An HSA runtime for HSA_RUNTIME_LIB: the real one, whose waits are timed and whose calls are counted on the way.
// libgomp's plugin asks for each function by name, and what is not here it finds in the real runtime, which this
// library is linked with.
//
// It costs a launch one call through a pointer for each of these functions; while waits are timed, the clock twice in
// addition.
#include <dlfcn.h>
#include <hsa/hsa.h>
#include <stddef.h>

#include "cost.h"

Counters counters;

// The real function of that name.
#define REAL(name) static __typeof__(name)* real_##name
REAL(hsa_signal_wait_acquire);
REAL(hsa_signal_wait_scacquire);
REAL(hsa_signal_create);
REAL(hsa_memory_allocate);
REAL(hsa_memory_copy);

__attribute__((constructor)) static void findReal(void) {
#define FIND(name) *(void**)&real_##name = dlsym(RTLD_NEXT, #name)
  FIND(hsa_signal_wait_acquire);
  FIND(hsa_signal_wait_scacquire);
  FIND(hsa_signal_create);
  FIND(hsa_memory_allocate);
  FIND(hsa_memory_copy);
}

static hsa_signal_value_t timed(__typeof__(hsa_signal_wait_scacquire)* wait, hsa_signal_t signal,
                                hsa_signal_condition_t condition, hsa_signal_value_t value, uint64_t timeout,
                                hsa_wait_state_t state) {
  counters.waits++;
  if (!counters.measures) return wait(signal, condition, value, timeout, state);
  const double start = now();
  const hsa_signal_value_t seen = wait(signal, condition, value, timeout, state);
  counters.waited += now() - start;
  return seen;
}

hsa_signal_value_t hsa_signal_wait_acquire(hsa_signal_t signal, hsa_signal_condition_t condition,
                                           hsa_signal_value_t value, uint64_t timeout, hsa_wait_state_t state) {
  return timed(real_hsa_signal_wait_acquire, signal, condition, value, timeout, state);
}

hsa_signal_value_t hsa_signal_wait_scacquire(hsa_signal_t signal, hsa_signal_condition_t condition,
                                             hsa_signal_value_t value, uint64_t timeout, hsa_wait_state_t state) {
  return timed(real_hsa_signal_wait_scacquire, signal, condition, value, timeout, state);
}

hsa_status_t hsa_signal_create(hsa_signal_value_t value, uint32_t count, const hsa_agent_t* consumers,
                               hsa_signal_t* signal) {
  counters.signals++;
  return real_hsa_signal_create(value, count, consumers, signal);
}

hsa_status_t hsa_memory_allocate(hsa_region_t region, size_t size, void** memory) {
  counters.allocations++;
  counters.bytes += (double)size;
  return real_hsa_memory_allocate(region, size, memory);
}

hsa_status_t hsa_memory_copy(void* to, const void* from, size_t size) {
  counters.copies++;
  return real_hsa_memory_copy(to, from, size);
}
