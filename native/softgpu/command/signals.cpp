#include "command/signals.h"

#include <atomic>

#include "memory/address_space.h"

namespace softgpu {
namespace {

std::atomic_ref<int64_t> valueOf(const amd_signal_t& signal) {
  return std::atomic_ref<int64_t>(const_cast<int64_t&>(signal.value));
}

// How a host thread that sleeps on a signal is woken. Read before the value changes: after that, the signal's owner may
// reuse or free it.
struct Interrupt {
  uint64_t mailbox = 0;
  uint32_t event = 0;
};

Interrupt interruptOf(const amd_signal_t& signal, const Interrupts& interrupts) {
  if (!interrupts.isMailbox(signal.event_mailbox_ptr)) return {};
  return {signal.event_mailbox_ptr, signal.event_id};
}

void send(const Interrupt& interrupt, Interrupts& interrupts) {
  if (interrupt.mailbox == 0) return;
  auto& slot = *reinterpret_cast<uint64_t*>(interrupt.mailbox);
  std::atomic_ref<uint64_t>(slot).store(interrupt.event, std::memory_order_release);
  interrupts.raise(interrupt.event);
}

}  // namespace

amd_signal_t* findSignal(uint64_t handle, unsigned agent) {
  if (handle % AMD_SIGNAL_ALIGN_BYTES != 0) return nullptr;
  auto range = AddressSpace::instance().find(handle, agent);
  if (!range || !range->holds(handle, sizeof(amd_signal_t))) return nullptr;
  return reinterpret_cast<amd_signal_t*>(handle);
}

int64_t loadSignal(const amd_signal_t& signal) {
  return valueOf(signal).load(std::memory_order_acquire);
}

void storeSignal(amd_signal_t& signal, int64_t value, Interrupts& interrupts) {
  const Interrupt interrupt = interruptOf(signal, interrupts);
  valueOf(signal).store(value, std::memory_order_seq_cst);
  send(interrupt, interrupts);
}

void completeSignal(amd_signal_t& signal, uint64_t startTicks, uint64_t endTicks, Interrupts& interrupts) {
  const Interrupt interrupt = interruptOf(signal, interrupts);
  signal.start_ts = startTicks;
  signal.end_ts = endTicks;
  valueOf(signal).fetch_sub(1, std::memory_order_seq_cst);
  send(interrupt, interrupts);
}

}  // namespace softgpu
