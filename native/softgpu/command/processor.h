// All user-mode queues of the process, and the thread-less processor that serves them: the scheduler's workers call it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "command/aql_queue.h"
#include "command/doorbells.h"
#include "command/interrupts.h"
#include "command/queue.h"
#include "command/sdma_queue.h"

namespace softgpu {

class PacketProcessor : public PacketSource {
 public:
  PacketProcessor(uint32_t agents, Interrupts& interrupts);

  struct Created {
    uint64_t id = 0;
    uint64_t doorbell = 0;
    SdmaQueue::Pointers* pointers = nullptr;  // of SDMA queues; they live as long as the queue
  };
  // Nothing where the agent has no doorbell left.
  std::optional<Created> createAql(amd_queue_t& queue, const AgentModel& agent);
  std::optional<Created> createSdma(uint64_t ring, uint64_t ringBytes, const AgentModel& agent);
  // Ends the queue's work in flight; false where there is no such queue.
  bool destroy(uint64_t id);
  void destroyAll();
  bool suspend(uint64_t id, bool suspended);
  bool has(uint64_t id);

  bool poll() override;
  void sleep() override;
  void wake() override { doorbells_.kick(); }

 private:
  struct Entry {
    std::shared_ptr<CommandQueue> queue;
    uint64_t doorbell = 0;
  };
  using Queues = std::vector<std::shared_ptr<CommandQueue>>;
  using Clock = std::chrono::steady_clock;

  std::optional<Created> add(std::shared_ptr<CommandQueue> queue, const AgentModel& agent);
  std::shared_ptr<CommandQueue> find(uint64_t id);
  std::shared_ptr<const Queues> queues();
  void publish();  // under mutex_
  bool giveWay(const Queues& list);

  Doorbells doorbells_;
  Interrupts& interrupts_;
  std::mutex mutex_;
  std::map<uint64_t, Entry> entries_;
  uint64_t nextId_ = 1;
  std::shared_ptr<const Queues> list_ = std::make_shared<const Queues>();

  // The watcher's own: how long nothing has happened, and how long a blocked queue has waited.
  Clock::time_point lastNews_ = Clock::now();
  Clock::time_point blockedSince_ = Clock::now();
  bool wasBlocked_ = false;
  bool idle_ = false;  // the last sleep brought nothing
  unsigned soonWoken_ = 0;
  bool givesWay_ = false;  // the producer is on the watcher's own core
};

}  // namespace softgpu
