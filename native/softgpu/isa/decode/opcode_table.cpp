#include "isa/decode/opcode_table.h"

#include <cstddef>
#include <iterator>

namespace softgpu {

namespace {

constexpr OpcodeRow kRows[] = {
#define ROW(encoding, number, name, mnemonic, targets) \
  {Encoding::encoding, number, Opcode::name, mnemonic, static_cast<uint8_t>(targets)},
#include "isa/tables/encodings.def"
#undef ROW
};

constexpr size_t kTargets = 5, kEncodings = 20, kOpcodes = static_cast<size_t>(Opcode::count);
constexpr uint16_t kNoRow = 0xffff;

// Width of the opcode field, and with it where each encoding's slice begins.
constexpr unsigned opcodeBits(Encoding e) {
  switch (e) {
    case Encoding::VOP3:
      return 10;
    case Encoding::SOPK:
      return 5;
    case Encoding::VOP2:
      return 6;
    case Encoding::VINTRP:
      return 2;
    case Encoding::MTBUF:
      return 4;
    case Encoding::EXP:
      return 0;
    case Encoding::SOP2:
    case Encoding::SOPC:
    case Encoding::SOPP:
    case Encoding::VOP3P:
    case Encoding::FLAT:
    case Encoding::GLOBAL:
    case Encoding::SCRATCH:
    case Encoding::MUBUF:
      return 7;
    default:
      return 8;
  }
}

struct Slices {
  size_t begin[kEncodings + 1] = {};
  constexpr Slices() {
    for (size_t e = 0; e < kEncodings; ++e)
      begin[e + 1] = begin[e] + (size_t{1} << opcodeBits(static_cast<Encoding>(e)));
  }
};
constexpr Slices kSlices;

struct Index {
  uint16_t row[kTargets][kSlices.begin[kEncodings]];
  uint16_t first[kTargets][kOpcodes];      // a row of the operation
  uint32_t encodings[kTargets][kOpcodes];  // bit per Encoding
  constexpr Index() : row{}, first{}, encodings{} {
    for (auto& t : row)
      for (auto& r : t) r = kNoRow;
    for (auto& t : first)
      for (auto& r : t) r = kNoRow;
    for (size_t i = 0; i < std::size(kRows); ++i) {
      const OpcodeRow& r = kRows[i];
      const size_t e = static_cast<size_t>(r.encoding), op = static_cast<size_t>(r.opcode);
      for (size_t t = 0; t < kTargets; ++t) {
        if (!(r.targets >> t & 1)) continue;
        row[t][kSlices.begin[e] + r.number] = static_cast<uint16_t>(i);
        first[t][op] = static_cast<uint16_t>(i);
        encodings[t][op] |= 1u << e;
      }
    }
  }
};
constexpr Index kIndex;

constexpr const char* kNames[] = {
#define OPCODE(name) #name,
#include "isa/tables/opcodes.def"
#undef OPCODE
};

}  // namespace

const OpcodeRow* findOpcode(Target target, Encoding encoding, unsigned number) {
  const size_t e = static_cast<size_t>(encoding), slot = kSlices.begin[e] + number;
  if (slot >= kSlices.begin[e + 1]) return nullptr;
  const uint16_t row = kIndex.row[static_cast<size_t>(target)][slot];
  return row == kNoRow ? nullptr : &kRows[row];
}

const char* mnemonicOf(Target target, Opcode op) {
  if (op >= Opcode::count) return nullptr;
  const uint16_t row = kIndex.first[static_cast<size_t>(target)][static_cast<size_t>(op)];
  return row == kNoRow ? nullptr : kRows[row].mnemonic;
}

bool hasEncoding(Target target, Opcode op, Encoding encoding) {
  return op < Opcode::count &&
         (kIndex.encodings[static_cast<size_t>(target)][static_cast<size_t>(op)] >> static_cast<unsigned>(encoding) &
          1);
}

bool isInterpolation(Opcode op) {
  switch (op) {
    case Opcode::v_interp_p1_f32:
    case Opcode::v_interp_p2_f32:
    case Opcode::v_interp_mov_f32:
    case Opcode::v_interp_p1ll_f16:
    case Opcode::v_interp_p1lv_f16:
    case Opcode::v_interp_p2_f16:
    case Opcode::v_interp_p2_legacy_f16:
      return true;
    default:
      return false;
  }
}

const char* opcodeName(Opcode op) {
  return op < Opcode::count ? kNames[static_cast<size_t>(op)] : "?";
}

}  // namespace softgpu
