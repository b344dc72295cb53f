// A wave whose memory, LDS and registers a test fills, and that executes single instructions given as LLVM writes them.
#pragma once

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "harness.h"
#include "memory/address_space.h"
#include "wave/code.h"
#include "wave/wave.h"

namespace softgpu::memorytest {

// Pages that the test's agent may touch, between pages that nobody may.
class MappedMemory {
 public:
  explicit MappedMemory(uint64_t bytes);
  ~MappedMemory();
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return begin_ + bytes_; }
  uint8_t* data() const { return reinterpret_cast<uint8_t*>(begin_); }
  template <class T>
  T get(uint64_t offset) const {
    T value;
    std::memcpy(&value, data() + offset, sizeof value);
    return value;
  }
  template <class T>
  void put(uint64_t offset, T value) {
    std::memcpy(data() + offset, &value, sizeof value);
  }
  void fill(uint32_t seed);

 private:
  uint64_t bytes_, reserved_, begin_;
};

class MemoryWave {
 public:
  static constexpr uint32_t kLdsBytes = 16384;
  static constexpr uint64_t kSharedAperture = 0x1000000000000, kPrivateAperture = 0x2000000000000;

  explicit MemoryWave(Target target);

  // Executes one instruction. False where the wave stopped at it (see wave->fault).
  bool run(const std::string& line);
  bool run(const std::vector<uint32_t>& words);
  // Whether the instruction has an implementation.
  bool implemented(const std::vector<uint32_t>& words);

  uint32_t& v(unsigned row, unsigned lane) { return wave->vgpr[row * kLanes + lane]; }
  uint32_t& acc(unsigned row, unsigned lane) { return wave->accVgpr[row * kLanes + lane]; }
  uint64_t v64(unsigned row, unsigned lane) { return v(row, lane) | uint64_t{v(row + 1, lane)} << 32; }
  void set64(unsigned row, unsigned lane, uint64_t value) {
    v(row, lane) = static_cast<uint32_t>(value);
    v(row + 1, lane) = static_cast<uint32_t>(value >> 32);
  }
  // Random bits in rows [first, first + count) of both files.
  void randomize(unsigned first, unsigned count, uint32_t seed);
  uint32_t lds32(uint32_t at) const {
    uint32_t value;
    std::memcpy(&value, wave->lds + at, 4);
    return value;
  }

  Target target;
  std::unique_ptr<Wave> wave = std::make_unique<Wave>();

 private:
  std::vector<uint32_t> vgprs_, accVgprs_, lds_;
  MappedMemory code_{4096};
  std::shared_ptr<CodeRegion> region_;
};

constexpr uint64_t kAll = ~0ull;
// Full, tails, holes, single lanes, none.
constexpr uint64_t kExecs[] = {kAll,       0xffff,     kAll >> 1, 0x8000000000000001, 0x5555aaaa0f0ff001, 1,
                               1ull << 63, 1ull << 37, 0};

}  // namespace softgpu::memorytest
