// Decoded code: one micro-op slot per dword of a memory range, made when it is first reached.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "isa/micro_op.h"
#include "isa/target.h"

namespace softgpu {

// Slots for one GPU-visible memory range that holds code (of a very large range: a window of it). Slots are zero pages
// until touched. Waves of a dispatch keep the region alive; after the code changed (invalidateCode) new dispatches get
// a new region.
class CodeRegion {
 public:
  // The region that holds `pc`, made where there is none yet; null where the agent may not touch `pc`. Call inside a
  // ReadSection.
  static std::shared_ptr<CodeRegion> find(uint64_t pc, unsigned agent, Target target);

  ~CodeRegion();
  CodeRegion(const CodeRegion&) = delete;
  CodeRegion& operator=(const CodeRegion&) = delete;

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }
  Target target() const { return target_; }
  // Null where pc is misaligned or outside.
  const MicroOp* at(uint64_t pc) const { return pc >= begin_ && pc < end_ && pc % 4 == 0 ? slotOf(pc) : nullptr; }
  bool owns(const MicroOp* op) const { return op >= map_ && op < map_ + mapSlots_; }
  uint64_t pcOf(const MicroOp* op) const { return begin_ + static_cast<uint64_t>(op - slots_) * 4; }
  // Decodes and lowers the instruction at `op`; afterwards op->run is set. Thread-safe. Call inside a ReadSection.
  void prepare(const MicroOp* op) const;
  // Whether memory still holds the instructions that were decoded. Call inside a ReadSection.
  bool current() const;

 private:
  struct Decoded {
    uint64_t pc;
    uint32_t words[4];
    uint8_t count;
  };

  CodeRegion(uint64_t begin, uint64_t end, unsigned agent, Target target);
  MicroOp* slotOf(uint64_t pc) const { return slots_ + static_cast<int64_t>(pc - begin_) / 4; }
  Handler lower(uint64_t pc, MicroOp& slot) const;

  uint64_t begin_, end_;
  unsigned agent_;
  Target target_;
  MicroOp* map_ = nullptr;    // the mapping: padding, slots, padding
  MicroOp* slots_ = nullptr;  // the slot of `begin`
  uint64_t mapSlots_ = 0;
  mutable std::mutex preparing_;
  mutable std::vector<Decoded> decoded_;

  friend class CodeTable;
  bool suspect_ = false;  // under the table's lock: compare with memory before the next use
};

// The regions that a dispatch has entered: they live as long as it does.
class CodeSet {
 public:
  CodeSet(unsigned agent, Target target) : agent_(agent), target_(target) {}
  // Null where `pc` is no address the agent may touch. Call inside a ReadSection.
  CodeRegion* find(uint64_t pc);
  // As find, but code that memory no longer holds is decoded anew (s_icache_inv).
  CodeRegion* refresh(uint64_t pc);

 private:
  unsigned agent_;
  Target target_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<CodeRegion>> regions_;  // the newest first
};

// Forget what was decoded in [begin, begin + bytes): memory was freed or written by a copy, or ROCr asked for an
// instruction-cache invalidation (bytes = UINT64_MAX).
void invalidateCode(uint64_t begin, uint64_t bytes);

// Of any encoding: fills the slot and answers the handler; null where the instruction has no implementation.
Handler lowerInstruction(const Instruction& in, Target target, MicroOp& out);

// The instruction in memory at `pc`; false where there is none. Call inside a ReadSection.
bool decodeAt(uint64_t pc, unsigned agent, Target target, Instruction& out);
// Its text, for faults. Call inside a ReadSection.
std::string disassembleAt(uint64_t pc, unsigned agent, Target target);

}  // namespace softgpu
