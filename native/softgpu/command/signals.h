// HSA signals as the packet processors see them: an amd_signal_t at the address that is the handle.
#pragma once

#include <hsa/amd_hsa_signal.h>

#include <cstdint>

#include "command/interrupts.h"

namespace softgpu {

// The signal behind a handle, or null where `agent` may not touch one there. Inside a ReadSection, as all of these.
amd_signal_t* findSignal(uint64_t handle, unsigned agent);

int64_t loadSignal(const amd_signal_t& signal);
// Both wake the host threads that sleep on the signal.
void storeSignal(amd_signal_t& signal, int64_t value, Interrupts& interrupts);
// A packet has completed: its times, then the value down by one, then the interrupt.
void completeSignal(amd_signal_t& signal, uint64_t startTicks, uint64_t endTicks, Interrupts& interrupts);

}  // namespace softgpu
