// LLVM's assembly syntax of a decoded instruction.
#include <string>

#include "isa/decode/decoder.h"
#include "isa/decode/immediate_text.h"
#include "isa/decode/modifiers.h"
#include "isa/decode/opcode_table.h"
#include "isa/decode/operand_shape.h"
#include "isa/decode/operand_text.h"

namespace softgpu {

namespace {

class Printer {
 public:
  Printer(const Instruction& in, Target target, uint64_t pc)
      : in_(in), target_(target), pc_(pc), shape_(shapeOf(in, target)), modifiers_(modifiersOf(in, target)) {}

  std::string run() {
    text_ = mnemonic();
    switch (in_.encoding) {
      case Encoding::SOP2:
      case Encoding::SOP1:
        scalar();
        break;
      case Encoding::SOPC:
        sopc();
        break;
      case Encoding::SOPK:
        sopk();
        break;
      case Encoding::SOPP:
        sopp();
        break;
      case Encoding::SMEM:
        smem();
        break;
      case Encoding::VOP1:
      case Encoding::VOP2:
      case Encoding::VOPC:
      case Encoding::VOP3:
        vector();
        break;
      case Encoding::VOP3P:
        packed();
        break;
      case Encoding::DS:
        ds();
        break;
      case Encoding::FLAT:
      case Encoding::GLOBAL:
      case Encoding::SCRATCH:
        flat();
        break;
      case Encoding::MUBUF:
      case Encoding::MTBUF:
        buffer();
        break;
      case Encoding::VINTRP:
        interpolate();
        break;
      case Encoding::MIMG:
        image();
        break;
      case Encoding::EXP:
        exportText();
        break;
    }
    return text_;
  }

 private:
  bool has(uint16_t operand) const { return operand != operand::kNone; }

  void operand(const std::string& text) {
    text_ += first_ ? " " : ", ";
    text_ += text;
    first_ = false;
  }
  void flag(bool on, const char* text) {
    if (on) text_ += std::string(" ") + text;
  }
  std::string source(unsigned i) const {
    if (in_.src[i] == operand::kLiteral && in_.encoding == Encoding::VOP2 && isMadLiteral(i))
      return hexText(in_.literal);
    return operandText(in_.src[i], shape_.src[i], in_.literal, target_);
  }
  std::string dst() const { return registerText(in_.dst, dwordsOf(shape_.dst), target_); }
  std::string sdst() const { return registerText(in_.sdst, 2, target_); }
  uint32_t imm16() const { return static_cast<uint16_t>(in_.imm); }

  // The constant that is part of v_madmk and v_madak is always written as bits.
  bool isMadLiteral(unsigned i) const {
    switch (in_.opcode) {
      case Opcode::v_madmk_f32:
      case Opcode::v_madmk_f16:
        return i == 1;
      case Opcode::v_madak_f32:
      case Opcode::v_madak_f16:
        return i == 2;
      default:
        return false;
    }
  }

  // Operations that have a short and a VOP3 encoding say which one is meant.
  std::string mnemonic() const {
    const char* name = mnemonicOf(target_, in_.opcode);
    std::string text = name ? name : opcodeName(in_.opcode);
    const auto has = [&](Encoding e) { return hasEncoding(target_, in_.opcode, e); };
    const bool vop3 = has(Encoding::VOP3);
    const bool bare = in_.opcode == Opcode::v_nop || in_.opcode == Opcode::v_clrexcp;
    switch (in_.encoding) {
      case Encoding::VOP1:
      case Encoding::VOP2:
      case Encoding::VOPC:
        if (in_.sdwa.present)
          return in_.encoding == Encoding::VOPC && target_ == Target::gfx803 ? text : text + "_sdwa";
        if (in_.dpp.present) return text + "_dpp";
        return (vop3 && !bare) || in_.opcode == Opcode::v_pk_fmac_f16 ? text + "_e32" : text;
      case Encoding::VINTRP:
        return vop3 ? text + "_e32" : text;
      case Encoding::VOP3: {
        const bool isShort = has(Encoding::VOP1) || has(Encoding::VOP2) || has(Encoding::VOPC) || has(Encoding::VINTRP);
        return isShort && !bare ? text + "_e64" : text;
      }
      default:
        return text;
    }
  }

  // Scalar.
  void scalar() {
    if (has(in_.dst)) operand(dst());
    for (unsigned i = 0; i < 2; ++i) {
      if (has(in_.src[i])) operand(source(i));
    }
  }

  void sopc() {
    operand(source(0));
    operand(in_.opcode == Opcode::s_set_gpr_idx_on ? gprIdxText(static_cast<uint32_t>(in_.imm)) : source(1));
  }

  void sopk() {
    switch (in_.opcode) {
      case Opcode::s_getreg_b32:
        operand(dst());
        return operand(hwregText(imm16(), target_));
      case Opcode::s_setreg_b32:
      case Opcode::s_setreg_imm32_b32:
        operand(hwregText(imm16(), target_));
        return operand(source(0));
      case Opcode::s_cbranch_i_fork:
        operand(source(0));
        return branchTarget();
      case Opcode::s_call_b64:
        operand(dst());
        return branchTarget();
      default:
        operand(has(in_.dst) ? dst() : source(0));
        operand(hexText(imm16()));
    }
  }

  // The offset as LLVM's disassembler gives it, in dwords from the next instruction; where the place is known, the
  // address.
  void branchTarget() {
    operand(std::to_string(imm16()));
    if (pc_) text_ += " // " + hexText(pc_ + 4 + static_cast<int64_t>(in_.imm) * 4);
  }

  void sopp() {
    switch (in_.opcode) {
      case Opcode::s_branch:
      case Opcode::s_cbranch_scc0:
      case Opcode::s_cbranch_scc1:
      case Opcode::s_cbranch_vccz:
      case Opcode::s_cbranch_vccnz:
      case Opcode::s_cbranch_execz:
      case Opcode::s_cbranch_execnz:
      case Opcode::s_cbranch_cdbgsys:
      case Opcode::s_cbranch_cdbguser:
      case Opcode::s_cbranch_cdbgsys_or_user:
      case Opcode::s_cbranch_cdbgsys_and_user:
        return branchTarget();
      case Opcode::s_waitcnt:
        return operand(waitcntText(imm16(), target_));
      case Opcode::s_sendmsg:
      case Opcode::s_sendmsghalt:
        return operand(sendmsgText(imm16(), target_));
      case Opcode::s_set_gpr_idx_mode:
        return operand(gprIdxText(imm16()));
      case Opcode::s_endpgm:
        if (imm16()) operand(std::to_string(imm16()));
        return;
      case Opcode::s_barrier:
      case Opcode::s_icache_inv:
      case Opcode::s_wakeup:
      case Opcode::s_ttracedata:
      case Opcode::s_endpgm_saved:
      case Opcode::s_endpgm_ordered_ps_done:
      case Opcode::s_set_gpr_idx_off:
        return;
      default:
        operand(smallImmediateText(imm16()));
    }
  }

  void smem() {
    if (in_.opcode == Opcode::s_atc_probe || in_.opcode == Opcode::s_atc_probe_buffer)
      operand(smallImmediateText(in_.literal));
    if (has(in_.dst)) operand(dst());
    if (has(in_.src[0])) {
      operand(source(0));
      const std::string offset =
          in_.imm < 0 ? "-" + hexText(static_cast<uint32_t>(-in_.imm)) : hexText(static_cast<uint32_t>(in_.imm));
      operand(has(in_.soffset) ? registerText(in_.soffset, 1, target_) : offset);
      if (has(in_.soffset) && in_.immOffset) text_ += " offset:" + offset;
    }
    flag(in_.glc && has(in_.dst) && has(in_.src[0]), "glc");
  }

  // Vector.
  std::string modifiedSource(unsigned i) const {
    std::string text = source(i);
    const bool neg = in_.neg & modifiers_.neg & (1u << i), abs = in_.abs & modifiers_.abs & (1u << i);
    if (in_.sdwa.present && in_.sdwa.srcSext[i & 1] && (modifiers_.sext >> i & 1)) return "sext(" + text + ')';
    if (neg && !(modifiers_.abs >> i & 1)) {
      // A source that takes neg but not abs is an integer, except in VOP3b, whose encoding has no abs.
      return in_.sdst == operand::kNone        ? "sext(" + text + ')'
             : operand::isConstant(in_.src[i]) ? "neg(" + text + ')'
                                               : '-' + text;
    }
    if (abs) return (neg ? "-|" : "|") + text + '|';
    if (!neg) return text;
    return operand::isConstant(in_.src[i]) ? "neg(" + text + ')' : '-' + text;
  }

  void vector() {
    if (in_.encoding == Encoding::VOP3 && isInterpolation(in_.opcode)) return interpolate();
    if (has(in_.dst)) operand(dst());
    if (has(in_.sdst)) operand(sdst());
    // An accumulator is written once; VCC as third source is written out.
    const unsigned written = isAccumulating(in_.opcode) ? 2 : 3;
    for (unsigned i = 0; i < written; ++i) {
      if (has(in_.src[i])) operand(modifiedSource(i));
    }
    if (in_.sdwa.present) return sdwa();
    if (in_.dpp.present) return dpp();
    if (in_.encoding == Encoding::VOP3) vop3Tail();
  }

  unsigned sources() const {
    unsigned n = 0;
    while (n < 3 && shape_.src[n] != DataType::None) ++n;
    return n;
  }

  // " name:[1,0,…]"
  void bitList(const char* name, unsigned mask, unsigned count, int destination = -1) {
    text_ += std::string(" ") + name + ":[";
    for (unsigned i = 0; i < count; ++i) text_ += std::string(i ? "," : "") + ((mask >> i & 1) ? '1' : '0');
    if (destination >= 0) text_ += destination ? ",1" : ",0";
    text_ += ']';
  }

  void outputModifiers() {
    flag(in_.clamp && modifiers_.clamp, "clamp");
    if (!modifiers_.omod) return;
    constexpr const char* names[] = {"", " mul:2", " mul:4", " div:2"};
    text_ += names[in_.omod & 3];
  }

  void vop3Tail() {
    if (in_.opSel & modifiers_.opSel) bitList("op_sel", in_.opSel, sources(), in_.opSel >> 3 & 1);
    outputModifiers();
  }

  void sdwa() {
    constexpr const char* selectors[] = {"BYTE_0", "BYTE_1", "BYTE_2", "BYTE_3", "WORD_0", "WORD_1", "DWORD"};
    constexpr const char* unused[] = {"UNUSED_PAD", "UNUSED_SEXT", "UNUSED_PRESERVE"};
    outputModifiers();
    if (in_.encoding != Encoding::VOPC) {
      text_ += std::string(" dst_sel:") + selectors[in_.sdwa.dstSel] + " dst_unused:" + unused[in_.sdwa.dstUnused];
    }
    text_ += std::string(" src0_sel:") + selectors[in_.sdwa.srcSel[0]];
    if (has(in_.src[1])) text_ += std::string(" src1_sel:") + selectors[in_.sdwa.srcSel[1]];
  }

  void dpp() {
    text_ += ' ' + dppControlText(in_.dpp.control) + " row_mask:" + hexText(in_.dpp.rowMask) +
             " bank_mask:" + hexText(in_.dpp.bankMask);
    flag(in_.dpp.boundCtrl, "bound_ctrl:1");
  }

  bool isMix() const {
    switch (in_.opcode) {
      case Opcode::v_mad_mix_f32:
      case Opcode::v_mad_mixlo_f16:
      case Opcode::v_mad_mixhi_f16:
      case Opcode::v_fma_mix_f32:
      case Opcode::v_fma_mixlo_f16:
      case Opcode::v_fma_mixhi_f16:
        return true;
      default:
        return false;
    }
  }

  void packed() {
    operand(dst());
    const unsigned n = sources(), all = (1u << n) - 1;
    const bool matrix =
        in_.opcode == Opcode::v_accvgpr_read_b32 || in_.opcode == Opcode::v_accvgpr_write_b32 || in_.rawWords[2] & 0x40;
    const bool mix = isMix();
    if (mix) modifiers_.neg = modifiers_.abs = 7;
    for (unsigned i = 0; i < n; ++i) operand(mix ? modifiedSource(i) : source(i));
    if (matrix) {
      if (in_.cbsz) text_ += " cbsz:" + std::to_string(in_.cbsz);
      if (in_.abid) text_ += " abid:" + std::to_string(in_.abid);
      if (in_.blgp) text_ += " blgp:" + std::to_string(in_.blgp);
      return;
    }
    if (in_.opSel & all) bitList("op_sel", in_.opSel, n);
    if ((in_.opSelHi & all) != (mix ? 0 : all)) bitList("op_sel_hi", in_.opSelHi, n);
    if (!mix && (in_.neg & all)) bitList("neg_lo", in_.neg, n);
    if (!mix && (in_.abs & all)) bitList("neg_hi", in_.abs, n);
    flag(in_.clamp, "clamp");
  }

  // Memory.
  void ds() {
    if (has(in_.dst)) operand(dst());
    for (unsigned i = 0; i < 3; ++i) {
      if (has(in_.src[i])) operand(registerText(in_.src[i], dwordsOf(shape_.src[i]), target_));
    }
    if (in_.opcode == Opcode::ds_swizzle_b32) {
      text_ += swizzleText(imm16());
    } else if (hasTwoOffsets()) {
      if (in_.imm & 0xff) text_ += " offset0:" + std::to_string(in_.imm & 0xff);
      if (in_.imm >> 8) text_ += " offset1:" + std::to_string(in_.imm >> 8);
    } else if (in_.imm && in_.opcode != Opcode::ds_nop) {
      text_ += " offset:" + std::to_string(in_.imm);
    }
    flag(in_.gds && in_.opcode != Opcode::ds_nop && in_.opcode != Opcode::ds_permute_b32 &&
             in_.opcode != Opcode::ds_bpermute_b32,
         "gds");
  }

  bool hasTwoOffsets() const {
    const std::string name = opcodeName(in_.opcode);
    for (const char* prefix : {"ds_read2", "ds_write2", "ds_wrxchg2"}) {
      if (name.starts_with(prefix)) return true;
    }
    return false;
  }

  void memoryOffset() {
    if (in_.imm) text_ += " offset:" + std::to_string(in_.imm);
  }

  void flat() {
    if (has(in_.dst)) operand(dst());
    operand(has(in_.src[0]) ? registerText(in_.src[0], dwordsOf(shape_.src[0]), target_) : "off");
    if (has(in_.src[1])) operand(registerText(in_.src[1], dwordsOf(shape_.src[1]), target_));
    if (in_.encoding != Encoding::FLAT) {
      operand(has(in_.src[3]) ? registerText(in_.src[3], dwordsOf(shape_.src[3]), target_) : "off");
    }
    memoryOffset();
    flag(in_.glc, "glc");
    flag(in_.slc, "slc");
    flag(in_.scc, "scc");
    flag(in_.lds, "lds");
  }

  void buffer() {
    if (!has(in_.src[3])) return;
    const unsigned data = has(in_.src[1]) ? dwordsOf(shape_.src[1]) : dwordsOf(shape_.dst);
    if (has(in_.src[1]) || has(in_.dst)) operand(registerText(has(in_.src[1]) ? in_.src[1] : in_.dst, data, target_));
    if (in_.opcode != Opcode::buffer_store_lds_dword) {
      operand(has(in_.src[0]) ? registerText(in_.src[0], dwordsOf(shape_.src[0]), target_) : "off");
    }
    operand(registerText(in_.src[3], 4, target_));
    operand(operandText(in_.soffset, DataType::B32, 0, target_));
    if (in_.encoding == Encoding::MTBUF) text_ += bufferFormatText(in_.format);
    flag(in_.idxen, "idxen");
    flag(in_.offen, "offen");
    memoryOffset();
    const bool storesLds = in_.opcode == Opcode::buffer_store_lds_dword;
    flag(storesLds, "lds");
    flag(in_.glc, "glc");
    flag(in_.slc, "slc");
    flag(in_.scc, "scc");
    flag(in_.tfe, "tfe");
    flag(in_.lds && !storesLds, "lds");
  }

  // Graphics.
  void interpolate() {
    operand(dst());
    if (in_.opcode == Opcode::v_interp_mov_f32) {
      constexpr const char* parameters[] = {"p10", "p20", "p0"};
      const uint32_t p = in_.literal;
      operand(p < 3 ? parameters[p] : "invalid_param_" + std::to_string(p));
    } else if (has(in_.src[0])) {
      operand(modifiedSource(0));
    }
    const uint32_t attribute = static_cast<uint32_t>(in_.imm) & 0xff;
    operand("attr" + std::to_string(attribute >> 2) + '.' + "xyzw"[attribute & 3]);
    if (has(in_.src[1])) operand(modifiedSource(1));
    const bool half = !hasEncoding(target_, in_.opcode, Encoding::VINTRP);
    flag(half && in_.imm >> 8, "high");
    if (in_.encoding == Encoding::VOP3) outputModifiers();
  }

  void image() {
    const bool stored = has(in_.src[1]);
    operand(registerText(stored ? in_.src[1] : in_.dst, dwordsOf(stored ? shape_.src[1] : shape_.dst), target_));
    operand(registerText(in_.src[0], dwordsOf(shape_.src[0]), target_));
    operand(registerText(in_.src[3], 8, target_));
    if (has(in_.soffset)) operand(registerText(in_.soffset, 4, target_));
    if (in_.dmask) text_ += " dmask:" + hexText(in_.dmask);
    const unsigned flags = in_.rawWords[1] >> 4 | in_.rawWords[2] << 4;  // bits 12 and up
    flag(flags & 1, "unorm");
    flag(in_.glc, "glc");
    flag(in_.slc, "slc");
    flag(in_.scc, "scc");
    flag(flags & 8, target_ == Target::gfx803 ? "r128" : "a16");
    flag(in_.tfe, "tfe");
    flag(flags & 32, "lwe");
    flag(flags & 4, "da");
    flag(in_.format, "d16");
  }

  void exportText() {
    operand(exportTargetText(static_cast<uint32_t>(in_.imm)));
    const bool compressed = in_.rawWords[1] >> 2 & 1, done = in_.rawWords[1] >> 3 & 1, valid = in_.rawWords[1] >> 4 & 1;
    for (unsigned i = 0; i < 4; ++i) {
      text_ += i ? ", " : " ";
      text_ += (in_.dmask >> i & 1) ? registerText(in_.src[compressed ? i / 2 : i], 1, target_) : "off";
    }
    flag(done, "done");
    flag(compressed, "compr");
    flag(valid, "vm");
  }

  const Instruction& in_;
  Target target_;
  uint64_t pc_;
  OperandShape shape_;
  Modifiers modifiers_;
  std::string text_;
  bool first_ = true;
};

}  // namespace

std::string disassemble(const Instruction& in, Target target, uint64_t pc) {
  return Printer(in, target, pc).run();
}

}  // namespace softgpu
