// The events that host threads sleep on and that the packet processors raise.
#pragma once

#include <hsakmttypes.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace softgpu {

class Events {
 public:
  // As many as the kernel driver allows a process (KFD_SIGNAL_EVENT_LIMIT); ROCr polls the signals that get none.
  static constexpr uint32_t kLimit = 4096;
  static constexpr uint32_t kInfinite = 0xffffffff;

  Events();
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // The mailboxes: one 64-bit slot per event, where a signal's completion writes the event's id.
  uint64_t mailboxes() const { return reinterpret_cast<uint64_t>(mailboxes_); }
  uint64_t mailboxBytes() const { return kLimit * sizeof(uint64_t); }

  // Null where all are in use.
  HsaEvent* create(const HsaEventDescriptor& descriptor, bool manualReset, bool signalled);
  bool destroy(HsaEvent* event);
  void destroyAll();
  bool set(HsaEvent* event);
  bool reset(HsaEvent* event);
  bool isSet(HsaEvent* event);

  // What an interrupt with this id does; ids that name no event are ignored, as the kernel ignores them.
  void raise(uint32_t id);
  // What a kernel's interrupt message does: its payload is an event's id or, as AMD's device library sends it on gfx9,
  // the low eight bits of one whose mailbox the kernel has written.
  void raiseFromKernel(uint32_t payload);

  // Sleeps until one or all of `events` are set, or `milliseconds` have passed. `ages`, where given, holds for each
  // event the age that the caller saw last (0: none) and receives its age now: an event set since then counts as set.
  enum class WaitResult { Set, Timeout, InvalidHandle };
  WaitResult wait(std::span<HsaEvent* const> events, bool all, uint32_t milliseconds, uint64_t* ages = nullptr);

  // Fills the MEMORY events and sets them. False where there is none to tell, or where one has already been used up:
  // ROCr handles one memory fault in the life of a process.
  bool reportMemoryFault(const HsaMemoryAccessFault& fault);

 private:
  struct Waiter;
  struct Event {
    HsaEvent face{};
    std::atomic<bool> used{false};
    bool manualReset = false;
    std::atomic<uint32_t> signalled{0};
    std::atomic<uint32_t> sleepers{0};  // who may be in `waiters`: lets `raise` skip the lock
    std::atomic<uint64_t> age{1};
    std::vector<Waiter*> waiters;  // under sleeping_
  };

  Event* eventOf(HsaEvent* face);
  void set(Event& event);
  bool ready(Event& event, Waiter& waiter, size_t index, uint64_t* age);

  std::unique_ptr<Event[]> events_;
  uint64_t* mailboxes_ = nullptr;
  std::mutex creating_;
  uint32_t nextId_ = 1;
  std::mutex sleeping_;
  bool memoryFaultReported_ = false;  // under creating_
};

}  // namespace softgpu
