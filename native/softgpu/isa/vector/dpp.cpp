#include "isa/vector/dpp.h"

#include <array>

#include "isa/vector/operation.h"

namespace softgpu::vector {
namespace {

constexpr unsigned kControls = 0x160;

// The source of lane n, or a negative number (Vega ISA, 13.3.9; row_newbcast: CDNA2 ISA).
constexpr int sourceOf(unsigned control, int n) {
  const int amount = static_cast<int>(control & 15), row = n & 0x30, lane = n & 15;
  switch (control >> 4) {
    case 0x10:
      return lane + amount < 16 ? n + amount : -1;  // row_shl
    case 0x11:
      return lane >= amount ? n - amount : -1;  // row_shr
    case 0x12:
      return row + ((lane - amount) & 15);  // row_ror
    case 0x13:
      switch (control) {
        case 0x130:
          return n < 63 ? n + 1 : -1;  // wave_shl
        case 0x134:
          return (n + 1) & 63;  // wave_rol
        case 0x138:
          return n - 1;  // wave_shr
        default:
          return (n - 1) & 63;  // wave_ror
      }
    case 0x14:
      switch (control) {
        case 0x140:
          return row + 15 - lane;  // row_mirror
        case 0x141:
          return (n & 0x38) + 7 - (n & 7);  // row_half_mirror
        case 0x142:
          return row - 1;  // row_bcast15
        default:
          return n >= 32 ? 31 : -1;  // row_bcast31
      }
    case 0x15:
      return row + amount;  // row_newbcast
    default:
      return (n & 0x3c) + static_cast<int>(control >> (2 * (n & 3)) & 3);  // quad_perm
  }
}

std::array<DppPattern, kControls> makePatterns() {
  std::array<DppPattern, kControls> patterns{};
  for (unsigned control = 0; control < kControls; ++control) {
    for (int n = 0; n < 64; ++n) {
      const int from = sourceOf(control, n);
      patterns[control].from[n] = static_cast<uint8_t>(from < 0 ? n : from);
      if (from >= 0) patterns[control].inRange |= 1ull << n;
    }
  }
  return patterns;
}

}  // namespace

bool isDppControl(uint16_t control, bool gfx90a) {
  if (control <= 0xff) return true;
  if (control < 0x130) return control != 0x100 && control != 0x110 && control != 0x120;
  if (control < 0x140) return control % 4 == 0;
  return control <= 0x143 || (gfx90a && control >= 0x150 && control <= 0x15f);
}

const DppPattern& dppPattern(const MicroOp* op) {
  static const std::array<DppPattern, kControls> patterns = makePatterns();
  return patterns[op->extra[kDppControlLow] | op->extra[kDppControlHigh] << 8];
}

uint64_t dppValid(const DppPattern& pattern, uint64_t exec) {
  if (exec == ~0ull) return pattern.inRange;
  // A wave that uses DPP uses few patterns and masks.
  struct Known {
    const DppPattern* pattern;
    uint64_t exec, valid;
  };
  thread_local Known known[4];
  Known& place = known[(reinterpret_cast<uintptr_t>(&pattern) / sizeof pattern) % 4];
  if (place.pattern != &pattern || place.exec != exec) {
    uint64_t valid = 0;
    for (unsigned n = 0; n < 64; ++n) valid |= (exec >> pattern.from[n] & 1) << n;
    place = {&pattern, exec, valid & pattern.inRange};
  }
  return place.valid;
}

uint64_t dppWritten(const MicroOp* op, uint64_t exec) {
  uint64_t written = exec;
  for (unsigned i = 0; i < 4; ++i) {
    if (!(op->extra[kDppRowMask] >> i & 1)) written &= ~(0xffffull << (16 * i));
    if (!(op->extra[kDppBankMask] >> i & 1)) written &= ~(0x000f000f000f000full << (4 * i));
  }
  return op->extra[kDppBoundControl] ? written : written & dppValid(dppPattern(op), exec);
}

}  // namespace softgpu::vector
