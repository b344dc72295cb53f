// The packet processor of one AQL queue (HSA 1.2, 2.8 and 2.9).
#pragma once

#include <hsa/amd_hsa_queue.h>
#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "command/dispatch_packet.h"
#include "command/faults.h"
#include "command/interrupts.h"
#include "command/queue.h"
#include "command/transfer.h"

namespace softgpu {

class AqlQueue : public CommandQueue, public std::enable_shared_from_this<AqlQueue> {
 public:
  // `queue` and its ring stay valid until `stop` has returned.
  AqlQueue(amd_queue_t& queue, const AgentModel& agent, Interrupts& interrupts);

  bool process() override;
  bool hasNews() const override;
  bool blocked() const override { return blocked_.load(std::memory_order_relaxed); }
  void stop() override;
  void suspend(bool suspended) override;

 private:
  enum class State : uint8_t {
    Running,
    WaitsForScratch,  // until ROCr has answered NeedScratch
    WaitsForReclaim,  // until ROCr has answered ReclaimScratch
    Dead,             // an error was reported
    Stopped,
  };

  // A packet that was started and has not left the ring.
  struct InFlight {
    uint64_t index = 0;
    uint64_t completionSignal = 0;
    bool done = false;
    bool usesScratch = false;
    std::shared_ptr<Dispatch> dispatch;
    std::shared_ptr<TransferWork> transfer;
  };

  // All below under mutex_.
  bool step();
  bool stepRunning();
  bool startDispatch(const hsa_kernel_dispatch_packet_t& packet, uint64_t slot);
  bool startTransfer(const Transfer& transfer, const Launch& launch, uint64_t completionSignal);
  bool passBarrier(const hsa_barrier_and_packet_t& packet, bool all);
  bool passVendorPacket(const hsa_kernel_dispatch_packet_t& packet);
  void pass(uint64_t completionSignal);
  bool dependenciesMet(const hsa_signal_t* signals, bool all, bool& met);
  InFlight& launch(uint64_t completionSignal);
  void finish(uint64_t index, uint64_t startTicks, uint64_t endTicks);
  void finishDispatch(uint64_t index, const Launch& launch, const DispatchResult& result);
  void finishTransfer(uint64_t index, const TransferResult& result, uint64_t startTicks);
  void abandon(uint64_t index);
  void retire();
  bool stall(bool blocked = false);
  bool refuse(QueueError error);
  void die(QueueError error);
  void faultMemory(const MemoryFault& fault, FaultReport report);
  // Of an address that a packet names.
  void faultAccess(const MemoryFault& fault, const char* what);
  void signalInactive(QueueError error);
  void cancelAll();
  uint64_t slotOf(uint64_t index) const;

  amd_queue_t& queue_;
  const AgentModel& agent_;
  Interrupts& interrupts_;
  const uint64_t ring_;
  const uint64_t mask_;

  std::mutex mutex_;
  std::condition_variable ended_;
  State state_ = State::Running;
  bool suspended_ = false;
  std::deque<InFlight> inFlight_;  // packets [read_dispatch_id, next_)
  unsigned running_ = 0;           // of them, in the workers' hands
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stalled_{false};  // the packet at next_ was looked at and has to wait
  std::atomic<bool> blocked_{false};
};

}  // namespace softgpu
