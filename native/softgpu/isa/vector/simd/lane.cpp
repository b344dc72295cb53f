// Operations that are no expression over lanes: between a lane and a scalar register, by an index in M0, on two
// destinations, on AccVGPRs (Vega ISA, 12.7, 12.8 and 12.12; CDNA ISA for the last).
#include "isa/vector/simd/executor.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

using softgpu::vector::Special;

// One dword of an operand that is the same for all lanes, or of one lane.
uint32_t dwordOf(Wave& wave, const MicroOp* op, unsigned i, unsigned lane) {
  const Row row = fetch(wave, op, i, Type::U32);
  return row.lanes[row.stride ? lane : 0];
}

template <class Store>
void forActive(const Wave& wave, Store store) {
  uint64_t exec = wave.exec();
  for (; exec; exec &= exec - 1) store(static_cast<unsigned>(__builtin_ctzll(exec)));
}

void copyActive(const Wave& wave, const Row& from, uint32_t* to) {
  forActive(wave, [&](unsigned l) { to[l] = from.lanes[from.stride ? l : 0]; });
}

const MicroOp* nop(Wave&, const MicroOp* op) {
  return next(op);
}

const MicroOp* readFirstLane(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  wave.sgpr[op->dst] = dwordOf(wave, op, 0, exec ? static_cast<unsigned>(__builtin_ctzll(exec)) : 0);
  return next(op);
}

const MicroOp* readLane(Wave& wave, const MicroOp* op) {
  const uint32_t lane = dwordOf(wave, op, 1, 0) & 63;
  wave.sgpr[op->dst] = dwordOf(wave, op, 0, lane);
  return next(op);
}

const MicroOp* writeLane(Wave& wave, const MicroOp* op) {
  const uint32_t value = dwordOf(wave, op, 0, 0), lane = dwordOf(wave, op, 1, 0) & 63;
  wave.row(op->dst)[lane] = value;
  return next(op);
}

const MicroOp* swap(Wave& wave, const MicroOp* op) {
  uint32_t *a = wave.row(op->dst), *b = wave.row(op->src[0].index);
  forActive(wave, [&](unsigned l) {
    const uint32_t kept = a[l];
    a[l] = b[l];
    b[l] = kept;
  });
  return next(op);
}

const MicroOp* writeAcc(Wave& wave, const MicroOp* op) {
  copyActive(wave, fetch(wave, op, 0, Type::U32), wave.accVgpr + op->dst * kLanes);
  return next(op);
}

// Register rows by M0; what lies outside of the wave's registers is v0 as a source and nothing as a destination (Vega
// ISA, 6.2.3).
uint32_t indexed(const Wave& wave, unsigned number) {
  return number + wave.sgpr[operand::kM0];
}

const uint32_t* indexedSource(const Wave& wave, unsigned number) {
  const uint32_t n = indexed(wave, number);
  return wave.row(n < wave.vgprCount ? n : 0);
}

void moveTo(Wave& wave, uint32_t number, const Row& from) {
  if (number < wave.vgprCount) copyActive(wave, from, wave.row(number));
}

const MicroOp* moveRelativeDestination(Wave& wave, const MicroOp* op) {
  moveTo(wave, indexed(wave, op->dst), fetch(wave, op, 0, Type::U32));
  return next(op);
}
const MicroOp* moveRelativeSource(Wave& wave, const MicroOp* op) {
  moveTo(wave, op->dst, {indexedSource(wave, op->src[0].index), kWidth});
  return next(op);
}
const MicroOp* moveRelativeBoth(Wave& wave, const MicroOp* op) {
  moveTo(wave, indexed(wave, op->dst), {indexedSource(wave, op->src[0].index), kWidth});
  return next(op);
}

// v_mqsad_u32_u8, the one operation with 128-bit operands: masked sums of absolute differences of four byte windows.
const MicroOp* quadSad32(Wave& wave, const MicroOp* op) {
  const Row data = fetch(wave, op, 0, Type::U64), reference = fetch(wave, op, 1, Type::U32);
  const bool addendIsRow = op->src[2].kind == SourceKind::Vgpr;
  const Row addend = addendIsRow ? Row{wave.row(op->src[2].index), kWidth} : fetch(wave, op, 2, Type::U32);
  forActive(wave, [&](unsigned l) {
    const unsigned d = data.stride ? l : 0;
    const uint64_t window = data.lanes[d] | static_cast<uint64_t>(data.lanes[d + kLanes]) << 32;
    const uint32_t bytes = reference.lanes[reference.stride ? l : 0];
    uint32_t sums[4];
    for (unsigned i = 0; i < 4; ++i) {
      sums[i] = addendIsRow ? addend.lanes[i * kLanes + l] : addend.lanes[0];
      for (unsigned b = 0; b < 32; b += 8) {
        const int x = window >> (8 * i + b) & 255, y = bytes >> b & 255;
        if (y != 0) sums[i] += static_cast<uint32_t>(x > y ? x - y : y - x);
      }
    }
    for (unsigned i = 0; i < 4; ++i) wave.row(op->dst + i)[l] = sums[i];
  });
  return next(op);
}

constexpr Special kSpecials[] = {
    {Opcode::v_nop, &nop},
    {Opcode::v_clrexcp, &nop},  // no exception state is kept
    {Opcode::v_readfirstlane_b32, &readFirstLane},
    {Opcode::v_readlane_b32, &readLane},
    {Opcode::v_writelane_b32, &writeLane},
    {Opcode::v_swap_b32, &swap},
    {Opcode::v_accvgpr_write_b32, &writeAcc},
    {Opcode::v_accvgpr_mov_b32, &writeAcc},
    {Opcode::v_mqsad_u32_u8, &quadSad32},
    {Opcode::v_movreld_b32, &moveRelativeDestination},
    {Opcode::v_movrels_b32, &moveRelativeSource},
    {Opcode::v_movrelsd_b32, &moveRelativeBoth},
};

}  // namespace

const Special* specialOperations(size_t& count) {
  count = sizeof kSpecials / sizeof kSpecials[0];
  return kSpecials;
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
