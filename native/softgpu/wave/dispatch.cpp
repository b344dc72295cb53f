#include "wave/dispatch.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "memory/address_space.h"
#include "wave/code.h"
#include "wave/group_slot.h"
#include "wave/kernel_state.h"
#include "wave/scratch_places.h"

namespace softgpu {
namespace {

using namespace std::chrono_literals;

// One stay in advance().
constexpr auto kSlice = 200us;
// How long a workgroup may keep others waiting that were begun before.
constexpr auto kQuantum = 1ms;

// How many workgroups the agent's compute units would hold at once: those may wait for each other (LLVM AMDGPU usage
// and Vega ISA: 4 SIMDs of 10 waves, 8 on gfx90a; 256 or 512 rows of registers; LDS; 16 barriers).
uint64_t residentGroups(const Launch& launch, const KernelState& kernel, unsigned waves) {
  const AgentModel& agent = *launch.agent;
  const bool gfx90a = agent.target == Target::gfx90a;
  const unsigned perSimd = std::clamp((gfx90a ? 512u : 256u) / std::max(kernel.rows, 1u), 1u, gfx90a ? 8u : 10u);
  uint64_t perUnit = std::max(4 * perSimd / waves, 1u);
  if (waves > 1) perUnit = std::min<uint64_t>(perUnit, 16);
  if (launch.groupSegment) perUnit = std::min<uint64_t>(perUnit, std::max(agent.ldsBytes / launch.groupSegment, 1u));
  return std::max<uint64_t>(perUnit * agent.computeUnits, 1);
}

class DispatchImpl final : public Dispatch {
 public:
  DispatchImpl(const Launch& launch, std::function<void(const DispatchResult&)> done)
      : launch_(launch), done_(std::move(done)), code_(launch.agent->index, launch.agent->target) {
    total_ = 1;
    for (unsigned axis = 0; axis < 3; ++axis) {
      const uint32_t size = launch.workgroup[axis];
      groups_[axis] = size ? static_cast<uint32_t>((uint64_t{launch.grid[axis]} + size - 1) / size) : 0;
      if (__builtin_mul_overflow(total_, groups_[axis], &total_)) total_ = UINT64_MAX;
    }
  }

  bool advance() override;
  unsigned parallelism() const override;
  bool finished() const override { return finished_.load(std::memory_order_acquire); }
  void cancel() override;

 private:
  using Slot = std::unique_ptr<GroupSlot>;

  void begin();
  void refuse(FaultKind kind, std::string text);
  // Under mutex_: a workgroup to run; null where there is none. `spare` is an idle slot of the caller's.
  Slot pick(Slot& spare, bool& fresh);
  Slot admit(Slot& spare);
  bool mayAdmit() const { return next_ < total_ && resident_ < maxResident_ && !scratchShort_; }
  void enter(GroupSlot& slot);
  void settle(Slot slot, GroupState state, Slot& spare);
  void releaseScratch(GroupSlot& slot);
  void finishIfLast(std::unique_lock<std::mutex>& lock);

  const Launch launch_;
  const std::function<void(const DispatchResult&)> done_;
  CodeSet code_;
  KernelState kernel_;
  CodeRegion* entryRegion_ = nullptr;
  std::shared_ptr<ScratchPlaces> scratch_;
  uint32_t groups_[3] = {};
  uint64_t total_ = 0;
  unsigned waves_ = 0;  // of a whole workgroup

  mutable std::mutex mutex_;
  bool begun_ = false, finishing_ = false, preferOld_ = false, scratchShort_ = false;
  uint64_t next_ = 0;      // the first workgroup not begun
  uint64_t resident_ = 0;  // begun and not ended
  uint64_t running_ = 0;   // of these, in the hands of a worker
  uint64_t maxResident_ = 1;
  std::vector<Slot> current_;  // interrupted within their quantum: the last one first
  std::deque<Slot> waiting_;   // had their quantum, or sleep: the first one first
  DispatchResult result_;

  std::atomic<bool> drop_{false};  // no workgroup goes on: cancelled, or one faulted
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> finished_{false};
  std::atomic<unsigned> idleRounds_{0};  // visits in a row that found everything asleep
};

// Under mutex_.
void DispatchImpl::begin() {
  begun_ = true;
  result_.startTicks = gpuTicks();
  AddressSpace::ReadSection section;
  const uint32_t size = uint32_t{launch_.workgroup[0]} * launch_.workgroup[1] * launch_.workgroup[2];
  waves_ = std::max((size + kLanes - 1) / kLanes, 1u);
  if (waves_ > Workgroup::kMaxWaves) {
    return refuse(FaultKind::Unsupported, "a workgroup of more than 1024 work-items");
  }
  if (launch_.groupSegment > std::min(launch_.agent->ldsBytes, GroupSlot::kMaxLds)) {
    return refuse(FaultKind::Unsupported, "more LDS than a workgroup may have");
  }
  if (!readKernelState(launch_, kernel_)) {
    result_.fault.address = launch_.kernelObject;
    return refuse(FaultKind::MemoryAccess, "the kernel descriptor cannot be read");
  }
  try {
    entryRegion_ = code_.find(kernel_.entry);
  } catch (const std::bad_alloc&) {
    return refuse(FaultKind::Unsupported, "the host has no memory for decoded code");
  }
  if (!entryRegion_ || !entryRegion_->at(kernel_.entry)) {
    result_.fault.pc = result_.fault.address = kernel_.entry;
    return refuse(FaultKind::MemoryAccess, "the kernel's entry point holds no code");
  }
  maxResident_ = residentGroups(launch_, kernel_, waves_);
  if (launch_.privateSegment && launch_.scratchBase) {
    scratch_ = ScratchPlaces::of(launch_.scratchBase, launch_.scratchBytes, launch_.scratchWaveBytes);
    if (scratch_->total() < waves_) refuse(FaultKind::Unsupported, "less scratch memory than one workgroup needs");
  }
}

void DispatchImpl::refuse(FaultKind kind, std::string text) {
  result_.fault.kind = kind;
  result_.fault.text = std::move(text);
  drop_.store(true);
}

// Room for one more workgroup: the spare slot or one from the pool, with as many scratch places as its waves need. Null
// where there is none at the moment.
DispatchImpl::Slot DispatchImpl::admit(Slot& spare) {
  Slot slot;
  try {
    slot = spare ? std::move(spare) : GroupSlot::take(waves_);
  } catch (const std::bad_alloc&) {
    // No more than there are now; where there are none, there is no hope.
    maxResident_ = resident_;
    if (resident_ == 0) refuse(FaultKind::Unsupported, "the host has no memory for a workgroup");
    return nullptr;
  }
  if (scratch_ && slot->scratchHeld < waves_) {
    if (!scratch_->take(waves_ - slot->scratchHeld, &slot->scratch[slot->scratchHeld])) {
      scratchShort_ = resident_ > 0;  // until one of this dispatch's workgroups ends; else another dispatch has it
      spare = std::move(slot);
      return nullptr;
    }
    slot->scratchHeld = waves_;
  }
  slot->index = next_++;
  ++resident_;
  return slot;
}

DispatchImpl::Slot DispatchImpl::pick(Slot& spare, bool& fresh) {
  fresh = false;
  if (drop_.load(std::memory_order_relaxed)) return nullptr;
  Slot slot;
  if (!current_.empty()) {
    slot = std::move(current_.back());
    current_.pop_back();
  } else {
    // Old and new ones in turn: those that have waited may be what the others wait for.
    if (mayAdmit() && (waiting_.empty() || !preferOld_)) slot = admit(spare);
    preferOld_ = !preferOld_;
    fresh = slot != nullptr;
    if (!slot && !waiting_.empty()) {
      slot = std::move(waiting_.front());
      waiting_.pop_front();
    }
  }
  if (slot) ++running_;
  return slot;
}

// Outside of the lock: sets the workgroup's waves up.
void DispatchImpl::enter(GroupSlot& slot) {
  const uint64_t index = slot.index;
  Workgroup& group = slot.group;
  group.code = &code_;
  group.ldsBytes = (launch_.groupSegment + 511) & ~511u;  // allocated in blocks of 128 dwords
  group.id[0] = static_cast<uint32_t>(index % groups_[0]);
  group.id[1] = static_cast<uint32_t>(index / groups_[0] % groups_[1]);
  group.id[2] = static_cast<uint32_t>(index / groups_[0] / groups_[1]);
  const GroupShape shape = shapeOf(launch_, group.id);
  const unsigned waves = shape.waves();
  slot.quantum = kQuantum;
  group.begin(waves);
  const MicroOp* entry = entryRegion_->at(kernel_.entry);
  for (unsigned i = 0; i < waves; ++i) {
    Wave& wave = *group.waves[i];
    enterKernel(wave, launch_, kernel_, group, shape, i,
                scratch_ ? uint64_t{slot.scratch[i]} * launch_.scratchWaveBytes : 0);
    wave.ip = entry;
    wave.code = entryRegion_;
  }
}

void DispatchImpl::releaseScratch(GroupSlot& slot) {
  if (slot.scratchHeld) scratch_->give(slot.scratchHeld, slot.scratch.data());
  slot.scratchHeld = 0;
}

// Under mutex_.
void DispatchImpl::settle(Slot slot, GroupState state, Slot& spare) {
  --running_;
  switch (state) {
    case GroupState::Running:
      if (slot->quantum > 0us) {
        current_.push_back(std::move(slot));
        return;
      }
      [[fallthrough]];
    case GroupState::Sleeping:
      slot->quantum = kQuantum;
      waiting_.push_back(std::move(slot));
      return;
    case GroupState::Faulted:
      if (result_.fault.kind == FaultKind::None) result_.fault = slot->group.faulted->fault;
      drop_.store(true);
      break;
    case GroupState::Ended:
    case GroupState::Dropped:
      break;
  }
  result_.instructions += slot->group.executed();
  --resident_;
  scratchShort_ = false;
  spare = std::move(slot);
}

bool DispatchImpl::advance() {
  auto now = Clock::now();
  const auto deadline = now + kSlice;
  bool took = false;
  unsigned asleep = 0;  // workgroups in a row that had nothing to do but sleep
  Slot spare;
  std::unique_lock lock(mutex_);
  if (!begun_) {
    begin();
    took = true;
  }
  for (;;) {
    bool fresh = false;
    Slot slot = pick(spare, fresh);
    if (!slot) break;
    lock.unlock();
    took = true;
    if (fresh) enter(*slot);
    const auto begun = now;
    const GroupState state = slot->group.advance(std::min(deadline, begun + slot->quantum), drop_);
    now = Clock::now();
    slot->quantum -= now - begun;
    asleep = state == GroupState::Sleeping ? asleep + 1 : 0;
    lock.lock();
    settle(std::move(slot), state, spare);
    if (now >= deadline || asleep > waiting_.size()) break;
  }
  if (spare) releaseScratch(*spare);
  // Scratch memory that a dispatch elsewhere will give back is waited for like anything else.
  const bool starved = !drop_.load() && resident_ == 0 && next_ < total_ && !finishing_;
  const bool idle = starved || asleep > waiting_.size();
  finishIfLast(lock);
  lock.unlock();
  GroupSlot::give(std::move(spare));

  // Everything sleeps and waits for another queue or the host: leave them the processor.
  const unsigned rounds = idle ? idleRounds_.fetch_add(1) + 1 : 0;
  if (!idle) {
    idleRounds_.store(0);
  } else if (rounds < 64) {
    std::this_thread::yield();
  } else {
    std::this_thread::sleep_for(20us);
  }
  return took || starved;
}

// Under mutex_, which it gives up while `done` runs.
void DispatchImpl::finishIfLast(std::unique_lock<std::mutex>& lock) {
  if (running_ > 0 || finishing_ || !begun_) return;
  const bool dropped = drop_.load();
  if (!dropped && (next_ < total_ || resident_ > 0)) return;
  finishing_ = true;
  auto drop = [&](Slot& slot) {
    result_.instructions += slot->group.executed();
    releaseScratch(*slot);
    GroupSlot::give(std::move(slot));
  };
  for (Slot& slot : current_) drop(slot);
  for (Slot& slot : waiting_) drop(slot);
  current_.clear();
  waiting_.clear();
  resident_ = 0;
  result_.cancelled = cancelled_.load();
  result_.endTicks = gpuTicks();
  lock.unlock();
  if (done_) done_(result_);
  finished_.store(true, std::memory_order_release);
  lock.lock();
}

unsigned DispatchImpl::parallelism() const {
  std::lock_guard lock(mutex_);
  if (finishing_) return 0;
  if (drop_.load()) return 1;
  const uint64_t fresh = std::min(total_ - next_, begun_ ? maxResident_ - resident_ : total_);
  return static_cast<unsigned>(
      std::clamp<uint64_t>(running_ + current_.size() + waiting_.size() + fresh, begun_ ? 0 : 1, UINT32_MAX));
}

void DispatchImpl::cancel() {
  if (finished()) return;
  cancelled_.store(true);
  drop_.store(true);
  Scheduler::instance().notify();
}

}  // namespace

std::shared_ptr<Dispatch> Dispatch::create(const Launch& launch, std::function<void(const DispatchResult&)> done) {
  return std::make_shared<DispatchImpl>(launch, std::move(done));
}

uint64_t gpuTicks() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count());
}

}  // namespace softgpu
