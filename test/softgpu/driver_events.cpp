#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "driver/events.h"

using namespace softgpu;
using Result = Events::WaitResult;

namespace {

HsaEvent* make(Events& events, bool manual, HSA_EVENTTYPE type = HSA_EVENTTYPE_SIGNAL, bool set = false) {
  HsaEventDescriptor descriptor{};
  descriptor.EventType = type;
  return events.create(descriptor, manual, set);
}

Result wait(Events& events, HsaEvent* event, uint32_t milliseconds) {
  return events.wait({&event, 1}, false, milliseconds);
}

}  // namespace

TEST_CASE("an auto-reset event lets one wait through, a manual one all until it is reset") {
  Events events;
  HsaEvent* once = make(events, false);
  CHECK(wait(events, once, 0) == Result::Timeout);
  CHECK(events.set(once));
  CHECK(wait(events, once, 0) == Result::Set);
  CHECK(wait(events, once, 0) == Result::Timeout);

  HsaEvent* lasting = make(events, true);
  events.set(lasting);
  CHECK(wait(events, lasting, 0) == Result::Set);
  CHECK(wait(events, lasting, 0) == Result::Set);
  CHECK(events.isSet(lasting));
  CHECK(events.reset(lasting));
  CHECK(wait(events, lasting, 0) == Result::Timeout);
  CHECK(wait(events, make(events, false, HSA_EVENTTYPE_SIGNAL, true), 0) == Result::Set);
}

TEST_CASE("a wait ends by its time, and not before") {
  Events events;
  HsaEvent* event = make(events, false);
  auto start = std::chrono::steady_clock::now();
  CHECK(wait(events, event, 30) == Result::Timeout);
  auto waited = std::chrono::steady_clock::now() - start;
  CHECK(waited >= std::chrono::milliseconds(30));
  CHECK(waited < std::chrono::seconds(5));
}

TEST_CASE("an interrupt wakes the sleeper by the event's id, and its mailbox has the id's slot") {
  Events events;
  HsaEvent* event = make(events, false);
  CHECK(event->EventId != 0u);
  CHECK(uint64_t{event->EventData.HWData2} == events.mailboxes() + event->EventId * 8ull);
  std::thread raiser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    events.raise(event->EventId);
  });
  CHECK(wait(events, event, Events::kInfinite) == Result::Set);
  raiser.join();
  events.raise(0);
  events.raise(Events::kLimit + 7);  // no event: nothing happens
}

TEST_CASE("waits for any and for all of several events") {
  Events events;
  HsaEvent* three[] = {make(events, false), make(events, true), make(events, false)};
  events.set(three[2]);
  CHECK(events.wait(three, true, 10) == Result::Timeout);
  events.set(three[2]);
  CHECK(events.wait(three, false, 0) == Result::Set);
  std::thread setter([&] {
    for (HsaEvent* event : three) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      events.set(event);
    }
  });
  CHECK(events.wait(three, true, 10000) == Result::Set);
  setter.join();
}

TEST_CASE("no wake-up is lost between two threads that take turns") {
  Events events;
  HsaEvent *ping = make(events, false), *pong = make(events, false);
  constexpr int kTurns = 20000;
  std::atomic<int> turns{0};
  std::thread other([&] {
    for (int i = 0; i < kTurns; ++i) {
      if (wait(events, ping, 10000) != Result::Set) return;
      ++turns;
      events.raise(pong->EventId);
    }
  });
  for (int i = 0; i < kTurns; ++i) {
    events.raise(ping->EventId);
    REQUIRE(wait(events, pong, 10000) == Result::Set);
  }
  other.join();
  CHECK(turns == kTurns);
}

TEST_CASE("an age tells of what was set between two waits") {
  Events events;
  HsaEvent* event = make(events, false);
  uint64_t age = 0;
  CHECK(events.wait({&event, 1}, false, 0, &age) == Result::Timeout);
  const uint64_t before = age;
  events.set(event);
  CHECK(wait(events, event, 0) == Result::Set);  // another thread took it
  CHECK(events.wait({&event, 1}, false, 0, &age) == Result::Set);
  CHECK(age == before + 1);
  CHECK(events.wait({&event, 1}, false, 0, &age) == Result::Timeout);
}

TEST_CASE("handles that name no event are refused, and all of them can be taken") {
  Events events;
  HsaEvent* event = make(events, false);
  CHECK(events.destroy(event));
  CHECK_FALSE(events.destroy(event));
  CHECK_FALSE(events.set(event));
  CHECK(wait(events, event, 0) == Result::InvalidHandle);
  auto* inside = reinterpret_cast<HsaEvent*>(reinterpret_cast<uint64_t>(event) + 8);
  CHECK_FALSE(events.set(inside));
  CHECK_FALSE(events.set(static_cast<HsaEvent*>(nullptr)));
  unsigned count = 0;
  while (make(events, false)) ++count;
  CHECK(count == Events::kLimit - 1);
}

TEST_CASE("a memory fault is told once, to the memory events") {
  Events events;
  HsaMemoryAccessFault fault{};
  fault.NodeId = 1;
  fault.VirtualAddress = 0x7000;
  fault.Flags = HSA_EVENTID_MEMORY_FATAL_PROCESS;
  CHECK_FALSE(events.reportMemoryFault(fault));  // nobody listens
  HsaEvent* memory = make(events, true, HSA_EVENTTYPE_MEMORY);
  CHECK(memory->EventData.EventData.MemoryAccessFault.Flags == HSA_EVENTID_MEMORY_RECOVERABLE);
  CHECK(events.reportMemoryFault(fault));
  CHECK(uint64_t{memory->EventData.EventData.MemoryAccessFault.VirtualAddress} == 0x7000);
  CHECK(memory->EventData.EventData.MemoryAccessFault.Flags == HSA_EVENTID_MEMORY_FATAL_PROCESS);
  CHECK(wait(events, memory, 0) == Result::Set);
  CHECK_FALSE(events.reportMemoryFault(fault));
}
