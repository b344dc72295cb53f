// Runs AMDGPU assembly on the software GPU, with neither ROCr nor a driver: one wave by itself, or a dispatch on the
// worker pool. LLVM's assembler (llvm-mc-19) makes the code.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memory/address_space.h"
#include "wave/code.h"
#include "wave/dispatch.h"
#include "wave/group_slot.h"

namespace softgpu::test {

// The dwords of `text`'s .text section. Assembled once per process and text.
std::vector<uint32_t> assemble(Target target, const std::string& text);
// As many programs in one run of the assembler; numeric labels (1: … 1b) keep them apart.
std::vector<std::vector<uint32_t>> assembleAll(Target target, const std::vector<std::string>& texts);

// Host memory that the agents of `agents` may touch.
class DeviceMemory {
 public:
  explicit DeviceMemory(size_t bytes, AgentMask agents = 1);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  uint64_t address() const { return reinterpret_cast<uint64_t>(bytes_); }
  size_t size() const { return size_; }
  template <class T>
  T* as(size_t byteOffset = 0) const {
    return reinterpret_cast<T*>(bytes_ + byteOffset);
  }

 private:
  uint8_t* bytes_;
  size_t size_;
};

// One wave with 256 VGPRs, 64 KiB of LDS, all lanes on and the default MODE, alone in its workgroup.
class WaveTest {
  std::unique_ptr<GroupSlot> slot_;

 public:
  explicit WaveTest(Target target);
  ~WaveTest();

  Wave& wave;

  // Runs `text` (an s_endpgm is added) from its beginning; sleeps and slices are gone through. Answers why it stopped:
  // Stop::Ended or Stop::Fault, or Stop::Yield where it did not end within `slices`.
  Stop run(const std::string& text, unsigned slices = 1000);
  Stop run(const std::vector<uint32_t>& code, unsigned slices = 1000);

  uint32_t& s(unsigned n) { return wave.sgpr[n]; }
  uint64_t s64(unsigned n) const { return wave.pair(n); }
  void setS64(unsigned n, uint64_t value) { wave.setPair(n, value); }
  uint32_t& v(unsigned row, unsigned lane) { return wave.vgpr[row * kLanes + lane]; }
  uint64_t v64(unsigned row, unsigned lane) { return v(row, lane) | static_cast<uint64_t>(v(row + 1, lane)) << 32; }
  void setV64(unsigned row, unsigned lane, uint64_t value);
  uint64_t codeAddress() const { return code_.address(); }

 private:
  DeviceMemory code_;
  std::vector<uint32_t> last_;  // what was run before: a second run need not decode it again
  CodeSet codeSet_;
};

// A kernel in device memory, with the descriptor that `options` ask for.
struct KernelOptions {
  uint32_t vgprs = 32, sgprs = 96, accumOffset = 32;
  bool kernarg = true, dispatchPacket = false, privateSegmentBuffer = false, queue = false, dispatchId = false,
       flatScratchInit = false, privateSegmentSize = false;
  bool groupIdX = true, groupIdY = false, groupIdZ = false, groupInfo = false, scratchOffset = false;
  unsigned workItemIds = 0;
};

class Kernel {
 public:
  Kernel(Target target, const std::string& text, const KernelOptions& options = {});
  uint64_t object() const { return memory_.address(); }

 private:
  DeviceMemory memory_;
};

// An agent of 4 compute units, and the process's worker pool behind a source that tests feed.
class Gpu {
 public:
  explicit Gpu(Target target, unsigned index = 0);

  AgentModel model;

  // Kernel arguments and sizes filled in; the rest as the caller likes.
  Launch launch(const Kernel& kernel, uint32_t grid, uint16_t workgroup, uint64_t kernarg = 0);

  struct Running {
    std::shared_ptr<Dispatch> dispatch;
    // Null where it did not finish in time.
    std::optional<DispatchResult> wait(std::chrono::milliseconds timeout = std::chrono::seconds(20));

    struct State;
    std::shared_ptr<State> state;
  };
  Running submit(const Launch& launch);
  DispatchResult run(const Launch& launch);  // checks that it finished
};

}  // namespace softgpu::test
