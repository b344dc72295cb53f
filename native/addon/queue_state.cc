#include "queue_state.h"

#include <utility>

#include "mailbox.h"

namespace gcn::addon {

std::shared_ptr<QueueState> QueueState::Create(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox,
                                               hsa_agent_t agent, const Shape& shape) {
  auto state = std::make_shared<QueueState>(std::move(runtime), mailbox, agent);
  hsa_queue_t* queue = nullptr;
  const hsa::Runtime& own = *state->runtime_;
  own.Check(own.hsa().hsa_queue_create(agent, shape.size, shape.type, OnError, state.get(), shape.private_segment_size,
                                       shape.group_segment_size, &queue),
            "hsa_queue_create");
  state->queue_ = queue;
  mailbox.AddQueue(*state);
  return state;
}

QueueState::QueueState(std::shared_ptr<hsa::Runtime> runtime, Mailbox& mailbox, hsa_agent_t agent)
    : runtime_(std::move(runtime)), mailbox_(mailbox), agent_(agent) {}

QueueState::~QueueState() {
  Destroy();
}

void QueueState::Destroy() {
  if (destroyed()) return;
  mailbox_.RemoveQueue(*this);
  // No error callback runs once this has returned: ROCr waits for the one that may be running.
  runtime_->hsa().hsa_queue_destroy(std::exchange(queue_, nullptr));
}

bool QueueState::Fail(hsa_status_t status, const hsa_amd_gpu_memory_fault_info_t* fault) {
  if (failing_.exchange(true)) return false;
  failure_ = status;
  if (fault != nullptr) {
    fault_address_ = fault->virtual_address;
    fault_reason_mask_ = fault->fault_reason_mask;
  }
  failed_.store(true, std::memory_order_release);
  return true;
}

void QueueState::OnError(hsa_status_t status, hsa_queue_t*, void* data) {
  auto& state = *static_cast<QueueState*>(data);
  if (state.Fail(status)) state.mailbox_.QueueFailed(state);
}

}  // namespace gcn::addon
