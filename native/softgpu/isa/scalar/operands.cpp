#include "isa/scalar/operands.h"

namespace softgpu {

Handler lowerScalar(const Instruction& in, Target target, MicroOp& out) {
  if (in.encoding == Encoding::SMEM) return scalar::lowerMemory(in, target, out);
  if (Handler handler = scalar::lowerAlu(in, target, out)) return handler;
  if (Handler handler = scalar::lowerHardwareRegister(in, target, out)) return handler;
  return scalar::lowerControl(in, target, out);
}

namespace scalar {

// Apertures are 64 bits wide; a 32-bit read gives the low half (which is why compilers read pairs).
uint64_t readSpecial(const Wave& wave, unsigned operand) {
  switch (operand) {
    case operand::kSharedBase:
      return wave.sharedAperture;
    case operand::kSharedLimit:
      return wave.sharedAperture | 0xffffffff;
    case operand::kPrivateBase:
      return wave.privateAperture;
    case operand::kPrivateLimit:
      return wave.privateAperture | 0xffffffff;
    case operand::kVccz:
      return wave.vcc() == 0;
    case operand::kExecz:
      return wave.exec() == 0;
    case operand::kScc:
      return wave.scc;
    default:
      return 0;
  }
}

uint64_t inlineConstant(unsigned operand, unsigned bits) {
  if (operand >= 128 && operand <= 192) return operand - 128;
  if (operand >= 193 && operand <= 208) return ~uint64_t{0} - (operand - 193);
  // 0.5, -0.5, 1, -1, 2, -2, 4, -4, 1/(2 pi)
  constexpr uint32_t single[] = {0x3f000000, 0xbf000000, 0x3f800000, 0xbf800000, 0x40000000,
                                 0xc0000000, 0x40800000, 0xc0800000, 0x3e22f983};
  constexpr uint64_t doubles[] = {0x3fe0000000000000, 0xbfe0000000000000, 0x3ff0000000000000,
                                  0xbff0000000000000, 0x4000000000000000, 0xc000000000000000,
                                  0x4010000000000000, 0xc010000000000000, 0x3fc45f306dc9c882};
  if (operand >= operand::kInlineHalf && operand <= 248) {
    return bits == 64 ? doubles[operand - operand::kInlineHalf] : single[operand - operand::kInlineHalf];
  }
  return 0;
}

void lowerSource(const Instruction& in, unsigned source, unsigned bits, bool isSigned, MicroOp& op) {
  const uint16_t operand = in.src[source];
  Source& out = op.src[source];
  out.index = operand;
  if (operand == operand::kNone) return;
  if (operand::isSgpr(operand)) {
    out.kind = SourceKind::Sgpr;
  } else if (operand == operand::kLiteral) {
    out.kind = SourceKind::Literal;
    // Vega ISA, "Literal expansion to 64 bits".
    setConstant(op, source, isSigned ? static_cast<uint64_t>(static_cast<int32_t>(in.literal)) : in.literal);
  } else if (operand <= 208 || (operand >= operand::kInlineHalf && operand <= 248)) {
    out.kind = SourceKind::Constant;
    setConstant(op, source, inlineConstant(operand, bits));
  } else {
    out.kind = SourceKind::Special;
  }
}

uint16_t destination(uint16_t operand) {
  const bool trap = operand >= operand::kTtmp0 && operand < operand::kM0;
  return operand == operand::kNone || trap ? static_cast<uint16_t>(Wave::kDropped) : operand;
}

}  // namespace scalar
}  // namespace softgpu
