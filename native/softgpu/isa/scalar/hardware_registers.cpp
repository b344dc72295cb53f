// s_getreg and s_setreg (Vega ISA, 5.8; register numbers and gfx9's additions as LLVM's assembler names them).
#include "isa/scalar/operands.h"
#include "isa/scalar/stepping.h"
#include "wave/workgroup.h"

namespace softgpu::scalar {
namespace {

enum HardwareRegister : unsigned {
  kMode = 1,
  kStatus = 2,
  kTrapStatus = 3,
  kHardwareId = 4,
  kGprAllocation = 5,
  kLdsAllocation = 6,
  kIbStatus = 7,
  kMemoryBases = 15,
  kTrapBaseLow = 16,
  kTrapMemoryHigh = 19,
};

bool readable(unsigned id, Target target) {
  if (id == kMemoryBases || (id >= kTrapBaseLow && id <= kTrapMemoryHigh)) return target != Target::gfx803;
  return id >= kMode && id <= kIbStatus;
}

uint32_t status(const Wave& w) {
  constexpr uint32_t kTrapEnabled = 1u << 6, kValid = 1u << 16;
  return static_cast<uint32_t>(w.scc) | w.status | kTrapEnabled | (w.exec() == 0 ? 1u << 9 : 0) |
         (w.vcc() == 0 ? 1u << 10 : 0) | (w.group->waveCount > 1 ? 1u << 11 : 0) | kValid;
}

// Sizes in granules less one; this wave's registers and LDS begin at 0, as far as it can tell.
uint32_t gprAllocation(const Wave& w) {
  const uint32_t granule = w.target == Target::gfx90a ? 8 : 4;
  const uint32_t vgprs = w.vgprCount ? (w.vgprCount - 1) / granule : 0, sgprs = w.sgprCount ? (w.sgprCount - 1) / 8 : 0;
  return (vgprs & 63) << 8 | (sgprs & 15) << 24;
}

uint32_t readRegisterNumber(const Wave& w, unsigned id) {
  switch (id) {
    case kMode:
      return w.mode;
    case kStatus:
      return status(w);
    case kTrapStatus:
      return w.trapStatus;
    case kHardwareId:
      return w.hardwareId;
    case kGprAllocation:
      return gprAllocation(w);
    case kLdsAllocation:
      return (w.ldsBytes + 255) / 256 << 12;
    case kMemoryBases:
      return static_cast<uint32_t>(w.privateAperture >> 48) | static_cast<uint32_t>(w.sharedAperture >> 48) << 16;
    default:
      return 0;  // IB_STS: nothing is ever outstanding; TBA, TMA: hidden
  }
}

// SIMM16: register in 5:0, offset in 10:6, size less one in 15:11.
struct Field {
  unsigned id, offset, size;
  explicit Field(int32_t simm)
      : id(simm & 63),
        offset(static_cast<unsigned>(simm) >> 6 & 31),
        size((static_cast<unsigned>(simm) >> 11 & 31) + 1) {}
  uint32_t mask() const { return static_cast<uint32_t>((uint64_t{1} << size) - 1); }
};

const MicroOp* get(Wave& wave, const MicroOp* op) {
  const Field field(op->imm);
  writeRegister<uint32_t>(wave, op->dst, readRegisterNumber(wave, field.id) >> field.offset & field.mask());
  return next(op);
}

const MicroOp* set(Wave& wave, const MicroOp* op) {
  const Field field(op->imm);
  const uint32_t value =
      op->src[0].kind == SourceKind::Sgpr ? readRegister<uint32_t>(wave, op->src[0].index) : op->literal;
  uint32_t& reg = field.id == kMode ? wave.mode : wave.trapStatus;
  const uint32_t written = (reg & ~(field.mask() << field.offset)) | (value & field.mask()) << field.offset;
  // Exceptions that trap (EXCP_EN) and single steps (DEBUG) would need a trap handler.
  constexpr uint32_t kDebug = 1u << 11, kExceptions = 0x1ffu << 12, kSaveContext = 1u << 10;
  if (field.id == kMode ? written & (kDebug | kExceptions) : written & kSaveContext) {
    Fault fault;
    fault.kind = FaultKind::Unsupported;
    return wave.raise(op, std::move(fault));
  }
  reg = written;
  return needsStepping(wave) ? step(wave, next(op)) : next(op);
}

}  // namespace

Handler lowerHardwareRegister(const Instruction& in, Target target, MicroOp& op) {
  const Field field(in.imm);
  op.imm = in.imm;
  switch (in.opcode) {
    case Opcode::s_getreg_b32:
      op.dst = destination(in.dst);
      return readable(field.id, target) ? get : nullptr;
    case Opcode::s_setreg_b32:
    case Opcode::s_setreg_imm32_b32:
      op.literal = in.literal;
      op.src[0].index = in.src[0];
      op.src[0].kind = operand::isSgpr(in.src[0]) ? SourceKind::Sgpr : SourceKind::Literal;
      return field.id == kMode || field.id == kTrapStatus ? set : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace softgpu::scalar
