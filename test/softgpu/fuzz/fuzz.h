// What the fuzz targets share: the bytes of an input taken apart, memory of the GPU, and a driver that says nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "command/interrupts.h"
#include "isa/target.h"
#include "memory/address_space.h"
#include "wave/dispatch.h"
#include "wave/scheduler.h"

namespace softgpu::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(data, size) {}

  size_t left() const { return rest_.size(); }
  // Zeros where the input is over.
  template <class T>
  void take(T& value) {
    std::memset(&value, 0, sizeof value);
    const size_t count = std::min(sizeof value, rest_.size());
    if (count != 0) std::memcpy(&value, rest_.data(), count);
    rest_ = rest_.subspan(count);
  }
  template <class T>
  T take() {
    T value;
    take(value);
    return value;
  }
  std::span<const uint8_t> bytes(size_t most) {
    const auto taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  Target target() { return static_cast<Target>(take<uint8_t>() % 5); }

 private:
  std::span<const uint8_t> rest_;
};

// Memory at the same address in every run, so that inputs may hold addresses; mapped to the first GPU but for its last
// quarter, which belongs to the second.
class Arena {
 public:
  // Clear of what AddressSanitizer keeps for itself.
  static constexpr uint64_t kAddress = 0x200000000000, kBytes = 1 << 18, kMapped = kBytes / 4 * 3;

  static Arena& instance();
  // Zeros, with `contents` at the beginning.
  void fill(std::span<const uint8_t> contents);
  // An address that is likely to be good for something: inputs reach it with any 64 bits.
  static uint64_t near(uint64_t value) { return kAddress + value % (kBytes + 4096); }
  static uint8_t* at(uint64_t offset) { return reinterpret_cast<uint8_t*>(kAddress + offset); }

 private:
  Arena();
};

class Silent final : public Interrupts {
 public:
  void raise(uint32_t) override {}
  bool reportMemoryFault(const MemoryFault&) override { return false; }
  bool isMailbox(uint64_t address) const override {
    return address >= Arena::kAddress && address < Arena::kAddress + 4096 && address % 8 == 0;
  }
};

AgentModel agentOf(Target target);
// The worker pool, with no doorbells.
void startWorkers();

}  // namespace softgpu::fuzz
