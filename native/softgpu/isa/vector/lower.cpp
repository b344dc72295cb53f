// From a decoded VALU instruction to its micro-op: operand kinds, modifiers, and the handler that the result asks for.
#include "isa/vector/lower.h"

#include "isa/vector/constants.h"
#include "isa/vector/dpp.h"
#include "isa/vector/matrix.h"

namespace softgpu::vector {
namespace {

// 16-bit operations that keep the other half of their destination. gfx8 zeroes it always; gfx9 keeps it in the
// operations that have op_sel and in the accumulating ones, and zeroes it in those that gfx8 already had (Vega ISA,
// V_MAD_F16 and V_MAD_LEGACY_F16; LLVM, GCNSubtarget::zeroesHigh16BitsOfDest).
bool preservesOtherHalf(Opcode op, Target target) {
  if (op == Opcode::v_mad_mixlo_f16 || op == Opcode::v_fma_mixlo_f16) return true;
  if (target == Target::gfx803) return false;
  switch (op) {
    case Opcode::v_mad_f16:
    case Opcode::v_mad_u16:
    case Opcode::v_mad_i16:
    case Opcode::v_fma_f16:
    case Opcode::v_div_fixup_f16:
    case Opcode::v_mac_f16:
    case Opcode::v_madmk_f16:
    case Opcode::v_madak_f16:
    case Opcode::v_min3_f16:
    case Opcode::v_min3_i16:
    case Opcode::v_min3_u16:
    case Opcode::v_max3_f16:
    case Opcode::v_max3_i16:
    case Opcode::v_max3_u16:
    case Opcode::v_med3_f16:
    case Opcode::v_med3_i16:
    case Opcode::v_med3_u16:
    case Opcode::v_add_i16:
    case Opcode::v_sub_i16:
      return true;
    default:
      return false;
  }
}

bool writesHighHalf(const Instruction& in) {
  return in.opcode == Opcode::v_mad_mixhi_f16 || in.opcode == Opcode::v_fma_mixhi_f16 ||
         (in.encoding == Encoding::VOP3 && in.opSel & 8);
}

// Operations on which MODE's denormal fields have no say: they look at bits (class, moves), or say themselves what they
// flush; gfx8's minimum and maximum pass denormals through (LLVM, supportsMinMaxDenormModes).
bool keepsDenormals(Opcode op, Target target) {
  switch (op) {
    case Opcode::v_cmp_class_f16:
    case Opcode::v_cmp_class_f32:
    case Opcode::v_cmp_class_f64:
    case Opcode::v_cmpx_class_f16:
    case Opcode::v_cmpx_class_f32:
    case Opcode::v_cmpx_class_f64:
    case Opcode::v_pk_mov_b32:
    case Opcode::v_div_scale_f32:
    case Opcode::v_div_scale_f64:
    case Opcode::v_div_fixup_f16:
    case Opcode::v_div_fixup_f32:
    case Opcode::v_div_fixup_f64:
    case Opcode::v_div_fixup_legacy_f16:
    case Opcode::v_div_fmas_f32:
    case Opcode::v_div_fmas_f64:
      return true;
    case Opcode::v_min_f16:
    case Opcode::v_max_f16:
    case Opcode::v_min_f32:
    case Opcode::v_max_f32:
    case Opcode::v_min3_f32:
    case Opcode::v_max3_f32:
    case Opcode::v_med3_f32:
    case Opcode::v_min_f64:
    case Opcode::v_max_f64:
      return target == Target::gfx803;
    default:
      return false;
  }
}

bool lowerSource(uint16_t number, Source& out) {
  using namespace operand;
  if (isVgpr(number)) {
    out = {static_cast<uint16_t>(number - kVgpr0), SourceKind::Vgpr, 0};
  } else if (isAccVgpr(number)) {
    out = {static_cast<uint16_t>(number - kAccVgpr0), SourceKind::AccVgpr, 0};
  } else if (isSgpr(number)) {
    out = {number, SourceKind::Sgpr, 0};
  } else if ((number >= kInlineZero && number <= 208) || (number >= kInlineHalf && number <= 248)) {
    out = {number, SourceKind::Constant, 0};
  } else if (number == kLiteral) {
    out = {0, SourceKind::Literal, 0};
  } else if ((number >= kSharedBase && number <= kPrivateLimit) || (number >= kVccz && number <= kScc)) {
    out = {number, SourceKind::Special, 0};
  } else {
    return false;  // LDS direct and what no encoding names
  }
  return true;
}

uint8_t modifiersOf(const Instruction& in, unsigned i, Type type) {
  const bool neg = in.neg >> i & 1, abs = in.abs >> i & 1, low = in.opSel >> i & 1, high = in.opSelHi >> i & 1;
  uint8_t m = 0;
  if (in.encoding == Encoding::VOP3P) {
    if (type == Type::Mix) return kMixed;
    if (isPacked16(type) || type == Type::PackedF32) return neg || abs || low || !high ? kHalves : 0;
    return neg && type == Type::F32 ? kNegate : 0;
  }
  if (type == Type::Mask) return 0;
  if (neg) m |= kNegate;
  if (abs) m |= kAbsolute;
  if (in.sdwa.present && i < 2 && (in.sdwa.srcSel[i] != 6 || in.sdwa.srcSext[i])) m |= kSelect;
  if (in.dpp.present && i == 0) m |= kPermute;
  if (in.encoding == Encoding::VOP3 && low && is16(type)) m |= kHigh;
  return m;
}

// Whether the first source is an SGPR or a literal and the others are vector registers. An inline constant becomes a
// literal on the way.
bool firstIsUniform(const Operation& operation, MicroOp& out) {
  for (unsigned i = 1; i < 3; ++i) {
    const Source& source = out.src[i];
    const SourceKind kind = operation.src[i] == Type::Mask ? SourceKind::Sgpr : SourceKind::Vgpr;
    if (operation.src[i] == Type::None) continue;
    if (source.kind != kind || source.modifiers != 0) return false;
  }
  Source& first = out.src[0];
  if (first.modifiers != 0) return false;
  if (first.kind == SourceKind::Constant) {
    out.literal = constantRow(first.index, operation.src[0])[0];
    first = {0, SourceKind::Literal, 0};
  }
  return first.kind == SourceKind::Sgpr || first.kind == SourceKind::Literal;
}

void lowerSdwa(const Sdwa& sdwa, MicroOp& out) {
  out.flags |= kSdwa;
  for (unsigned i = 0; i < 2; ++i) {
    out.extra[kSdwaSource0 + i] = static_cast<uint8_t>(sdwa.srcSel[i] | (sdwa.srcSext[i] ? 8 : 0));
  }
  out.extra[kSdwaResult] = static_cast<uint8_t>(sdwa.dstSel | sdwa.dstUnused << 3);
}

void lowerDpp(const Dpp& dpp, MicroOp& out) {
  out.flags |= kDpp;
  out.extra[kDppControlLow] = static_cast<uint8_t>(dpp.control);
  out.extra[kDppControlHigh] = static_cast<uint8_t>(dpp.control >> 8);
  out.extra[kDppBoundControl] = dpp.boundCtrl;
  out.extra[kDppRowMask] = dpp.rowMask;
  out.extra[kDppBankMask] = dpp.bankMask;
}

}  // namespace

Handler lower(const Level& level, const Instruction& in, Target target, MicroOp& out) {
  out.literal = in.literal;
  if (in.sdwa.present) lowerSdwa(in.sdwa, out);
  if (in.dpp.present) {
    if (!isDppControl(in.dpp.control, target == Target::gfx90a)) return nullptr;
    lowerDpp(in.dpp, out);
  }
  if (operand::isAccVgpr(in.dst)) {
    out.dst = static_cast<uint16_t>(in.dst - operand::kAccVgpr0);
  } else if (in.dst != operand::kNone) {
    out.dst = operand::isVgpr(in.dst) ? static_cast<uint16_t>(in.dst - operand::kVgpr0) : in.dst;
  }
  out.sdst = in.sdst;

  if (const Handler handler = level.special(in.opcode)) {
    for (unsigned i = 0; i < 3; ++i) {
      if (in.src[i] != operand::kNone && !lowerSource(in.src[i], out.src[i])) return nullptr;
    }
    const MatrixShape* shape = matrixShapeOf(in.opcode);
    if (shape && !lowerMatrix(*shape, in, target, out)) return nullptr;
    return in.sdwa.present || in.dpp.present ? nullptr : handler;
  }
  const Operation* operation = level.find(in.opcode);
  if (!operation || (operation->dst != Type::Mask && !operand::isVgpr(in.dst))) return nullptr;
  if ((operation->dst == Type::Mask || operation->carry) && !operand::isSgpr(in.sdst)) return nullptr;
  bool sources = true, registers = true;
  for (unsigned i = 0; i < 3; ++i) {
    const Type type = operation->src[i];
    if (type == Type::None) continue;
    sources &= lowerSource(in.src[i], out.src[i]);
    out.src[i].modifiers = modifiersOf(in, i, type);
    const SourceKind kind = type == Type::Mask ? SourceKind::Sgpr : SourceKind::Vgpr;
    registers &= out.src[i].kind == kind && out.src[i].modifiers == 0;
  }
  if (!sources) return nullptr;
  out.neg = in.neg;
  out.abs = in.abs;
  out.opSel = in.opSel;
  out.opSelHi = in.opSelHi;
  if (operation->writesExec) out.flags |= kWritesExec;
  if (keepsDenormals(in.opcode, target)) out.flags |= kKeepsDenormals;

  const Type type = operation->dst;
  const bool isFloat = followsMode32(type) || followsMode64(type);
  if (is16(type)) {
    if (writesHighHalf(in)) {
      out.flags |= kHighHalf;
    } else if (preservesOtherHalf(in.opcode, target)) {
      out.flags |= kPreserve;
    }
  }
  if (isFloat) {
    out.omod = in.omod;
    out.clamp = in.clamp;
  } else if (in.clamp && operation->saturated) {
    out.flags |= kSaturate;
  }
  // SDWA that selects of the sources alone; DPP that writes every lane.
  const bool wholeDword = in.sdwa.present && in.sdwa.dstSel == 6;
  const bool everyLane = in.dpp.present && in.dpp.boundCtrl && in.dpp.rowMask == 0xf && in.dpp.bankMask == 0xf;
  const uint8_t placing =
      (kSdwa | kDpp | kHighHalf | kPreserve | kSaturate) & ~(wholeDword ? kSdwa : 0) & ~(everyLane ? kDpp : 0);
  const bool resultAsIs = !(out.flags & placing) && !out.omod && !out.clamp;
  // With SDWA a compare has nothing but modified sources.
  if (!resultAsIs && (type != Type::Mask || in.dpp.present)) return level.general;
  if (registers) return operation->registers;
  return operation->uniform && firstIsUniform(*operation, out) ? operation->uniform : operation->plain;
}

}  // namespace softgpu::vector

namespace softgpu {

Handler lowerVector(const Instruction& in, Target target, MicroOp& out) {
  return vector::lower(vector::level(), in, target, out);
}

}  // namespace softgpu
