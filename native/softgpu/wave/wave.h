// The architectural state of one wavefront and what stops it.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "isa/micro_op.h"

namespace softgpu {

constexpr unsigned kLanes = 64;

class CodeRegion;
struct Workgroup;

// Yield: the slice is over. Sleep: the program asked for a pause (s_sleep), so others should go first.
enum class Stop : uint8_t { None, Ended, Barrier, Yield, Sleep, Fault };

enum class FaultKind : uint8_t { None, MemoryAccess, IllegalInstruction, Unsupported, Trap, InvalidAperture };

struct Fault {
  FaultKind kind = FaultKind::None;
  uint64_t pc = 0;
  uint64_t address = 0;  // MemoryAccess: the lowest offending byte address
  int8_t lane = -1;      // of a vector access
  bool write = false;
  uint8_t trapId = 0;
  bool inWave = false;  // what follows is known: an instruction is to blame
  uint8_t waveInGroup = 0;
  std::array<uint32_t, 3> workgroup = {};
  std::string instruction;  // disassembled
  std::string text;         // what more there is to say
};

// Fields of HW_REG_MODE (Vega ISA, "Mode register"; the last three as LLVM names them).
namespace mode {
constexpr uint32_t kFloat = 0xff, kFloatDefault = 0xf0;
constexpr uint32_t kRound32 = 3u << 0, kRound64 = 3u << 2, kDenorm32 = 3u << 4, kDenorm64 = 3u << 6;
constexpr uint32_t kDx10Clamp = 1u << 8, kIeee = 1u << 9, kFp16Overflow = 1u << 23;
constexpr uint32_t kGprIndex = 1u << 27, kVskip = 1u << 28, kForkStackShift = 29;
}  // namespace mode

struct Wave {
  // Scalar registers by operand number: 0-101 SGPRs, then FLAT_SCRATCH, XNACK_MASK, VCC (106), TTMPs, M0 (124), EXEC
  // (126). What follows takes the results that hardware drops: writes to trap registers, to registers out of range.
  static constexpr unsigned kDropped = 128;
  alignas(64) uint32_t sgpr[kDropped + 16] = {};
  // Rows of 64 lanes, 64-byte aligned: lane l of v[n] is vgpr[n * 64 + l]. Every row that an encoding can name is this
  // wave's own memory (kRows), so that no instruction needs a check; rows past vgprCount have no defined content.
  static constexpr unsigned kRows = 544;  // 256, an index of 255 on top, and the tail of the widest operand
  uint32_t* vgpr = nullptr;
  uint32_t* accVgpr = nullptr;  // gfx908: its own file; gfx90a: rows of the unified file from accum_offset on
  uint32_t vgprCount = 0;       // rows that the kernel descriptor asks for
  uint32_t sgprCount = 0;
  bool scc = false;
  uint32_t mode = 0;            // HW_REG_MODE: FP_ROUND 3:0, FP_DENORM 7:4, DX10_CLAMP 8, IEEE 9, ...
  uint32_t status = 0;          // HW_REG_STATUS bits that are kept: WAVE_PRIO, IN_TG; the rest is made when read
  uint32_t trapStatus = 0;      // HW_REG_TRAPSTS
  uint32_t hardwareId = 0;      // HW_REG_HW_ID
  const MicroOp* ip = nullptr;  // where to go on; valid while stopped
  CodeRegion* code = nullptr;   // the region that `ip` lies in
  int32_t budget = 0;  // instructions left in this slice, roughly: taken branches charge it and yield below zero
  Stop stop = Stop::None;
  uint64_t executed = 0;  // instructions

  Target target{};
  uint8_t agent = 0;  // index for AddressSpace::find
  uint8_t waveInGroup = 0;
  Workgroup* group = nullptr;
  uint8_t* lds = nullptr;  // the workgroup's LDS
  uint32_t ldsBytes = 0;

  // Flat apertures: [base, base + 2^32) reach LDS and this wave's private memory.
  uint64_t sharedAperture = 0, privateAperture = 0;
  // Private memory. Swizzled: lane l's dword d of this wave lies at scratch + (d * 64 + l) * 4.
  uint64_t scratch = 0;         // host address of this wave's block; 0 where the kernel has none
  uint32_t scratchPerLane = 0;  // bytes

  // Memory-access cache: the last ranges that a lookup found, as of a generation of the address space and for an agent.
  static constexpr unsigned kRanges = 4;
  uint64_t rangeBegin[kRanges] = {}, rangeEnd[kRanges] = {};
  uint64_t rangeGeneration = 0;
  uint8_t rangeAgent = 0, rangeNext = 0;

  Fault fault;

  // While VGPR indexing or VSKIP is on, instructions are executed one by one from a copy outside of the code region;
  // this is where that copy stands for.
  uint64_t steppedPc = 0;
  bool stepping = false;

  alignas(64) uint32_t temp[8][kLanes];  // operand fetch: broadcasts and modified sources

  uint64_t pair(unsigned n) const {
    uint64_t v;
    std::memcpy(&v, &sgpr[n], 8);
    return v;
  }
  void setPair(unsigned n, uint64_t v) { std::memcpy(&sgpr[n], &v, 8); }
  uint64_t exec() const { return pair(operand::kExecLo); }
  void setExec(uint64_t v) { setPair(operand::kExecLo, v); }
  uint64_t vcc() const { return pair(operand::kVccLo); }
  void setVcc(uint64_t v) { setPair(operand::kVccLo, v); }
  uint32_t* row(unsigned n) const { return vgpr + n * kLanes; }

  // Rounding to nearest even and denormals kept everywhere: what compilers ask for by default.
  bool defaultFloatMode() const { return (mode & mode::kFloat) == mode::kFloatDefault; }

  uint64_t pcOf(const MicroOp* op) const;

  // How a handler ends a wave's run: `return wave.halt(next(op), Stop::Barrier);`
  const MicroOp* halt(const MicroOp* resumeAt, Stop why) {
    ip = resumeAt;
    stop = why;
    return nullptr;
  }
  const MicroOp* raise(const MicroOp* op, Fault f);  // stamps what is known of the wave and the instruction
  const MicroOp* jump(uint64_t pc);                  // any address; a bad one raises
};

// Executes `wave` from `ip` until it stops: at its end, at a barrier, at a fault, or because its slice is over. Call
// inside a ReadSection.
void run(Wave& wave);

}  // namespace softgpu
