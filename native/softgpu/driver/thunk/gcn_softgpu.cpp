#pragma GCC visibility push(default)
#include "driver/thunk/gcn_softgpu.h"
#pragma GCC visibility pop

#include <algorithm>
#include <cstring>

#include "command/faults.h"
#include "command/statistics.h"
#include "driver/driver.h"
#include "isa/support.h"

using softgpu::Driver;

namespace {

// Of a structure that says its size: the size and one field.
constexpr uint64_t kSmallest = 2 * sizeof(uint64_t);

// An older caller's structure is shorter: it gets what it knows.
template <class T>
void answer(T filled, T& out) {
  filled.size = std::min<uint64_t>(out.size, sizeof filled);
  std::memcpy(&out, &filled, filled.size);
}

template <size_t N>
void copyText(const std::string& from, char (&to)[N]) {
  std::memcpy(to, from.data(), std::min(from.size(), N - 1));
}

gcn_softgpu_fault describe(const softgpu::FaultReport& report) {
  gcn_softgpu_fault out{};
  out.sequence = report.sequence;
  out.kind = static_cast<uint32_t>(report.kind);
  out.agent = report.agent;
  out.trap = report.trap;
  out.queue = report.queue;
  copyText(report.text, out.text);
  if (const auto& kernel = report.kernel) {
    out.parts |= GCN_SOFTGPU_FAULT_HAS_KERNEL;
    out.kernel_object = kernel->object;
    out.dispatch = kernel->dispatch;
    copyText(kernel->name, out.kernel);
  }
  if (const auto& at = report.instruction) {
    out.parts |= GCN_SOFTGPU_FAULT_HAS_INSTRUCTION;
    out.pc = at->pc;
    copyText(at->text, out.instruction);
    std::copy(at->workgroup.begin(), at->workgroup.end(), out.workgroup);
    out.wave = at->wave;
    copyText(at->place.function, out.function);
    out.function_offset = at->place.offset;
    if (const auto& source = at->place.source) {
      copyText(source->file, out.file);
      out.line = source->line;
      out.column = source->column;
    }
  }
  if (const auto& access = report.access) {
    out.parts |= GCN_SOFTGPU_FAULT_HAS_ADDRESS;
    out.address = access->address;
    out.write = access->write;
    if (access->lane) {
      out.parts |= GCN_SOFTGPU_FAULT_HAS_LANE;
      out.lane = *access->lane;
    }
    if (access->nearest) {
      out.parts |= GCN_SOFTGPU_FAULT_HAS_NEAREST;
      out.nearest_begin = access->nearest->begin;
      out.nearest_end = access->nearest->end;
      out.nearest_mapped = access->nearest->agents >> report.agent & 1;
    }
  }
  return out;
}

}  // namespace

int gcn_softgpu_configure(const char* config) {
  return Driver::configure(config) ? 0 : -1;
}

const char* gcn_softgpu_last_error() {
  return Driver::lastError().c_str();
}

int gcn_softgpu_last_fault(uint64_t queue, gcn_softgpu_fault* fault) {
  if (!fault || fault->size < kSmallest) return -1;
  const auto report = softgpu::lastFault(queue);
  if (!report) return -1;
  answer(describe(*report), *fault);
  return 0;
}

int gcn_softgpu_statistics(gcn_softgpu_counts* counts) {
  if (!counts || counts->size < kSmallest) return -1;
  const softgpu::Statistics& now = softgpu::statistics();
  gcn_softgpu_counts filled{};
  filled.wave_instructions = now.waveInstructions.load(std::memory_order_relaxed);
  filled.dispatches = now.dispatches.load(std::memory_order_relaxed);
  filled.dispatch_nanoseconds = now.dispatchNanoseconds.load(std::memory_order_relaxed);
  filled.native_blits = now.nativeBlits.load(std::memory_order_relaxed);
  filled.copied_bytes = now.copiedBytes.load(std::memory_order_relaxed);
  filled.packets = now.packets.load(std::memory_order_relaxed);
  filled.faults = now.faults.load(std::memory_order_relaxed);
  answer(filled, *counts);
  return 0;
}

size_t gcn_softgpu_instructions(const char* target, gcn_softgpu_instruction* instructions, size_t count) {
  const auto known = softgpu::parseTarget(target ? target : "");
  if (!known) return 0;
  const auto& all = softgpu::supportOf(*known);
  for (size_t i = 0; instructions && i < std::min(count, all.size()); ++i) {
    const softgpu::InstructionSupport& one = all[i];
    instructions[i] = {softgpu::encodingName(one.encoding), one.mnemonic, one.bound.c_str(), one.limits.c_str(),
                       static_cast<uint64_t>(one.support)};
  }
  return all.size();
}

void gcn_softgpu_kick() {
  if (Driver* driver = Driver::current()) driver->processor.wake();
}
