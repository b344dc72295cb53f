#include "command/aql_queue.h"

#include <cstring>

#include "command/blit_kernels.h"
#include "command/pm4.h"
#include "command/signals.h"
#include "command/statistics.h"
#include "memory/address_space.h"

namespace softgpu {
namespace {

constexpr uint64_t kPacketBytes = 64;
// Packets without the barrier bit may overlap, to this depth.
constexpr size_t kMaxInFlight = 16;

std::atomic_ref<uint16_t> headerAt(uint64_t slot) {
  return std::atomic_ref<uint16_t>(*reinterpret_cast<uint16_t*>(slot));
}

std::atomic_ref<uint64_t> indexOf(const volatile uint64_t& index) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(index));
}

unsigned typeOf(uint16_t header) {
  return header >> HSA_PACKET_HEADER_TYPE & 0xff;
}
bool hasBarrierBit(uint16_t header) {
  return header >> HSA_PACKET_HEADER_BARRIER & 1;
}

bool holds(hsa_signal_condition32_t condition, int64_t value, int64_t wanted) {
  switch (condition) {
    case HSA_SIGNAL_CONDITION_EQ:
      return value == wanted;
    case HSA_SIGNAL_CONDITION_NE:
      return value != wanted;
    case HSA_SIGNAL_CONDITION_LT:
      return value < wanted;
    case HSA_SIGNAL_CONDITION_GTE:
      return value >= wanted;
  }
  return false;
}

uint64_t addressOf(const amd_queue_t& queue) {
  return reinterpret_cast<uint64_t>(&queue);
}

QueueError errorOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::Trap:
      return QueueError::Exception;
    case FaultKind::MemoryAccess:
    case FaultKind::InvalidAperture:
      return QueueError::MemoryViolation;
    default:
      return QueueError::IllegalInstruction;
  }
}

}  // namespace

AqlQueue::AqlQueue(amd_queue_t& queue, const AgentModel& agent, Interrupts& interrupts)
    : queue_(queue),
      agent_(agent),
      interrupts_(interrupts),
      ring_(reinterpret_cast<uint64_t>(queue.hsa_queue.base_address)),
      mask_(queue.hsa_queue.size - 1) {
  next_.store(indexOf(queue_.read_dispatch_id).load(std::memory_order_acquire), std::memory_order_relaxed);
}

uint64_t AqlQueue::slotOf(uint64_t index) const {
  return ring_ + (index & mask_) * kPacketBytes;
}

bool AqlQueue::hasNews() const {
  if (stalled_.load(std::memory_order_acquire)) return false;
  const uint64_t next = next_.load(std::memory_order_acquire);
  if (indexOf(queue_.write_dispatch_id).load(std::memory_order_acquire) == next) return false;
  return typeOf(headerAt(slotOf(next)).load(std::memory_order_acquire)) != HSA_PACKET_TYPE_INVALID;
}

bool AqlQueue::process() {
  AddressSpace::ReadSection section;
  std::lock_guard lock(mutex_);
  bool any = false;
  while (step()) any = true;
  return any;
}

bool AqlQueue::stall(bool blocked) {
  stalled_.store(true, std::memory_order_release);
  blocked_.store(blocked, std::memory_order_relaxed);
  return false;
}

bool AqlQueue::step() {
  if (suspended_) return stall();
  switch (state_) {
    case State::Running:
      return stepRunning();
    case State::WaitsForScratch: {
      const amd_signal_t* inactive = findSignal(queue_.queue_inactive_signal.handle, agent_.index);
      if (!inactive || loadSignal(*inactive) != 0) return stall(true);
      break;
    }
    case State::WaitsForReclaim: {
      // ROCr stores 0 to the signal first and clears the property last.
      std::atomic_ref<uint32_t> properties(queue_.queue_properties);
      if (properties.load(std::memory_order_acquire) & AMD_QUEUE_PROPERTIES_USE_SCRATCH_ONCE) return stall(true);
      break;
    }
    case State::Dead:
    case State::Stopped:
      return stall();
  }
  state_ = State::Running;
  return true;
}

bool AqlQueue::stepRunning() {
  const uint64_t index = next_.load(std::memory_order_relaxed);
  stalled_.store(false, std::memory_order_release);
  blocked_.store(false, std::memory_order_relaxed);
  // A packet belongs to the processor from the moment that its header is valid (HSA 1.2, 2.9.1); the doorbell only says
  // that it is worth a look.
  if (indexOf(queue_.write_dispatch_id).load(std::memory_order_acquire) == index) return false;
  const uint64_t slot = slotOf(index);
  const uint16_t header = headerAt(slot).load(std::memory_order_acquire);
  const unsigned type = typeOf(header);
  if (type == HSA_PACKET_TYPE_INVALID) return false;
  if (inFlight_.size() >= kMaxInFlight) return stall();
  if (hasBarrierBit(header) && !inFlight_.empty()) return stall();

  alignas(64) hsa_kernel_dispatch_packet_t packet;
  std::memcpy(&packet, reinterpret_cast<const void*>(slot), sizeof packet);
  static_assert(sizeof packet == kPacketBytes);
  switch (type) {
    case HSA_PACKET_TYPE_KERNEL_DISPATCH:
      return startDispatch(packet, slot);
    case HSA_PACKET_TYPE_BARRIER_AND:
    case HSA_PACKET_TYPE_BARRIER_OR: {
      hsa_barrier_and_packet_t barrier;
      std::memcpy(&barrier, &packet, sizeof barrier);
      return passBarrier(barrier, type == HSA_PACKET_TYPE_BARRIER_AND);
    }
    case HSA_PACKET_TYPE_VENDOR_SPECIFIC:
      return passVendorPacket(packet);
    default:
      return refuse(QueueError::InvalidPacket);  // agent dispatch among them: this is no agent of that kind
  }
}

AqlQueue::InFlight& AqlQueue::launch(uint64_t completionSignal) {
  InFlight& entry = inFlight_.emplace_back();
  entry.index = next_.fetch_add(1, std::memory_order_acq_rel);
  entry.completionSignal = completionSignal;
  ++running_;
  return entry;
}

bool AqlQueue::startDispatch(const hsa_kernel_dispatch_packet_t& packet, uint64_t slot) {
  const uint64_t index = next_.load(std::memory_order_relaxed);
  auto resolved = resolveDispatch(packet, slot, index, queue_, agent_);
  if (const QueueError* error = std::get_if<QueueError>(&resolved)) {
    if (*error != QueueError::NeedScratch) return refuse(*error);
    // ROCr looks at the packet at read_dispatch_id, and takes the old scratch away.
    if (!inFlight_.empty()) return stall();
    signalInactive(QueueError::NeedScratch);
    state_ = State::WaitsForScratch;
    return true;
  }
  const Launch& launch = std::get<Launch>(resolved);
  if (auto transfer = recogniseBlit(launch)) return startTransfer(*transfer, launch, packet.completion_signal.handle);

  const bool usesScratch = launch.privateSegment != 0;
  if (usesScratch) {
    // The queue has one block of scratch: two dispatches at once would share wave slots.
    for (const InFlight& entry : inFlight_) {
      if (entry.usesScratch) return stall();
    }
  }
  InFlight& entry = this->launch(packet.completion_signal.handle);
  entry.usesScratch = usesScratch;
  entry.dispatch = Dispatch::create(launch, [self = shared_from_this(), index, launch](const DispatchResult& result) {
    AddressSpace::ReadSection section;
    std::lock_guard lock(self->mutex_);
    self->finishDispatch(index, launch, result);
    while (self->step()) {
    }
  });
  Scheduler::instance().submit(entry.dispatch);
  return true;
}

bool AqlQueue::startTransfer(const Transfer& transfer, const Launch& launch, uint64_t completionSignal) {
  statistics().nativeBlits.fetch_add(1, std::memory_order_relaxed);
  const uint64_t index = launch.dispatchId, start = gpuTicks();
  InFlight& entry = this->launch(completionSignal);
  if (transfer.bytes() <= kInlineTransferBytes) {
    finishTransfer(index, {runTransfer(transfer, agent_.index), false}, start);
    return true;
  }
  entry.transfer = std::make_shared<TransferWork>(
      transfer, agent_.index, [self = shared_from_this(), index, start](const TransferResult& result) {
        AddressSpace::ReadSection section;
        std::lock_guard lock(self->mutex_);
        self->finishTransfer(index, result, start);
        while (self->step()) {
        }
      });
  Scheduler::instance().submit(entry.transfer);
  return true;
}

bool AqlQueue::dependenciesMet(const hsa_signal_t* signals, bool all, bool& met) {
  constexpr unsigned kSignals = 5;
  unsigned given = 0, zero = 0;
  for (unsigned i = 0; i < kSignals; ++i) {
    if (signals[i].handle == 0) continue;
    const amd_signal_t* signal = findSignal(signals[i].handle, agent_.index);
    if (!signal) {
      faultAccess({agent_.index, signals[i].handle, false, false}, "dependency of a barrier packet");
      return false;
    }
    ++given;
    if (loadSignal(*signal) == 0) ++zero;
  }
  met = all ? zero == given : given == 0 || zero != 0;
  return true;
}

bool AqlQueue::passBarrier(const hsa_barrier_and_packet_t& packet, bool all) {
  bool met = false;
  if (!dependenciesMet(packet.dep_signal, all, met)) return false;
  if (!met) return stall(true);
  pass(packet.completion_signal.handle);
  return true;
}

// A packet that is done as soon as it is reached.
void AqlQueue::pass(uint64_t completionSignal) {
  const uint64_t now = gpuTicks();
  const uint64_t index = launch(completionSignal).index;
  finish(index, now, now);
}

bool AqlQueue::passVendorPacket(const hsa_kernel_dispatch_packet_t& packet) {
  uint32_t words[kPacketBytes / 4];
  std::memcpy(words, &packet, sizeof words);
  if (words[0] >> 30 == 3) {
    // On gfx8 ROCr fills the slot with PM4 itself: first a type-3 NOP, whose low half reads as a vendor-specific
    // header.
    if (!runPm4(words, std::size(words), agent_.index)) return refuse(QueueError::InvalidVendorPacket);
    pass(0);
    return true;
  }
  const uint8_t format = words[0] >> 16 & 0xff;  // hsa_amd_vendor_packet_header_t::AmdFormat
  constexpr uint8_t kPm4IndirectBuffer = 1;
  if (format == kPm4IndirectBuffer) {
    if (!runPm4(words + 1, 4, agent_.index)) return refuse(QueueError::InvalidVendorPacket);
    pass(packet.completion_signal.handle);
    return true;
  }
  if (format == HSA_AMD_PACKET_TYPE_BARRIER_VALUE) {
    hsa_amd_barrier_value_packet_t barrier;
    std::memcpy(&barrier, &packet, sizeof barrier);
    if (barrier.signal.handle != 0) {
      const amd_signal_t* signal = findSignal(barrier.signal.handle, agent_.index);
      if (!signal) {
        faultAccess({agent_.index, barrier.signal.handle, false, false}, "signal of a barrier-value packet");
        return false;
      }
      if (!holds(barrier.cond, loadSignal(*signal) & barrier.mask, barrier.value)) return stall(true);
    }
    pass(barrier.completion_signal.handle);
    return true;
  }
  return refuse(QueueError::InvalidVendorPacket);
}

// Ends a packet that did what it should: its signal, its slot, and the read index when its turn comes.
void AqlQueue::finish(uint64_t index, uint64_t startTicks, uint64_t endTicks) {
  InFlight& entry = inFlight_[index - inFlight_.front().index];
  const uint64_t handle = entry.completionSignal;
  amd_signal_t* signal = handle ? findSignal(handle, agent_.index) : nullptr;
  if (handle && !signal) {
    abandon(index);
    faultAccess({agent_.index, handle, true, false}, "completion signal");
    return;
  }
  if (signal) completeSignal(*signal, startTicks, endTicks, interrupts_);
  headerAt(slotOf(index)).store(HSA_PACKET_TYPE_INVALID << HSA_PACKET_HEADER_TYPE, std::memory_order_release);
  const bool reclaim = entry.usesScratch && queue_.queue_properties & AMD_QUEUE_PROPERTIES_USE_SCRATCH_ONCE;
  entry.done = true;
  entry.dispatch.reset();
  entry.transfer.reset();
  --running_;
  statistics().packets.fetch_add(1, std::memory_order_relaxed);
  retire();
  if (reclaim && state_ == State::Running) {
    signalInactive(QueueError::ReclaimScratch);
    state_ = State::WaitsForReclaim;
  }
}

void AqlQueue::retire() {
  uint64_t retired = 0;
  while (!inFlight_.empty() && inFlight_.front().done) {
    inFlight_.pop_front();
    ++retired;
  }
  if (retired != 0) indexOf(queue_.read_dispatch_id).fetch_add(retired, std::memory_order_release);
  if (running_ == 0) ended_.notify_all();
}

// A packet whose work was cut short: it stays in the ring and its signal never fires.
void AqlQueue::abandon(uint64_t index) {
  InFlight& entry = inFlight_[index - inFlight_.front().index];
  entry.dispatch.reset();
  entry.transfer.reset();
  if (--running_ == 0) ended_.notify_all();
}

void AqlQueue::finishDispatch(uint64_t index, const Launch& launch, const DispatchResult& result) {
  Statistics& counts = statistics();
  counts.waveInstructions.fetch_add(result.instructions, std::memory_order_relaxed);
  counts.dispatches.fetch_add(1, std::memory_order_relaxed);
  counts.dispatchNanoseconds.fetch_add(result.endTicks - result.startTicks, std::memory_order_relaxed);
  if (result.fault.kind == FaultKind::None && !result.cancelled) {
    finish(index, result.startTicks, result.endTicks);
    return;
  }
  abandon(index);
  if (result.fault.kind == FaultKind::None || state_ == State::Stopped || state_ == State::Dead) return;
  FaultReport report = dispatchFault(launch, result.fault);
  if (result.fault.kind == FaultKind::MemoryAccess) {
    const auto& near = report.access->nearest;
    faultMemory({agent_.index, result.fault.address, result.fault.write, near && near->holds(result.fault.address, 1)},
                std::move(report));
    return;
  }
  recordFault(std::move(report));
  die(errorOf(result.fault.kind));
}

void AqlQueue::finishTransfer(uint64_t index, const TransferResult& result, uint64_t startTicks) {
  if (!result.fault && !result.cancelled) {
    finish(index, startTicks, gpuTicks());
    return;
  }
  abandon(index);
  if (!result.fault || state_ == State::Stopped || state_ == State::Dead) return;
  faultAccess(*result.fault, "a copy or fill by the runtime");
}

bool AqlQueue::refuse(QueueError error) {
  // What was started before ends first: its results are good.
  if (!inFlight_.empty()) return stall();
  recordFault(packetFault(agent_, addressOf(queue_), next_.load(), describeQueueError(error)));
  die(error);
  return false;
}

void AqlQueue::die(QueueError error) {
  statistics().faults.fetch_add(1, std::memory_order_relaxed);
  state_ = State::Dead;
  stalled_.store(true, std::memory_order_release);
  blocked_.store(false, std::memory_order_relaxed);
  cancelAll();
  if (error != QueueError{}) signalInactive(error);
}

void AqlQueue::faultAccess(const MemoryFault& fault, const char* what) {
  faultMemory(fault, accessFault(agent_, addressOf(queue_), fault.address, fault.write, what));
}

void AqlQueue::faultMemory(const MemoryFault& fault, FaultReport report) {
  recordFault(std::move(report));
  // ROCr serves one memory fault in the life of a process. Later ones reach their queue's error callback instead.
  const bool reported = interrupts_.reportMemoryFault(fault);
  die(reported ? QueueError{} : QueueError::MemoryViolation);
}

void AqlQueue::signalInactive(QueueError error) {
  amd_signal_t* inactive = findSignal(queue_.queue_inactive_signal.handle, agent_.index);
  if (inactive) storeSignal(*inactive, static_cast<int64_t>(error), interrupts_);
}

void AqlQueue::cancelAll() {
  for (const InFlight& entry : inFlight_) {
    if (entry.dispatch) entry.dispatch->cancel();
    if (entry.transfer) entry.transfer->cancel();
  }
}

void AqlQueue::stop() {
  std::unique_lock lock(mutex_);
  state_ = State::Stopped;
  stalled_.store(true, std::memory_order_release);
  blocked_.store(false, std::memory_order_relaxed);
  cancelAll();
  if (running_ == 0) return;
  Scheduler::instance().notify();
  ended_.wait(lock, [this] { return running_ == 0; });
}

void AqlQueue::suspend(bool suspended) {
  std::lock_guard lock(mutex_);
  suspended_ = suspended;
  stalled_.store(suspended, std::memory_order_release);
}

}  // namespace softgpu
