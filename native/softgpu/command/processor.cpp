#include "command/processor.h"

#include <sched.h>

#include <algorithm>

#include "memory/address_space.h"

namespace softgpu {
namespace {

using namespace std::chrono_literals;

// How long the watcher spins before it sleeps: a producer that waits for its result rings again within this.
constexpr auto kSpin = 20us;
// A ring so soon after the watcher has gone to sleep was waiting for nothing but its core.
constexpr auto kSoon = 10us;
// So many of them in a row tell that the producer is on it.
constexpr unsigned kTelling = 3;
// The producer comes back from its share of the core within so many turns, and at once: what takes longer was somebody
// else's.
constexpr unsigned kTurns = 4;
constexpr auto kTurn = 200us;

// A signal that a queue waits for changes soon or late; the longer it has taken, the rarer the looks.
std::chrono::nanoseconds pauseAfter(std::chrono::nanoseconds waited, std::chrono::nanoseconds longest) {
  return std::clamp<std::chrono::nanoseconds>(waited / 4, 20us, longest);
}

bool anyNews(const std::vector<std::shared_ptr<CommandQueue>>& queues) {
  // A section, for the queue's memory may be freed once the queue has stopped.
  AddressSpace::ReadSection section;
  return std::any_of(queues.begin(), queues.end(), [](const auto& queue) { return queue->hasNews(); });
}

}  // namespace

PacketProcessor::PacketProcessor(uint32_t agents, Interrupts& interrupts)
    : doorbells_(agents), interrupts_(interrupts) {}

std::optional<PacketProcessor::Created> PacketProcessor::createAql(amd_queue_t& queue, const AgentModel& agent) {
  return add(std::make_shared<AqlQueue>(queue, agent, interrupts_), agent);
}

std::optional<PacketProcessor::Created> PacketProcessor::createSdma(uint64_t ring, uint64_t ringBytes,
                                                                    const AgentModel& agent) {
  auto queue = std::make_shared<SdmaQueue>(ring, ringBytes, agent, interrupts_);
  auto created = add(queue, agent);
  if (created) created->pointers = &queue->pointers();
  return created;
}

std::optional<PacketProcessor::Created> PacketProcessor::add(std::shared_ptr<CommandQueue> queue,
                                                             const AgentModel& agent) {
  Created created;
  created.doorbell = doorbells_.take(agent.index);
  if (created.doorbell == 0) return std::nullopt;
  {
    std::lock_guard lock(mutex_);
    created.id = nextId_++;
    entries_.emplace(created.id, Entry{std::move(queue), created.doorbell});
    publish();
  }
  wake();  // a watcher that sleeps looks at the new list
  return created;
}

std::shared_ptr<CommandQueue> PacketProcessor::find(uint64_t id) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.queue;
}

bool PacketProcessor::destroy(uint64_t id) {
  Entry entry;
  {
    std::lock_guard lock(mutex_);
    auto found = entries_.find(id);
    if (found == entries_.end()) return false;
    entry = std::move(found->second);
    entries_.erase(found);
    publish();
  }
  entry.queue->stop();
  doorbells_.give(entry.doorbell);
  return true;
}

void PacketProcessor::destroyAll() {
  for (;;) {
    uint64_t id = 0;
    {
      std::lock_guard lock(mutex_);
      if (entries_.empty()) return;
      id = entries_.begin()->first;
    }
    destroy(id);
  }
}

bool PacketProcessor::suspend(uint64_t id, bool suspended) {
  auto queue = find(id);
  if (!queue) return false;
  queue->suspend(suspended);
  if (!suspended) wake();
  return true;
}

bool PacketProcessor::has(uint64_t id) {
  return find(id) != nullptr;
}

void PacketProcessor::publish() {
  auto list = std::make_shared<Queues>();
  for (const auto& [id, entry] : entries_) list->push_back(entry.queue);
  list_ = std::move(list);
}

std::shared_ptr<const PacketProcessor::Queues> PacketProcessor::queues() {
  std::lock_guard lock(mutex_);
  return list_;
}

bool PacketProcessor::poll() {
  AddressSpace::ReadSection section;
  bool any = false;
  bool blocks = false;
  const auto list = queues();  // held: another thread may publish a new one meanwhile
  for (const auto& queue : *list) {
    const bool wasBlocked = queue->blocked();
    if ((queue->hasNews() || wasBlocked) && queue->process()) any = true;
    if (!wasBlocked && queue->blocked()) blocks = true;
  }
  // A watcher that took this queue for a free one may be about to sleep until a doorbell rings; what the queue waits
  // for rings none.
  if (blocks) doorbells_.kick();
  return any;
}

// Whether there are news. While the watcher spins on its producer's core there are none.
bool PacketProcessor::giveWay(const Queues& list) {
  for (unsigned turn = 0; turn < kTurns; ++turn) {
    const auto begun = Clock::now();
    sched_yield();
    const auto back = Clock::now();
    if (anyNews(list)) {
      givesWay_ = back - begun < kTurn;
      lastNews_ = back;
      return true;
    }
    if (back - begun >= kTurn) break;
  }
  givesWay_ = false;
  soonWoken_ = 0;
  return false;
}

void PacketProcessor::sleep() {
  const auto list = queues();
  const auto started = Clock::now();
  const bool blocked = std::any_of(list->begin(), list->end(), [](const auto& queue) { return queue->blocked(); });
  if (blocked && !wasBlocked_) blockedSince_ = started;
  wasBlocked_ = blocked;

  if (givesWay_ && giveWay(*list)) return;
  // Not again after a sleep that brought nothing: a watcher that looks every so often does not spin between. One that
  // a ring has woken does: whoever rang is on the way back to its store, and must find the page open.
  while (!idle_ && !doorbells_.kicked() && Clock::now() - started < kSpin) {
    if (anyNews(*list)) {
      lastNews_ = Clock::now();
      return;
    }
    __builtin_ia32_pause();
  }

  std::optional<std::chrono::nanoseconds> timeout;
  if (blocked) timeout = pauseAfter(Clock::now() - blockedSince_, 1ms);
  if (!doorbells_.watched()) {
    const auto pause = pauseAfter(Clock::now() - lastNews_, 2ms);
    timeout = timeout ? std::min(*timeout, pause) : pause;
  }
  doorbells_.arm();
  // What was rung before the pages were protected is visible now; what is rung from now on ends the sleep.
  const auto asleep = Clock::now();
  if (!anyNews(*list)) doorbells_.sleep(timeout);
  const bool soon = Clock::now() - asleep < kSoon;
  doorbells_.disarm();
  const bool news = anyNews(*list);
  soonWoken_ = news && soon ? soonWoken_ + 1 : 0;
  givesWay_ = soonWoken_ >= kTelling;
  idle_ = !news && !doorbells_.watched();
  if (news) lastNews_ = Clock::now();
}

}  // namespace softgpu
