// Between memory and LDS without a stop in VGPRs: loads with the LDS bit, and BUFFER_STORE_LDS_DWORD (Vega ISA, 8.1.9).
// Lane l's dword is at LDS byte M0 + offset + 4 * l.
#include "isa/memory/lds_transfer.h"

#include <cstring>

#include "isa/memory/format.h"
#include "isa/memory/operands.h"
#include "isa/memory/simd/kernels.h"

namespace softgpu::memory {

namespace {

// Runs `inner` for the lanes whose dword is within LDS only.
template <class Before, class Inner, class After>
const MicroOp* transfer(Wave& wave, const MicroOp* op, Before before, Inner inner, After after) {
  const uint64_t exec = wave.exec();
  const uint32_t base = (wave.sgpr[operand::kM0] & 0xffff) + static_cast<uint32_t>(op->imm);
  uint64_t inside = 0;
  forEachLane(exec, [&](unsigned lane) {
    if (uint64_t{base} + lane * 4 + 4 <= wave.ldsBytes) inside |= uint64_t{1} << lane;
  });
  if (!inside) return next(op);
  auto dwordOf = [&](unsigned lane) { return wave.lds + base + lane * 4; };
  forEachLane(inside, [&](unsigned lane) { before(dwordOf(lane), lane); });
  wave.setExec(inside);
  const MicroOp* following = inner(wave, op);
  wave.setExec(exec);
  if (following) forEachLane(inside, [&](unsigned lane) { after(dwordOf(lane), lane); });
  return following;
}

auto nothing = [](uint8_t*, unsigned) {};

template <Handler MemoryKernels::* Inner>
const MicroOp* load(Wave& wave, const MicroOp* op) {
  return transfer(wave, op, nothing, memoryKernels().*Inner,
                  [&](uint8_t* dword, unsigned lane) { std::memcpy(dword, memoryRow(wave, kTransferRow) + lane, 4); });
}

const MicroOp* loadFormatted(Wave& wave, const MicroOp* op) {
  return transfer(wave, op, nothing, loadFormat,
                  [&](uint8_t* dword, unsigned lane) { std::memcpy(dword, memoryRow(wave, kTransferRow) + lane, 4); });
}

const MicroOp* store(Wave& wave, const MicroOp* op) {
  return transfer(
      wave, op, [&](uint8_t* dword, unsigned lane) { std::memcpy(memoryRow(wave, kTransferRow) + lane, dword, 4); },
      memoryKernels().buffer, nothing);
}

}  // namespace

Handler lowerLoadToLds(const Instruction& in, MicroOp& out) {
  out.dst = kTransferRow;
  if (in.opcode == Opcode::buffer_load_format_x) return loadFormatted;
  const auto access = accessOf(in.opcode);
  // Only what fills one dword.
  if (!access || !(*access <= Access::LoadS16 || *access == Access::LoadB32)) return nullptr;
  switch (in.encoding) {
    case Encoding::GLOBAL:
      return in.src[3] != operand::kNone ? load<&MemoryKernels::globalScalar> : load<&MemoryKernels::global>;
    case Encoding::SCRATCH:
      return load<&MemoryKernels::scratch>;
    case Encoding::MUBUF:
      return load<&MemoryKernels::buffer>;
    default:
      return nullptr;
  }
}

Handler lowerStoreFromLds(MicroOp& out) {
  out.src[1].index = kTransferRow;
  return store;
}

}  // namespace softgpu::memory
