#include "command/sdma_queue.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "command/faults.h"
#include "command/statistics.h"
#include "memory/address_space.h"

namespace softgpu {
namespace {

// Consecutive copies that continue each other become one up to here, so that workers can share it: ROCr cuts a large
// copy into packets of 4 MiB.
constexpr uint64_t kCoalescedBytes = 256ull << 20;

template <typename T>
std::atomic_ref<T> atomicAt(const void* address) {
  return std::atomic_ref<T>(*static_cast<T*>(const_cast<void*>(address)));
}

bool holds(SdmaPacket::Condition condition, uint32_t value, uint32_t reference) {
  switch (condition) {
    case SdmaPacket::Condition::Always:
      return true;
    case SdmaPacket::Condition::Less:
      return value < reference;
    case SdmaPacket::Condition::LessOrEqual:
      return value <= reference;
    case SdmaPacket::Condition::Equal:
      return value == reference;
    case SdmaPacket::Condition::NotEqual:
      return value != reference;
    case SdmaPacket::Condition::GreaterOrEqual:
      return value >= reference;
    case SdmaPacket::Condition::Greater:
      return value > reference;
  }
  return false;
}

bool isLinearCopy(const SdmaPacket& packet) {
  const Transfer& transfer = packet.transfer;
  return packet.kind == SdmaPacket::Kind::Transfer && transfer.kind == Transfer::Kind::Copy && transfer.rows == 1 &&
         transfer.slices == 1;
}

}  // namespace

SdmaQueue::SdmaQueue(uint64_t ring, uint64_t ringBytes, const AgentModel& agent, Interrupts& interrupts)
    : ring_(ring),
      ringBytes_(ringBytes),
      agent_(agent),
      interrupts_(interrupts),
      monotonic_(agent.target != Target::gfx803) {}

uint64_t SdmaQueue::available() const {
  const uint64_t position = position_.load(std::memory_order_acquire);
  if (monotonic_) {
    uint64_t written = atomicAt<uint64_t>(&pointers_.write).load(std::memory_order_acquire);
    return std::min(written - position, ringBytes_);
  }
  uint32_t written = atomicAt<uint32_t>(&pointers_.write).load(std::memory_order_acquire);
  return (written - position) & (ringBytes_ - 1);
}

bool SdmaQueue::hasNews() const {
  return !stalled_.load(std::memory_order_acquire) && available() != 0;
}

bool SdmaQueue::process() {
  AddressSpace::ReadSection section;
  std::lock_guard lock(mutex_);
  bool any = false;
  while (step()) any = true;
  return any;
}

SdmaParse SdmaQueue::parseAt(uint64_t position, uint64_t bytes, SdmaPacket& out) const {
  std::array<uint32_t, kSdmaMaxWords> words{};
  const size_t count = std::min<uint64_t>(bytes / 4, words.size());
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(&words[i], reinterpret_cast<const void*>(ring_ + ((position + i * 4) & (ringBytes_ - 1))), 4);
  }
  return parseSdma({words.data(), count}, agent_.target, out);
}

bool SdmaQueue::step() {
  blocked_.store(false, std::memory_order_relaxed);
  const bool busy = suspended_ || stopped_ || transfer_;
  stalled_.store(busy, std::memory_order_release);
  if (busy) return false;
  const uint64_t bytes = available();
  if (bytes < 4) return false;
  const uint64_t position = position_.load(std::memory_order_relaxed);
  SdmaPacket packet;
  switch (parseAt(position, bytes, packet)) {
    case SdmaParse::Packet:
      break;
    case SdmaParse::Truncated:
      return wait();  // the rest may come
    case SdmaParse::Invalid: {
      const uint64_t at = ring_ + (position & (ringBytes_ - 1));
      die({agent_.index, at, false, true}, "an SDMA packet that is invalid");
      return false;
    }
  }
  if (packet.kind == SdmaPacket::Kind::Transfer) {
    if (packet.transfer.bytes() > kInlineTransferBytes) return startTransfer(packet);
  }
  if (packet.words * 4ull > bytes) return wait();
  if (!execute(packet)) return false;
  consume(packet.words);
  return true;
}

void SdmaQueue::consume(uint64_t words) {
  const uint64_t position = position_.load(std::memory_order_relaxed) + words * 4;
  position_.store(position, std::memory_order_release);
  if (monotonic_) {
    atomicAt<uint64_t>(&pointers_.read).store(position, std::memory_order_release);
  } else {
    atomicAt<uint32_t>(&pointers_.read)
        .store(static_cast<uint32_t>(position & (ringBytes_ - 1)), std::memory_order_release);
  }
}

void* SdmaQueue::reach(uint64_t address, uint64_t bytes, bool write) {
  const AddressSpace& space = AddressSpace::instance();
  auto range = space.find(address, agent_.index);
  if (range && range->holds(address, bytes) && address % bytes == 0) return reinterpret_cast<void*>(address);
  auto near = space.nearest(address);
  die({agent_.index, address, write, near && near->holds(address, 1)}, "an address that an SDMA packet names");
  return nullptr;
}

bool SdmaQueue::execute(const SdmaPacket& packet) {
  switch (packet.kind) {
    case SdmaPacket::Kind::Nop:
      return true;
    case SdmaPacket::Kind::Transfer:
      if (auto fault = runTransfer(packet.transfer, agent_.index)) {
        die(*fault, "an SDMA copy");
        return false;
      }
      return true;
    case SdmaPacket::Kind::Fence:
      if (void* to = reach(packet.address, 4, true)) {
        atomicAt<uint32_t>(to).store(static_cast<uint32_t>(packet.value), std::memory_order_seq_cst);
        return true;
      }
      return false;
    case SdmaPacket::Kind::Trap:
      interrupts_.raise(static_cast<uint32_t>(packet.value));
      return true;
    case SdmaPacket::Kind::Poll:
      return poll(packet);
    case SdmaPacket::Kind::AtomicAdd64:
      if (void* to = reach(packet.address, 8, true)) {
        atomicAt<uint64_t>(to).fetch_add(packet.value, std::memory_order_seq_cst);
        return true;
      }
      return false;
    case SdmaPacket::Kind::Timestamp:
      if (void* to = reach(packet.address, 8, true)) {
        atomicAt<uint64_t>(to).store(gpuTicks(), std::memory_order_release);
        return true;
      }
      return false;
  }
  return true;
}

bool SdmaQueue::poll(const SdmaPacket& packet) {
  const void* from = reach(packet.address, 4, false);
  if (!from) return false;
  const uint32_t value = atomicAt<uint32_t>(from).load(std::memory_order_acquire) & packet.mask;
  return holds(packet.condition, value, static_cast<uint32_t>(packet.value)) || wait();
}

// The packet at the read pointer has to be looked at again, and nobody will say when.
bool SdmaQueue::wait() {
  stalled_.store(true, std::memory_order_release);
  blocked_.store(true, std::memory_order_relaxed);
  return false;
}

// Extends a linear copy by the packets that continue it. Answers the words of all.
uint64_t SdmaQueue::coalesce(SdmaPacket& packet, uint64_t bytes) const {
  uint64_t words = packet.words;
  if (!isLinearCopy(packet)) return words;
  Transfer& whole = packet.transfer;
  const uint64_t position = position_.load(std::memory_order_relaxed);
  while (whole.rowBytes < kCoalescedBytes && words * 4 < bytes) {
    SdmaPacket next;
    if (parseAt(position + words * 4, bytes - words * 4, next) != SdmaParse::Packet || !isLinearCopy(next)) break;
    if (next.transfer.source != whole.source + whole.rowBytes) break;
    if (next.transfer.destination != whole.destination + whole.rowBytes) break;
    whole.rowBytes += next.transfer.rowBytes;
    words += next.words;
  }
  return words;
}

bool SdmaQueue::startTransfer(SdmaPacket packet) {
  const uint64_t words = coalesce(packet, available());
  stalled_.store(true, std::memory_order_release);
  transfer_ = std::make_shared<TransferWork>(packet.transfer, agent_.index,
                                             [self = shared_from_this(), words](const TransferResult& result) {
                                               AddressSpace::ReadSection section;
                                               std::lock_guard lock(self->mutex_);
                                               self->finishTransfer(result, words);
                                               while (self->step()) {
                                               }
                                             });
  Scheduler::instance().submit(transfer_);
  return true;
}

void SdmaQueue::finishTransfer(const TransferResult& result, uint64_t words) {
  transfer_.reset();
  ended_.notify_all();
  if (stopped_) return;
  if (result.fault) {
    die(*result.fault, "an SDMA copy");
    return;
  }
  consume(words);
}

void SdmaQueue::die(const MemoryFault& fault, const char* what) {
  statistics().faults.fetch_add(1, std::memory_order_relaxed);
  recordFault(accessFault(agent_, 0, fault.address, fault.write, what));
  stopped_ = true;
  stalled_.store(true, std::memory_order_release);
  blocked_.store(false, std::memory_order_relaxed);
  interrupts_.reportMemoryFault(fault);
}

void SdmaQueue::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  stalled_.store(true, std::memory_order_release);
  blocked_.store(false, std::memory_order_relaxed);
  if (!transfer_) return;
  transfer_->cancel();
  Scheduler::instance().notify();
  ended_.wait(lock, [this] { return !transfer_; });
}

void SdmaQueue::suspend(bool suspended) {
  std::lock_guard lock(mutex_);
  suspended_ = suspended;
  stalled_.store(suspended || stopped_ || transfer_, std::memory_order_release);
}

}  // namespace softgpu
