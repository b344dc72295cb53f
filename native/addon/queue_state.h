// A queue as all threads see it: the ring, its failure, and the asynchronous launches in it.
#pragma once

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "../hsa/runtime.h"

namespace gcn::addon {

class Mailbox;
class Queue;
struct SignalState;

class QueueState : public std::enable_shared_from_this<QueueState> {
 public:
  struct Shape {
    uint32_t size;
    hsa_queue_type32_t type;
    uint32_t private_segment_size;
    uint32_t group_segment_size;
  };
  // Creates the queue, whose errors go to the mailbox. Throws hsa::StatusError.
  static std::shared_ptr<QueueState> Create(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox, hsa_agent_t agent,
                                            const Shape& shape);
  QueueState(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox, hsa_agent_t agent);
  ~QueueState();

  hsa_queue_t* queue() const { return queue_; }
  hsa_agent_t agent() const { return agent_; }
  const hsa::Runtime& runtime() const { return *runtime_; }

  bool destroyed() const { return queue_ == nullptr; }
  void Destroy();

  uint64_t ReadIndex() const { return runtime_->hsa().hsa_queue_load_read_index_scacquire(queue_); }

  // Any thread. Marks the queue as failed; false where it was already.
  bool Fail(hsa_status_t status, const hsa_amd_gpu_memory_fault_info_t* fault = nullptr);
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // Once failed.
  hsa_status_t failure() const { return failure_; }
  uint64_t fault_address() const { return fault_address_; }
  uint32_t fault_reason_mask() const { return fault_reason_mask_; }

  // The JavaScript object's native half, on JavaScript's thread; null once disposed.
  Queue* owner() const { return owner_; }
  void SetOwner(Queue* owner) { owner_ = owner; }

  // Launches that JavaScript awaits, guarded by the completion thread's lock: those in flight, oldest first, then start
  // and end of each that has finished and was not reported yet.
  std::deque<std::shared_ptr<SignalState>> in_flight;
  std::vector<double> finished;
  std::atomic<bool> profiling = false;

 private:
  static void OnError(hsa_status_t status, hsa_queue_t* queue, void* data);

  const std::shared_ptr<hsa::Runtime> runtime_;
  Mailbox& mailbox_;
  const hsa_agent_t agent_;
  hsa_queue_t* queue_ = nullptr;
  Queue* owner_ = nullptr;
  std::atomic<bool> failing_ = false;
  std::atomic<bool> failed_ = false;
  hsa_status_t failure_ = HSA_STATUS_SUCCESS;
  uint64_t fault_address_ = 0;
  uint32_t fault_reason_mask_ = 0;
};

}  // namespace gcn::addon
