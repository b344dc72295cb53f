#include "signal_state.h"

#include <algorithm>

#include "queue_state.h"

namespace gcn::addon {

void SignalState::NoteUse(const std::shared_ptr<QueueState>& queue, uint64_t index, bool completes) {
  for (Use& use : uses) {
    if (use.queue == queue && use.completes == completes) {
      use.index = index;
      return;
    }
  }
  std::erase_if(uses, [](const Use& use) { return use.queue->destroyed(); });
  uses.push_back({queue, index, completes});
}

void SignalState::NoteCopy(std::vector<std::shared_ptr<SignalState>> dependencies) {
  if (runtime->hsa().hsa_signal_load_scacquire(signal) <= 0) copy_dependencies.clear();  // earlier copies are done
  copying = true;
  for (auto& dependency : dependencies) {
    if (dependency.get() != this) copy_dependencies.push_back(std::move(dependency));
  }
}

bool SignalState::CopyRuns() const {
  const auto pending = [](const SignalState& state) {
    return state.runtime->hsa().hsa_signal_load_scacquire(state.signal) > 0;
  };
  return copying && pending(*this) &&
         std::none_of(copy_dependencies.begin(), copy_dependencies.end(),
                      [&](const std::shared_ptr<SignalState>& dependency) { return pending(*dependency); });
}

bool SignalState::InFlight() {
  if (copying && runtime->hsa().hsa_signal_load_scacquire(signal) > 0) return true;
  copying = false;
  copy_dependencies.clear();
  std::erase_if(uses, [](const Use& use) { return use.queue->destroyed(); });
  return std::any_of(uses.begin(), uses.end(), [this](const Use& use) {
    // The packet processor moves the read index past a packet before the kernel that it started has ended, but ends a
    // barrier first.
    const bool retired = use.queue->ReadIndex() > use.index;
    return !retired || (use.completes && runtime->hsa().hsa_signal_load_scacquire(signal) > 0);
  });
}

const QueueState* SignalState::FailedQueue() const {
  for (const Use& use : uses) {
    if (use.completes && !use.queue->destroyed() && use.queue->failed()) return use.queue.get();
  }
  return nullptr;
}

}  // namespace gcn::addon
