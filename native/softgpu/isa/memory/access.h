// What a memory instruction does at an address, whichever way it got the address.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "isa/instruction.h"
#include "isa/memory/lanes.h"

namespace softgpu {

enum class Access : uint8_t {
  LoadU8,
  LoadS8,
  LoadU16,
  LoadS16,
  LoadU8Low,
  LoadU8High,
  LoadS8Low,
  LoadS8High,
  LoadB16Low,
  LoadB16High,  // d16: one half of the register, the other kept
  LoadB32,
  LoadB64,
  LoadB96,
  LoadB128,
  StoreB8,
  StoreB8High,
  StoreB16,
  StoreB16High,
  StoreB32,
  StoreB64,
  StoreB96,
  StoreB128,
  moves,  // the accesses before this one have a loop per host level (simd/move.cpp)

  Swap = moves,
  CmpSwap,
  Add,
  Sub,
  SMin,
  UMin,
  SMax,
  UMax,
  And,
  Or,
  Xor,
  Inc,
  Dec,
  SwapX2,
  CmpSwapX2,
  AddX2,
  SubX2,
  SMinX2,
  UMinX2,
  SMaxX2,
  UMaxX2,
  AndX2,
  OrX2,
  XorX2,
  IncX2,
  DecX2,
  AddF32,
  PkAddF16,
  AddF64,
  MinF64,
  MaxF64,
  count,
};

constexpr bool isLoad(Access a) {
  return a <= Access::LoadB128;
}
constexpr bool isStore(Access a) {
  return a >= Access::StoreB8 && a < Access::moves;
}
constexpr bool isAtomic(Access a) {
  return a >= Access::moves;
}

// Bytes that one lane touches.
constexpr unsigned bytesOf(Access a) {
  switch (a) {
    case Access::LoadU8:
    case Access::LoadS8:
    case Access::LoadU8Low:
    case Access::LoadU8High:
    case Access::LoadS8Low:
    case Access::LoadS8High:
    case Access::StoreB8:
    case Access::StoreB8High:
      return 1;
    case Access::LoadU16:
    case Access::LoadS16:
    case Access::LoadB16Low:
    case Access::LoadB16High:
    case Access::StoreB16:
    case Access::StoreB16High:
      return 2;
    case Access::LoadB64:
    case Access::StoreB64:
    case Access::AddF64:
    case Access::MinF64:
    case Access::MaxF64:
      return 8;
    case Access::LoadB96:
    case Access::StoreB96:
      return 12;
    case Access::LoadB128:
    case Access::StoreB128:
      return 16;
    default:
      return a >= Access::SwapX2 && a <= Access::DecX2 ? 8 : 4;
  }
}

// Dwords of `vdst` that a load or a returning atomic writes.
constexpr unsigned resultRows(Access a) {
  return (bytesOf(a) + 3) / 4;
}

// Moves data between the registers of `op` and memory. Loads and returning atomics write op->dst; stores and atomics
// read op->src[1]. Every address has been checked.
using AccessFunction = void (*)(Wave& wave, const MicroOp* op, const Lanes& lanes);

extern const std::array<AccessFunction, static_cast<size_t>(Access::count) - static_cast<size_t>(Access::moves)>
    kAtomicAccess;

// The access of a FLAT, GLOBAL, SCRATCH or MUBUF opcode; none for format conversions, cache control and LDS stores.
std::optional<Access> accessOf(Opcode opcode);

}  // namespace softgpu
