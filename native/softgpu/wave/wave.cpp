#include "wave/wave.h"

#include <algorithm>
#include <new>

#include "isa/memory_access.h"
#include "isa/scalar/stepping.h"
#include "wave/code.h"
#include "wave/workgroup.h"

namespace softgpu {
namespace {

// Some 100 us of vector code. Loops charge their length in dwords for every turn.
constexpr int32_t kSliceBudget = 16384;

void stamp(const Wave& wave, uint64_t pc, Fault& fault) {
  fault.pc = pc;
  fault.inWave = true;
  fault.waveInGroup = wave.waveInGroup;
  if (wave.group) std::copy_n(wave.group->id, fault.workgroup.size(), fault.workgroup.begin());
  fault.instruction = disassembleAt(pc, wave.agent, wave.target);
}

}  // namespace

void run(Wave& wave) {
  wave.stop = Stop::None;
  wave.budget = kSliceBudget;
  refreshRanges(wave);
  const MicroOp* op = wave.ip;
  uint64_t executed = 0;
  try {
    if (needsStepping(wave)) op = step(wave, op);
    const auto one = [&] {
      Handler handler = op->run.load(std::memory_order_acquire);
      if (!handler) [[unlikely]] {
        wave.code->prepare(op);
        handler = op->run.load(std::memory_order_acquire);
      }
      op = handler(wave, op);
      ++executed;
      return op != nullptr;
    };
    // Several calls in a row: each gets a place of its own in the host's branch predictor.
    while (op && one() && one() && one() && one()) {
    }
  } catch (const std::bad_alloc&) {
    Fault fault;
    fault.kind = FaultKind::Unsupported;
    fault.text = "the host has no memory for decoded code";
    wave.raise(op, std::move(fault));
  }
  wave.executed += executed;
}

uint64_t Wave::pcOf(const MicroOp* op) const {
  return code->owns(op) ? code->pcOf(op) : steppedPc;
}

const MicroOp* Wave::raise(const MicroOp* op, Fault f) {
  stamp(*this, pcOf(op), f);
  fault = std::move(f);
  return halt(op, Stop::Fault);
}

const MicroOp* Wave::jump(uint64_t pc) {
  const MicroOp* op = code ? code->at(pc) : nullptr;
  if (op) return op;
  CodeRegion* region = group->code->find(pc);
  op = region ? region->at(pc) : nullptr;
  if (!op) {
    Fault f;
    f.kind = FaultKind::MemoryAccess;
    f.address = pc;
    f.text = "jump to an address that holds no code";
    stamp(*this, pc, f);
    fault = std::move(f);
    return halt(nullptr, Stop::Fault);
  }
  code = region;
  return op;
}

}  // namespace softgpu
