#include "driver/events.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "driver/futex.h"

namespace softgpu {

// One thread that sleeps on one or more events.
struct Events::Waiter {
  std::atomic<uint32_t> woken{0};
  std::vector<uint8_t> activated;  // per event: it was set while this thread slept; under sleeping_
  std::vector<Event*> events;
};

namespace {

std::optional<timespec> deadlineAfter(uint32_t milliseconds) {
  if (milliseconds == Events::kInfinite) return std::nullopt;
  timespec deadline{};
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += milliseconds / 1000;
  deadline.tv_nsec += static_cast<long>(milliseconds % 1000) * 1'000'000;
  if (deadline.tv_nsec >= 1'000'000'000) {
    deadline.tv_nsec -= 1'000'000'000;
    ++deadline.tv_sec;
  }
  return deadline;
}

bool passed(const std::optional<timespec>& deadline) {
  if (!deadline) return false;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

}  // namespace

Events::Events() : events_(std::make_unique<Event[]>(kLimit)) {
  void* page = mmap(nullptr, mailboxBytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw std::bad_alloc();
  mailboxes_ = static_cast<uint64_t*>(page);
}

HsaEvent* Events::create(const HsaEventDescriptor& descriptor, bool manualReset, bool signalled) {
  std::lock_guard lock(creating_);
  for (uint32_t tried = 0; tried < kLimit; ++tried) {
    uint32_t id = nextId_;
    nextId_ = nextId_ + 1 < kLimit ? nextId_ + 1 : 1;  // 0 is no event: ROCr's signals without one hold it
    Event& event = events_[id];
    if (event.used.load(std::memory_order_relaxed)) continue;
    std::memset(static_cast<void*>(&event.face), 0, sizeof(event.face));
    event.face.EventId = id;
    event.face.EventData.EventType = descriptor.EventType;
    event.face.EventData.EventData.SyncVar = descriptor.SyncVar;
    if (descriptor.EventType == HSA_EVENTTYPE_MEMORY) {
      // The union's other member: ROCr looks at its flags before anything was reported.
      std::memset(static_cast<void*>(&event.face.EventData.EventData), 0, sizeof(event.face.EventData.EventData));
      memoryFaultReported_ = false;  // a runtime that has just started
    }
    event.face.EventData.HWData1 = id;
    event.face.EventData.HWData2 = reinterpret_cast<uint64_t>(mailboxes_ + id);
    event.face.EventData.HWData3 = id;
    event.manualReset = manualReset;
    event.age.store(1, std::memory_order_relaxed);
    event.signalled.store(signalled, std::memory_order_relaxed);
    event.used.store(true, std::memory_order_release);
    return &event.face;
  }
  return nullptr;
}

Events::Event* Events::eventOf(HsaEvent* face) {
  // A handle is the address of an event's face; anything else is refused before it is read.
  uint64_t base = reinterpret_cast<uint64_t>(&events_[0].face);
  uint64_t offset = reinterpret_cast<uint64_t>(face) - base;
  if (!face || offset % sizeof(Event) != 0 || offset / sizeof(Event) >= kLimit) return nullptr;
  Event& event = events_[offset / sizeof(Event)];
  return event.used.load(std::memory_order_acquire) ? &event : nullptr;
}

bool Events::destroy(HsaEvent* face) {
  std::lock_guard lock(creating_);
  Event* event = eventOf(face);
  if (!event) return false;
  set(*event);  // whoever still sleeps on it wakes
  event->used.store(false, std::memory_order_release);
  return true;
}

void Events::destroyAll() {
  for (uint32_t id = 1; id < kLimit; ++id) destroy(&events_[id].face);
}

void Events::set(Event& event) {
  event.age.fetch_add(1, std::memory_order_relaxed);
  // Sequentially consistent against `wait`, which counts itself a sleeper before it looks.
  event.signalled.store(1, std::memory_order_seq_cst);
  if (event.sleepers.load(std::memory_order_seq_cst) == 0) return;
  std::lock_guard lock(sleeping_);
  if (event.waiters.empty()) return;
  // A waiter may have taken the signal by itself meanwhile, and wait again already: then this one has had its effect.
  const uint32_t left = event.manualReset ? event.signalled.load() : event.signalled.exchange(0);
  if (!left) return;
  for (Waiter* waiter : event.waiters) {
    for (size_t i = 0; i < waiter->events.size(); ++i) {
      if (waiter->events[i] == &event) waiter->activated[i] = 1;
    }
    waiter->woken.store(1, std::memory_order_release);
    futexWakeAll(waiter->woken);
  }
}

bool Events::set(HsaEvent* face) {
  Event* event = eventOf(face);
  if (event) set(*event);
  return event;
}

bool Events::reset(HsaEvent* face) {
  Event* event = eventOf(face);
  if (event) event->signalled.store(0, std::memory_order_seq_cst);
  return event;
}

bool Events::isSet(HsaEvent* face) {
  Event* event = eventOf(face);
  return event && event->signalled.load(std::memory_order_acquire);
}

void Events::raise(uint32_t id) {
  if (id < kLimit && events_[id].used.load(std::memory_order_acquire)) set(events_[id]);
}

void Events::raiseFromKernel(uint32_t payload) {
  constexpr uint32_t kPartialIds = 256;
  if (payload >= kPartialIds) return raise(payload);
  for (uint32_t id = payload; id < kLimit; id += kPartialIds) {
    std::atomic_ref<uint64_t> mailbox(mailboxes_[id]);
    if (mailbox.load(std::memory_order_acquire) != 0 && mailbox.exchange(0) != 0) raise(id);
  }
}

// Under sleeping_. Consumes an auto-reset event.
bool Events::ready(Event& event, Waiter& waiter, size_t index, uint64_t* age) {
  if (age && *age != 0 && *age != event.age.load(std::memory_order_relaxed)) waiter.activated[index] = 1;
  if (waiter.activated[index]) return true;
  uint32_t was = event.manualReset ? event.signalled.load(std::memory_order_seq_cst)
                                   : event.signalled.exchange(0, std::memory_order_seq_cst);
  if (was) waiter.activated[index] = 1;
  return was;
}

Events::WaitResult Events::wait(std::span<HsaEvent* const> faces, bool all, uint32_t milliseconds, uint64_t* ages) {
  Waiter waiter;
  for (HsaEvent* face : faces) {
    Event* event = eventOf(face);
    if (!event) return WaitResult::InvalidHandle;
    waiter.events.push_back(event);
  }
  waiter.activated.resize(faces.size());
  const auto deadline = deadlineAfter(milliseconds);

  std::unique_lock lock(sleeping_);
  for (Event* event : waiter.events) {
    event->waiters.push_back(&waiter);
    event->sleepers.fetch_add(1, std::memory_order_seq_cst);
  }
  WaitResult result = WaitResult::Timeout;
  for (;;) {
    waiter.woken.store(0, std::memory_order_relaxed);
    size_t set = 0;
    for (size_t i = 0; i < waiter.events.size() && (all || set == 0); ++i) {
      if (ready(*waiter.events[i], waiter, i, ages ? &ages[i] : nullptr)) ++set;
    }
    if (all ? set == waiter.events.size() : set != 0) {
      result = WaitResult::Set;
      break;
    }
    if (milliseconds == 0 || passed(deadline)) break;
    lock.unlock();
    futexWait(waiter.woken, 0, deadline);
    lock.lock();
  }
  for (size_t i = 0; i < waiter.events.size(); ++i) {
    Event& event = *waiter.events[i];
    std::erase(event.waiters, &waiter);
    event.sleepers.fetch_sub(1, std::memory_order_relaxed);
    if (ages) ages[i] = event.age.load(std::memory_order_relaxed);
  }
  return result;
}

bool Events::reportMemoryFault(const HsaMemoryAccessFault& fault) {
  std::lock_guard lock(creating_);
  if (memoryFaultReported_) return false;
  for (uint32_t id = 1; id < kLimit; ++id) {
    Event& event = events_[id];
    if (!event.used.load(std::memory_order_acquire) || event.face.EventData.EventType != HSA_EVENTTYPE_MEMORY) continue;
    HsaMemoryAccessFault& out = event.face.EventData.EventData.MemoryAccessFault;
    out.NodeId = fault.NodeId;
    out.VirtualAddress = fault.VirtualAddress;
    out.Failure = fault.Failure;
    // ROCr's event thread polls the flags without a lock: they go last.
    std::atomic_thread_fence(std::memory_order_release);
    out.Flags = fault.Flags;
    memoryFaultReported_ = true;
    set(event);
  }
  return memoryFaultReported_;
}

}  // namespace softgpu
