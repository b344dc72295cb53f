// SOPP and the instructions of SOP1, SOP2, SOPC and SOPK that move the PC or change how the wave goes on.
#include <bit>

#include "isa/scalar/interrupt.h"
#include "isa/scalar/operands.h"
#include "isa/scalar/stepping.h"
#include "wave/code.h"
#include "wave/workgroup.h"

namespace softgpu {

namespace {
std::atomic<InterruptHandler> interruptHandler{nullptr};
}

void setInterruptHandler(InterruptHandler handler) {
  interruptHandler.store(handler);
}

namespace scalar {
namespace {

using Condition = bool (*)(const Wave&);
bool scc0(const Wave& w) {
  return !w.scc;
}
bool scc1(const Wave& w) {
  return w.scc;
}
bool vccz(const Wave& w) {
  return w.vcc() == 0;
}
bool vccnz(const Wave& w) {
  return w.vcc() != 0;
}
bool execz(const Wave& w) {
  return w.exec() == 0;
}
bool execnz(const Wave& w) {
  return w.exec() != 0;
}
bool always(const Wave&) {
  return true;
}

template <Condition Holds>
const MicroOp* branch(Wave& wave, const MicroOp* op) {
  return Holds(wave) ? take(wave, op + 1 + op->imm, op->imm) : op + 1;
}

const MicroOp* nothing(Wave&, const MicroOp* op) {
  return next(op);
}

const MicroOp* endProgram(Wave& wave, const MicroOp* op) {
  return wave.halt(op, Stop::Ended);
}

const MicroOp* barrier(Wave& wave, const MicroOp* op) {
  return wave.group->waveCount == 1 ? next(op) : wave.halt(next(op), Stop::Barrier);
}

const MicroOp* sleep(Wave& wave, const MicroOp* op) {
  return wave.halt(next(op), Stop::Sleep);
}

// A store must be seen by everybody before the wave that waited for it loads; the host may still hold it back.
const MicroOp* waitForMemory(Wave&, const MicroOp* op) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return next(op);
}

const MicroOp* setPriority(Wave& wave, const MicroOp* op) {
  wave.status = (wave.status & ~(3u << 3)) | (static_cast<uint32_t>(op->imm) & 3) << 3;
  return next(op);
}

const MicroOp* trap(Wave& wave, const MicroOp* op) {
  Fault fault;
  fault.kind = FaultKind::Trap;
  fault.trapId = static_cast<uint8_t>(op->imm);
  return wave.raise(op, std::move(fault));
}

const MicroOp* interrupt(Wave& wave, const MicroOp* op) {
  if (InterruptHandler handler = interruptHandler.load()) handler(wave.agent, wave.sgpr[operand::kM0]);
  return next(op);
}

const MicroOp* refreshCode(Wave& wave, const MicroOp* op) {
  const uint64_t pc = wave.pcOf(next(op));
  if (CodeRegion* region = wave.group->code->refresh(pc)) wave.code = region;
  return wave.jump(pc);
}

// The PC.

const MicroOp* getPc(Wave& wave, const MicroOp* op) {
  writeRegister<uint64_t>(wave, op->dst, wave.pcOf(op + 1));
  return op + 1;
}

const MicroOp* setPc(Wave& wave, const MicroOp* op) {
  return jumpTo(wave, readRegister<uint64_t>(wave, op->src[0].index));
}

const MicroOp* swapPc(Wave& wave, const MicroOp* op) {
  const uint64_t target = readRegister<uint64_t>(wave, op->src[0].index);
  writeRegister<uint64_t>(wave, op->dst, wave.pcOf(op + 1));
  return jumpTo(wave, target);
}

const MicroOp* call(Wave& wave, const MicroOp* op) {
  writeRegister<uint64_t>(wave, op->dst, wave.pcOf(op + 1));
  return take(wave, op + 1 + op->imm, -64);
}

// Fork and join (Vega ISA, 4.6). The stack pointer is in MODE; an entry is four SGPRs: EXEC, then the PC.

const MicroOp* fork(Wave& wave, const MicroOp* op, uint64_t target) {
  const uint64_t exec = wave.exec(), mask = read<uint64_t, 0, Read::Any>(wave, op);
  const uint64_t pass = mask & exec, fail = ~mask & exec;
  if (pass == exec) return jumpTo(wave, target);
  if (fail == exec) return op + 1;
  const bool failFirst = std::popcount(fail) < std::popcount(pass);
  const uint32_t depth = wave.mode >> mode::kForkStackShift;
  writeRegister<uint64_t>(wave, depth * 4, failFirst ? pass : fail);
  writeRegister<uint64_t>(wave, depth * 4 + 2, failFirst ? target : wave.pcOf(op + 1));
  wave.mode += 1u << mode::kForkStackShift;
  wave.setExec(failFirst ? fail : pass);
  return failFirst ? op + 1 : jumpTo(wave, target);
}

const MicroOp* forkTo(Wave& wave, const MicroOp* op) {
  return fork(wave, op, read<uint64_t, 1, Read::Any>(wave, op));
}

const MicroOp* forkBy(Wave& wave, const MicroOp* op) {
  return fork(wave, op, wave.pcOf(op + 1) + static_cast<uint64_t>(int64_t{op->imm} * 4));
}

const MicroOp* join(Wave& wave, const MicroOp* op) {
  const uint32_t depth = wave.mode >> mode::kForkStackShift;
  if (depth == read<uint32_t, 0, Read::Any>(wave, op)) return op + 1;
  wave.mode -= 1u << mode::kForkStackShift;
  const uint32_t entry = (wave.mode >> mode::kForkStackShift) * 4;
  wave.setExec(readRegister<uint64_t>(wave, entry));
  return jumpTo(wave, readRegister<uint64_t>(wave, entry + 2));
}

// Modes that later vector instructions obey.

const MicroOp* goOn(Wave& wave, const MicroOp* op) {
  return needsStepping(wave) ? step(wave, op) : op;
}

const MicroOp* setSkip(Wave& wave, const MicroOp* op) {
  const uint32_t data = read<uint32_t, 0, Read::Any>(wave, op), bit = read<uint32_t, 1, Read::Any>(wave, op) & 31;
  wave.mode = (wave.mode & ~mode::kVskip) | (data >> bit & 1 ? mode::kVskip : 0);
  return goOn(wave, next(op));
}

void setIndex(Wave& wave, uint32_t index) {
  wave.sgpr[operand::kM0] = (wave.sgpr[operand::kM0] & ~0xffu) | (index & 0xff);
}
void setIndexMode(Wave& wave, uint32_t enables) {
  wave.sgpr[operand::kM0] = (wave.sgpr[operand::kM0] & ~0xf000u) | (enables & 15) << 12;
}

const MicroOp* indexOn(Wave& wave, const MicroOp* op) {
  wave.mode |= mode::kGprIndex;
  setIndex(wave, read<uint32_t, 0, Read::Any>(wave, op));
  setIndexMode(wave, static_cast<uint32_t>(op->imm));
  return step(wave, next(op));
}

const MicroOp* indexOff(Wave& wave, const MicroOp* op) {
  wave.mode &= ~mode::kGprIndex;
  return next(op);
}

const MicroOp* indexValue(Wave& wave, const MicroOp* op) {
  setIndex(wave, read<uint32_t, 0, Read::Any>(wave, op));
  return next(op);
}

const MicroOp* indexMode(Wave& wave, const MicroOp* op) {
  setIndexMode(wave, static_cast<uint32_t>(op->imm));
  return next(op);
}

// Relative moves. Indexing from SGPRs into other registers is out of range: reads s0, writes nothing (Vega ISA, 3.6.1).

template <class T>
unsigned relative(unsigned base, uint32_t index, unsigned outOfRange) {
  const uint64_t at = uint64_t{base} + index;
  return base < operand::kFlatScratchLo && at + sizeof(T) / 4 <= operand::kFlatScratchLo ? static_cast<unsigned>(at)
                                                                                         : outOfRange;
}

template <class T>
const MicroOp* moveFromRelative(Wave& wave, const MicroOp* op) {
  const unsigned from = relative<T>(op->src[0].index, wave.sgpr[operand::kM0], 0);
  writeRegister(wave, op->dst, readRegister<T>(wave, from));
  return next(op);
}

template <class T>
const MicroOp* moveToRelative(Wave& wave, const MicroOp* op) {
  const T value = read<T, 0, Read::Any>(wave, op);
  writeRegister(wave, relative<T>(op->dst, wave.sgpr[operand::kM0], Wave::kDropped), value);
  return next(op);
}

Handler lowerMessage(const Instruction& in) {
  constexpr int32_t kInterrupt = 1;
  return (in.imm & 15) == kInterrupt ? interrupt : nullptr;  // the others are graphics
}

}  // namespace

Handler lowerControl(const Instruction& in, Target, MicroOp& op) {
  op.imm = in.imm;
  op.dst = destination(in.dst);
  switch (in.opcode) {
    case Opcode::s_branch:
      return branch<always>;
    case Opcode::s_cbranch_scc0:
      return branch<scc0>;
    case Opcode::s_cbranch_scc1:
      return branch<scc1>;
    case Opcode::s_cbranch_vccz:
      return branch<vccz>;
    case Opcode::s_cbranch_vccnz:
      return branch<vccnz>;
    case Opcode::s_cbranch_execz:
      return branch<execz>;
    case Opcode::s_cbranch_execnz:
      return branch<execnz>;

    case Opcode::s_waitcnt:
      // vmcnt is in bits 3:0 and, since gfx9, 15:14.
      return (in.imm & 15) == 0 ? waitForMemory : nothing;
    // No debugger sets the conditional-debug bits; no performance counter or thread trace listens; all waves run
    // anyway.
    case Opcode::s_cbranch_cdbgsys:
    case Opcode::s_cbranch_cdbguser:
    case Opcode::s_cbranch_cdbgsys_or_user:
    case Opcode::s_cbranch_cdbgsys_and_user:
    case Opcode::s_incperflevel:
    case Opcode::s_decperflevel:
    case Opcode::s_ttracedata:
    case Opcode::s_wakeup:
    case Opcode::s_nop:
      return nothing;
    case Opcode::s_endpgm:
    case Opcode::s_endpgm_saved:
      return endProgram;
    case Opcode::s_barrier:
      return barrier;
    case Opcode::s_sleep:
      return sleep;
    case Opcode::s_setprio:
      return setPriority;
    case Opcode::s_sethalt:
      return in.imm & 1 ? nullptr : nothing;  // nobody could let the wave go on
    case Opcode::s_setkill:
      return in.imm & 1 ? endProgram : nothing;
    case Opcode::s_trap:
      // llvm.debugtrap: with no debugger the trap handler returns (LLVM AMDGPU usage, "Trap Handler ABI").
      return (in.imm & 0xff) == 3 ? nothing : trap;
    case Opcode::s_sendmsg:
      return lowerMessage(in);
    case Opcode::s_icache_inv:
      return refreshCode;

    case Opcode::s_getpc_b64:
      return getPc;
    case Opcode::s_setpc_b64:
    case Opcode::s_swappc_b64:
      if (!operand::isSgpr(in.src[0])) return nullptr;
      op.src[0].index = in.src[0];
      return in.opcode == Opcode::s_setpc_b64 ? setPc : swapPc;
    case Opcode::s_call_b64:
      return call;

    case Opcode::s_cbranch_g_fork:
      lowerSource(in, 0, 64, false, op);
      lowerSource(in, 1, 64, false, op);
      return forkTo;
    case Opcode::s_cbranch_i_fork:
      lowerSource(in, 0, 64, false, op);
      return forkBy;
    case Opcode::s_cbranch_join:
      lowerSource(in, 0, 32, false, op);
      return join;

    case Opcode::s_setvskip:
      lowerSource(in, 0, 32, false, op);
      lowerSource(in, 1, 32, false, op);
      return setSkip;
    case Opcode::s_set_gpr_idx_on:
      lowerSource(in, 0, 32, false, op);
      return indexOn;
    case Opcode::s_set_gpr_idx_off:
      return indexOff;
    case Opcode::s_set_gpr_idx_idx:
      lowerSource(in, 0, 32, false, op);
      return indexValue;
    case Opcode::s_set_gpr_idx_mode:
      return indexMode;

    case Opcode::s_movrels_b32:
    case Opcode::s_movrels_b64:
      if (!operand::isSgpr(in.src[0])) return nullptr;
      op.src[0].index = in.src[0];
      return in.opcode == Opcode::s_movrels_b32 ? moveFromRelative<uint32_t> : moveFromRelative<uint64_t>;
    case Opcode::s_movreld_b32:
      lowerSource(in, 0, 32, false, op);
      return moveToRelative<uint32_t>;
    case Opcode::s_movreld_b64:
      lowerSource(in, 0, 64, false, op);
      return moveToRelative<uint64_t>;

    // s_rfe and s_rfe_restore belong to trap handlers, s_sendmsghalt and s_endpgm_ordered_ps_done to graphics.
    default:
      return nullptr;
  }
}

}  // namespace scalar
}  // namespace softgpu
