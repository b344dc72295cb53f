// The copy engine behind one SDMA queue.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "command/interrupts.h"
#include "command/queue.h"
#include "command/sdma_packet.h"
#include "wave/dispatch.h"

namespace softgpu {

class SdmaQueue : public CommandQueue, public std::enable_shared_from_this<SdmaQueue> {
 public:
  // Where ROCr writes and reads the queue's progress, in bytes: ever growing 64-bit counts since gfx9, 32-bit offsets
  // into the ring on gfx8.
  struct Pointers {
    alignas(64) uint64_t write = 0;
    alignas(64) uint64_t read = 0;
  };

  SdmaQueue(uint64_t ring, uint64_t ringBytes, const AgentModel& agent, Interrupts& interrupts);

  Pointers& pointers() { return pointers_; }

  bool process() override;
  bool hasNews() const override;
  bool blocked() const override { return blocked_.load(std::memory_order_relaxed); }
  void stop() override;
  void suspend(bool suspended) override;

 private:
  // All under mutex_.
  bool step();
  bool execute(const SdmaPacket& packet);
  bool startTransfer(SdmaPacket packet);
  void finishTransfer(const TransferResult& result, uint64_t words);
  bool poll(const SdmaPacket& packet);
  bool wait();
  SdmaParse parseAt(uint64_t position, uint64_t available, SdmaPacket& out) const;
  uint64_t coalesce(SdmaPacket& packet, uint64_t available) const;
  void consume(uint64_t words);
  void die(const MemoryFault& fault, const char* what);
  uint64_t available() const;
  // Memory of the agent, `bytes` long and as aligned; null, with the queue dead, where it is not.
  void* reach(uint64_t address, uint64_t bytes, bool write);

  const uint64_t ring_;
  const uint64_t ringBytes_;
  const AgentModel& agent_;
  Interrupts& interrupts_;
  const bool monotonic_;
  Pointers pointers_;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::shared_ptr<TransferWork> transfer_;  // in the workers' hands
  bool suspended_ = false, stopped_ = false;
  std::atomic<bool> stalled_{false};
  std::atomic<bool> blocked_{false};
  std::atomic<uint64_t> position_{0};  // bytes consumed
};

}  // namespace softgpu
