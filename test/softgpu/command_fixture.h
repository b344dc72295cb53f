// What the packet processors are tested with: signals in device memory and a driver that only takes notes.
#pragma once

#include <hsa/amd_hsa_signal.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "command/interrupts.h"
#include "harness.h"

namespace softgpu::test {

class RecordedInterrupts : public Interrupts {
 public:
  explicit RecordedInterrupts(const DeviceMemory& mailboxes) : mailboxes_(mailboxes) {}

  void raise(uint32_t event) override {
    std::lock_guard lock(mutex_);
    raised_.push_back(event);
  }
  bool reportMemoryFault(const MemoryFault& fault) override {
    std::lock_guard lock(mutex_);
    faults_.push_back(fault);
    return faultsTold++ == 0;
  }
  bool isMailbox(uint64_t address) const override {
    return address >= mailboxes_.address() && address < mailboxes_.address() + mailboxes_.size();
  }

  std::vector<uint32_t> raised() {
    std::lock_guard lock(mutex_);
    return raised_;
  }
  std::vector<MemoryFault> faults() {
    std::lock_guard lock(mutex_);
    return faults_;
  }

 private:
  const DeviceMemory& mailboxes_;
  std::mutex mutex_;
  std::vector<uint32_t> raised_;
  std::vector<MemoryFault> faults_;
  unsigned faultsTold = 0;
};

// A page of signals; their mailboxes are the slots of another page, as ROCr's are.
class Signals {
 public:
  amd_signal_t& make(unsigned index, int64_t value) {
    amd_signal_t& signal = *memory_.as<amd_signal_t>(index * sizeof(amd_signal_t));
    signal.kind = AMD_SIGNAL_KIND_USER;
    signal.value = value;
    signal.event_mailbox_ptr = mailboxes.address() + index * 8;
    signal.event_id = index + 1;
    return signal;
  }
  static uint64_t handle(const amd_signal_t& signal) { return reinterpret_cast<uint64_t>(&signal); }
  static int64_t value(const amd_signal_t& signal) {
    return std::atomic_ref<int64_t>(const_cast<int64_t&>(signal.value)).load(std::memory_order_acquire);
  }

  DeviceMemory mailboxes{4096};

 private:
  DeviceMemory memory_{4096};
};

// Whether `condition` comes true in time.
template <typename Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace softgpu::test
