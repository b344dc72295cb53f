#include "wave/wave.h"

#include <new>

#include "isa/memory_access.h"
#include "isa/scalar/stepping.h"
#include "wave/code.h"
#include "wave/workgroup.h"

namespace softgpu {
namespace {

// Some 100 us of vector code. Loops charge their length in dwords for every turn.
constexpr int32_t kSliceBudget = 16384;

}  // namespace

void run(Wave& wave) {
  wave.stop = Stop::None;
  wave.budget = kSliceBudget;
  forgetRanges(wave);
  const MicroOp* op = wave.ip;
  uint64_t executed = 0;
  try {
    if (needsStepping(wave)) op = step(wave, op);
    while (op) {
      Handler handler = op->run.load(std::memory_order_acquire);
      if (!handler) [[unlikely]] {
        wave.code->prepare(op);
        handler = op->run.load(std::memory_order_acquire);
      }
      op = handler(wave, op);
      ++executed;
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
  f.pc = pcOf(op);
  if (f.text.empty()) f.text = disassembleAt(f.pc, agent, target);
  fault = std::move(f);
  return halt(op, Stop::Fault);
}

const MicroOp* Wave::jump(uint64_t pc) {
  const MicroOp* op = code ? code->at(pc) : nullptr;
  if (op) return op;
  CodeRegion* region = group->code->find(pc);
  op = region ? region->at(pc) : nullptr;
  if (!op) {
    fault = {};
    fault.kind = FaultKind::MemoryAccess;
    fault.pc = fault.address = pc;
    fault.text = "jump to an address that holds no code";
    return halt(nullptr, Stop::Fault);
  }
  code = region;
  return op;
}

}  // namespace softgpu
