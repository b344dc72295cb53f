// SDMA packets, as ROCr's copy engine code writes them (sdma_registers.h of ROCr 5.2.3 names the fields).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "command/transfer.h"
#include "isa/target.h"

namespace softgpu {

struct SdmaPacket {
  enum class Kind : uint8_t { Nop, Transfer, Fence, Trap, Poll, AtomicAdd64, Timestamp };
  enum class Condition : uint8_t { Always, Less, LessOrEqual, Equal, NotEqual, GreaterOrEqual, Greater };

  Kind kind = Kind::Nop;
  uint32_t words = 1;
  Transfer transfer;
  uint64_t address = 0;
  uint64_t value = 0;  // Fence, Poll: 32 bits; Trap: the event
  uint32_t mask = 0;   // Poll
  Condition condition = Condition::Always;
};

enum class SdmaParse : uint8_t { Packet, Truncated, Invalid };

// The longest packet above.
constexpr uint32_t kSdmaMaxWords = 13;

// Reads the packet at the start of `words`. Counts mean bytes on gfx8 and bytes less one since; gfx90a's are wider.
SdmaParse parseSdma(std::span<const uint32_t> words, Target target, SdmaPacket& out);

}  // namespace softgpu
