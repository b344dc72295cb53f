// An HSA signal, held by whoever needs it: its JavaScript object, the waits on it, the packets that name it.
#pragma once

#include <hsa/hsa.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "../hsa/runtime.h"

namespace gcn::addon {

class QueueState;

struct SignalState {
  SignalState(std::shared_ptr<hsa::Runtime> runtime, hsa_signal_t signal)
      : runtime(std::move(runtime)), signal(signal) {}
  ~SignalState() { runtime->hsa().hsa_signal_destroy(signal); }
  SignalState(const SignalState&) = delete;
  SignalState& operator=(const SignalState&) = delete;

  // A packet that writes this signal when it completes, or waits for it.
  struct Use {
    std::shared_ptr<QueueState> queue;
    uint64_t index;
    bool completes;
  };

  // JavaScript's thread, as all that touches `uses`. Keeps the latest use of each queue and kind: earlier ones end
  // before it.
  void NoteUse(const std::shared_ptr<QueueState>& queue, uint64_t index, bool completes);
  // A copy that is to complete this signal once the others have fired.
  void NoteCopy(std::vector<std::shared_ptr<SignalState>> dependencies);
  // Whether a copy has begun, and not ended.
  bool CopyRuns() const;
  // Whether a packet or a copy may still reach the signal's memory.
  bool InFlight();
  // The failed queue among those that are to complete this signal, or null.
  const QueueState* FailedQueue() const;

  const std::shared_ptr<hsa::Runtime> runtime;
  const hsa_signal_t signal;
  std::vector<Use> uses;
  bool copying = false;
  std::vector<std::shared_ptr<SignalState>> copy_dependencies;
};

// Whether `value` fulfils the condition (HSA 1.2, 2.4).
inline bool Holds(hsa_signal_condition_t condition, hsa_signal_value_t value, hsa_signal_value_t compare) {
  switch (condition) {
    case HSA_SIGNAL_CONDITION_EQ:
      return value == compare;
    case HSA_SIGNAL_CONDITION_NE:
      return value != compare;
    case HSA_SIGNAL_CONDITION_LT:
      return value < compare;
    default:
      return value >= compare;
  }
}

}  // namespace gcn::addon
