// One decoded instruction, as its encoding states it and before any meaning is given to it. `decode` is the only reader
// of encodings; `disassemble` and the lowering of each encoding class start from here.
#pragma once

#include <cstdint>
#include <string>

#include "isa/target.h"

namespace softgpu {

enum class Opcode : uint16_t {
#define OPCODE(name) name,
#include "isa/tables/opcodes.def"
#undef OPCODE
  count
};

enum class Encoding : uint8_t {
  SOP2,
  SOPK,
  SOP1,
  SOPC,
  SOPP,
  SMEM,
  VOP2,
  VOP1,
  VOPC,
  VOP3,
  VOP3P,
  VINTRP,
  DS,
  FLAT,
  GLOBAL,
  SCRATCH,
  MUBUF,
  MTBUF,
  MIMG,
  EXP,
};

// Operand numbers as the 9-bit SRC field writes them (Vega ISA, "Operands"): 0-101 SGPR, 102-127 special registers,
// 128-208 inline integers, 235-239 apertures, 240-248 inline floats, 251 VCCZ, 252 EXECZ, 253 SCC, 254 LDS direct,
// 255 literal, 256-511 VGPR. AccVGPRs (gfx908, gfx90a) are 512-767.
namespace operand {
constexpr uint16_t kFlatScratchLo = 102, kXnackMaskLo = 104, kVccLo = 106, kTtmp0 = 108, kM0 = 124, kExecLo = 126;
constexpr uint16_t kInlineZero = 128, kSharedBase = 235, kSharedLimit = 236, kPrivateBase = 237, kPrivateLimit = 238;
constexpr uint16_t kInlineHalf = 240, kVccz = 251, kExecz = 252, kScc = 253, kLdsDirect = 254, kLiteral = 255;
constexpr uint16_t kVgpr0 = 256, kAccVgpr0 = 512;
constexpr uint16_t kNone = 0xffff;
constexpr bool isVgpr(uint16_t n) {
  return n >= kVgpr0 && n < kAccVgpr0;
}
constexpr bool isAccVgpr(uint16_t n) {
  return n >= kAccVgpr0 && n < kAccVgpr0 + 256;
}
constexpr bool isSgpr(uint16_t n) {
  return n < 128;
}
constexpr bool isConstant(uint16_t n) {  // inline or literal
  return (n >= kInlineZero && n <= 208) || (n >= kInlineHalf && n <= 248) || n == kLiteral;
}
}  // namespace operand

struct Sdwa {
  bool present = false;
  uint8_t dstSel = 6, dstUnused = 0;  // selectors: 0-3 BYTE_0..3, 4-5 WORD_0..1, 6 DWORD
  uint8_t srcSel[2] = {6, 6};
  bool srcSext[2] = {false, false};
};

struct Dpp {
  bool present = false;
  uint16_t control = 0;  // dpp_ctrl
  uint8_t rowMask = 0xf, bankMask = 0xf;
  bool boundCtrl = false;
};

struct Instruction {
  Opcode opcode{};
  Encoding encoding{};
  uint8_t words = 1;          // dwords in the encoding, literal and SDWA/DPP words counted
  uint8_t rawWords[16] = {};  // the bytes themselves, little-endian

  // Operands by role; operand::kNone where the instruction has none. VGPR fields hold 256 + n.
  uint16_t dst = operand::kNone;   // vector or scalar result; SMEM sdata; memory loads' vdst (also returning atomics)
  uint16_t sdst = operand::kNone;  // scalar result beside dst: carry-out, VOPC's VCC or VOP3 SGPR pair, v_div_scale
  uint16_t src[4] = {operand::kNone, operand::kNone, operand::kNone, operand::kNone};
  // ALU: src0..2 (VOP2's implied VCC as src[2]; SOPK's tied dst as src[0]).
  // Memory: src[0] address (vaddr; SMEM sbase), src[1] data0 (vdata), src[2] DS data1,
  // src[3] scalar base (saddr; MUBUF/MTBUF/MIMG srsrc)
  uint16_t soffset = operand::kNone;  // SMEM register offset; MUBUF/MTBUF soffset
  uint32_t literal = 0;               // where a source is operand::kLiteral, and s_setreg_imm32_b32's second word
  int32_t imm = 0;  // SOPP/SOPK simm16 sign-extended; memory byte offset (signed where the encoding is);
                    // DS offset0 | offset1 << 8, or the 16-bit offset

  // Modifiers. Bit i belongs to source i.
  uint8_t neg = 0, abs = 0;        // VOP3, SDWA and DPP alike; VOP3P: neg_lo in neg, neg_hi in abs
  uint8_t opSel = 0, opSelHi = 0;  // VOP3 op_sel (bit 3: destination), VOP3P op_sel and op_sel_hi
  uint8_t omod = 0;                // 1: *2, 2: *4, 3: /2
  bool clamp = false;
  uint8_t cbsz = 0, abid = 0, blgp = 0;  // matrix operations: broadcast size, id and B's lane group pattern
  Sdwa sdwa;
  Dpp dpp;

  // Memory bits.
  bool glc = false, slc = false, lds = false, tfe = false, gds = false, offen = false, idxen = false, nv = false,
       scc = false;
  bool immOffset = false;  // SMEM: `imm` is the offset
  uint8_t format = 0;      // MTBUF dfmt | nfmt << 4
  uint8_t dmask = 0;       // MIMG, EXP
};

// Reads one instruction from at most `available` dwords at `code`. False where the bits are no instruction of the
// target (then only `words` = 1 and `rawWords` are set) or run past `available`.
bool decode(const uint32_t* code, uint32_t available, Target target, Instruction& out);

// LLVM's syntax. `pc` resolves branch targets.
std::string disassemble(const Instruction& in, Target target, uint64_t pc);
const char* opcodeName(Opcode op);

}  // namespace softgpu
