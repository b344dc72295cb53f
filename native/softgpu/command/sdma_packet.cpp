#include "command/sdma_packet.h"

namespace softgpu {
namespace {

enum Op : uint32_t {
  kNop = 0,
  kCopy = 1,
  kFence = 5,
  kTrap = 6,
  kPoll = 8,
  kAtomic = 10,
  kFill = 11,
  kTimestamp = 13,
  kCacheRequest = 17,
};
enum SubOp : uint32_t { kCopyLinear = 0, kCopyLinearRect = 4, kTimestampGetGlobal = 2 };
constexpr uint32_t kAtomicAdd64 = 47;

uint64_t address(std::span<const uint32_t> words, unsigned at) {
  return words[at] | static_cast<uint64_t>(words[at + 1]) << 32;
}

uint64_t copyCount(uint32_t word, Target target) {
  const uint32_t count = word & (target == Target::gfx90a ? 0x3fffffff : 0x3fffff);
  return target == Target::gfx803 ? count : count + 1ull;
}

// All lengths in elements; pitches and sizes are stored less one.
Transfer rectangle(std::span<const uint32_t> words) {
  const uint32_t element = words[0] >> 29;
  Transfer box;
  box.sourcePitch = ((words[4] >> 13) + 1ull) << element;
  box.sourceSlice = ((words[5] & 0xfffffff) + 1ull) << element;
  box.destinationPitch = ((words[9] >> 13) + 1ull) << element;
  box.destinationSlice = ((words[10] & 0xfffffff) + 1ull) << element;
  auto corner = [&](unsigned base, uint64_t pitch, uint64_t slice) {
    const uint64_t x = words[base + 2] & 0x3fff, y = words[base + 2] >> 16 & 0x3fff, z = words[base + 3] & 0x7ff;
    return address(words, base) + (x << element) + y * pitch + z * slice;
  };
  box.source = corner(1, box.sourcePitch, box.sourceSlice);
  box.destination = corner(6, box.destinationPitch, box.destinationSlice);
  box.rowBytes = ((words[11] & 0x3fff) + 1ull) << element;
  box.rows = (words[11] >> 16 & 0x3fff) + 1;
  box.slices = (words[12] & 0x7ff) + 1;
  return box;
}

SdmaParse take(std::span<const uint32_t> words, uint32_t count, SdmaPacket& out) {
  out.words = count;
  return words.size() >= count ? SdmaParse::Packet : SdmaParse::Truncated;
}

SdmaParse parseCopy(std::span<const uint32_t> words, Target target, SdmaPacket& out) {
  out.kind = SdmaPacket::Kind::Transfer;
  switch (words[0] >> 8 & 0xff) {
    case kCopyLinear:
      if (take(words, 7, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.transfer.rowBytes = copyCount(words[1], target);
      out.transfer.source = address(words, 3);
      out.transfer.destination = address(words, 5);
      return SdmaParse::Packet;
    case kCopyLinearRect:
      if ((words[0] >> 29) > 4) return SdmaParse::Invalid;  // elements of 1 to 16 bytes
      if (take(words, 13, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.transfer = rectangle(words);
      return SdmaParse::Packet;
    default:
      return SdmaParse::Invalid;
  }
}

SdmaParse parseFill(std::span<const uint32_t> words, Target target, SdmaPacket& out) {
  const uint32_t size = words[0] >> 30;
  if (size == 3) return SdmaParse::Invalid;
  if (take(words, 5, out) != SdmaParse::Packet) return SdmaParse::Truncated;
  out.kind = SdmaPacket::Kind::Transfer;
  out.transfer.kind = Transfer::Kind::Fill;
  out.transfer.patternBytes = static_cast<uint8_t>(1u << size);
  out.transfer.pattern = words[3];
  out.transfer.destination = address(words, 1);
  // In whole elements: since gfx9 the count is that of the last element's first byte.
  const uint64_t count = words[4] & (target == Target::gfx90a ? 0x3fffffff : 0x3fffff);
  const uint64_t whole = count >> size << size;
  out.transfer.rowBytes = target == Target::gfx803 ? whole : whole + (1u << size);
  return SdmaParse::Packet;
}

}  // namespace

SdmaParse parseSdma(std::span<const uint32_t> words, Target target, SdmaPacket& out) {
  out = {};
  if (words.empty()) return SdmaParse::Truncated;
  switch (words[0] & 0xff) {
    case kNop:
      // Its payload may be longer than what the caller has gathered: only the length matters.
      out.words = 1 + (words[0] >> 16 & 0x3fff);
      return SdmaParse::Packet;
    case kCopy:
      return parseCopy(words, target, out);
    case kFill:
      return parseFill(words, target, out);
    case kFence:
      if (take(words, 4, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.kind = SdmaPacket::Kind::Fence;
      out.address = address(words, 1);
      out.value = words[3];
      return SdmaParse::Packet;
    case kTrap:
      if (take(words, 2, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.kind = SdmaPacket::Kind::Trap;
      out.value = words[1] & 0xfffffff;
      return SdmaParse::Packet;
    case kPoll:
      if (take(words, 6, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      // A poll of a register is how the host data path is flushed: there is none.
      if ((words[0] >> 31) == 0) return SdmaParse::Packet;
      if ((words[0] >> 28 & 7) > 6) return SdmaParse::Invalid;
      out.kind = SdmaPacket::Kind::Poll;
      out.condition = static_cast<SdmaPacket::Condition>(words[0] >> 28 & 7);
      out.address = address(words, 1);
      out.value = words[3];
      out.mask = words[4];
      return SdmaParse::Packet;
    case kAtomic:
      if ((words[0] >> 25) != kAtomicAdd64) return SdmaParse::Invalid;
      if (take(words, 8, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.kind = SdmaPacket::Kind::AtomicAdd64;
      out.address = address(words, 1);
      out.value = address(words, 3);
      return SdmaParse::Packet;
    case kTimestamp:
      if ((words[0] >> 8 & 0xff) != kTimestampGetGlobal) return SdmaParse::Invalid;
      if (take(words, 3, out) != SdmaParse::Packet) return SdmaParse::Truncated;
      out.kind = SdmaPacket::Kind::Timestamp;
      out.address = address(words, 1);
      return SdmaParse::Packet;
    case kCacheRequest:
      return take(words, 5, out);  // every access is coherent already
    default:
      return SdmaParse::Invalid;
  }
}

}  // namespace softgpu
