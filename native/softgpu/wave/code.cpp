#include "wave/code.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <new>
#include <tuple>

#include "memory/address_space.h"
#include "wave/wave.h"

namespace softgpu {
namespace {

// A SOPP branch reaches 32768 dwords either way and an instruction is at most a few dwords long: padding of that size
// on both sides makes every micro-op that control flow can name a slot of the region's own mapping, so that no branch
// needs a check. A padding slot goes on at its PC, by way of whatever region holds that.
constexpr uint64_t kPadding = 32768 + 64;
// Ranges above this size get a region per window.
constexpr uint64_t kWindow = 64u << 20;

struct Fetched {
  uint32_t words[16] = {};
  uint32_t count = 0;
};

Fetched fetch(uint64_t pc, unsigned agent) {
  Fetched fetched;
  auto range = AddressSpace::instance().find(pc, agent);
  if (!range) return fetched;
  fetched.count = static_cast<uint32_t>(std::min<uint64_t>((range->end - pc) / 4, std::size(fetched.words)));
  std::memcpy(fetched.words, reinterpret_cast<const void*>(pc), fetched.count * 4u);
  return fetched;
}

const MicroOp* runElsewhere(Wave& wave, const MicroOp* op) {
  --wave.executed;  // no instruction of the program
  return wave.jump(wave.pcOf(op));
}

const MicroOp* raiseUnreadable(Wave& wave, const MicroOp* op) {
  Fault fault;
  fault.kind = FaultKind::MemoryAccess;
  fault.address = wave.pcOf(op);
  fault.text = "instruction fetch";
  return wave.raise(op, std::move(fault));
}

const MicroOp* raiseIllegal(Wave& wave, const MicroOp* op) {
  Fault fault;
  fault.kind = FaultKind::IllegalInstruction;
  return wave.raise(op, std::move(fault));
}

const MicroOp* raiseUnsupported(Wave& wave, const MicroOp* op) {
  Fault fault;
  fault.kind = FaultKind::Unsupported;
  return wave.raise(op, std::move(fault));
}

}  // namespace

Handler lowerInstruction(const Instruction& in, Target target, MicroOp& out) {
  switch (in.encoding) {
    case Encoding::SOP2:
    case Encoding::SOPK:
    case Encoding::SOP1:
    case Encoding::SOPC:
    case Encoding::SOPP:
    case Encoding::SMEM:
      return lowerScalar(in, target, out);
    case Encoding::VOP1:
    case Encoding::VOP2:
    case Encoding::VOPC:
    case Encoding::VOP3:
    case Encoding::VOP3P:
      return lowerVector(in, target, out);
    case Encoding::FLAT:
    case Encoding::GLOBAL:
    case Encoding::SCRATCH:
    case Encoding::MUBUF:
    case Encoding::MTBUF:
      return lowerMemory(in, target, out);
    case Encoding::DS:
      return lowerLds(in, target, out);
    case Encoding::VINTRP:
    case Encoding::MIMG:
    case Encoding::EXP:
      return nullptr;  // graphics
  }
  return nullptr;
}

// Every region that new dispatches may enter.
class CodeTable {
 public:
  static CodeTable& instance() {
    static CodeTable& table = *new CodeTable;  // never destroyed, as the workers are not
    return table;
  }

  std::shared_ptr<CodeRegion> find(uint64_t pc, unsigned agent, Target target) {
    auto range = AddressSpace::instance().find(pc, agent);
    if (!range) return nullptr;
    uint64_t begin = (range->begin + 3) & ~uint64_t{3}, end = range->end & ~uint64_t{3};
    if (end - begin > kWindow) {
      uint64_t window = (pc - begin) / kWindow;
      begin += window * kWindow;
      end = std::min(end, begin + kWindow);
    }
    if (pc < begin || pc >= end) return nullptr;
    std::lock_guard lock(mutex_);
    const Key key{begin, agent, target};
    auto known = regions_.find(key);
    if (known != regions_.end()) {
      CodeRegion& region = *known->second;
      if (region.end_ == end && (!region.suspect_ || region.current())) {
        region.suspect_ = false;
        return known->second;
      }
      regions_.erase(known);
    }
    std::shared_ptr<CodeRegion> made(new CodeRegion(begin, end, agent, target));
    regions_.emplace(key, made);
    return made;
  }

  void invalidate(uint64_t begin, uint64_t bytes) {
    std::lock_guard lock(mutex_);
    if (bytes == UINT64_MAX) {
      for (auto& [key, region] : regions_) region->suspect_ = true;
      return;
    }
    uint64_t end = begin + bytes < begin ? UINT64_MAX : begin + bytes;
    std::erase_if(regions_,
                  [=](const auto& entry) { return entry.second->begin_ < end && begin < entry.second->end_; });
  }

 private:
  using Key = std::tuple<uint64_t, unsigned, Target>;

  std::mutex mutex_;
  std::map<Key, std::shared_ptr<CodeRegion>> regions_;
};

CodeRegion::CodeRegion(uint64_t begin, uint64_t end, unsigned agent, Target target)
    : begin_(begin), end_(end), agent_(agent), target_(target) {
  mapSlots_ = kPadding + (end - begin) / 4 + kPadding;
  void* memory = mmap(nullptr, mapSlots_ * sizeof(MicroOp), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  madvise(memory, mapSlots_ * sizeof(MicroOp), MADV_NOHUGEPAGE);  // few of the slots are ever touched
  map_ = static_cast<MicroOp*>(memory);
  slots_ = map_ + kPadding;
}

CodeRegion::~CodeRegion() {
  munmap(map_, mapSlots_ * sizeof(MicroOp));
}

std::shared_ptr<CodeRegion> CodeRegion::find(uint64_t pc, unsigned agent, Target target) {
  return CodeTable::instance().find(pc, agent, target);
}

Handler CodeRegion::lower(uint64_t pc, MicroOp& slot) const {
  if (pc < begin_ || pc >= end_) return runElsewhere;
  Fetched code = fetch(pc, agent_);
  if (code.count == 0) return raiseUnreadable;
  Instruction in;
  bool known = decode(code.words, code.count, target_, in);
  Decoded copy{pc, {}, std::min<uint8_t>(in.words, std::size(copy.words))};
  std::copy_n(code.words, copy.count, copy.words);
  decoded_.push_back(copy);
  slot.words = in.words;
  if (!known) return raiseIllegal;
  slot.opcode = in.opcode;
  Handler handler = lowerInstruction(in, target_, slot);
  return handler ? handler : raiseUnsupported;
}

void CodeRegion::prepare(const MicroOp* op) const {
  MicroOp& slot = map_[op - map_];
  std::lock_guard lock(preparing_);
  if (slot.run.load(std::memory_order_relaxed)) return;
  slot.run.store(lower(pcOf(op), slot), std::memory_order_release);
}

bool CodeRegion::current() const {
  std::lock_guard lock(preparing_);
  return std::all_of(decoded_.begin(), decoded_.end(), [this](const Decoded& old) {
    Fetched now = fetch(old.pc, agent_);
    return now.count >= old.count && std::equal(old.words, old.words + old.count, now.words);
  });
}

CodeRegion* CodeSet::find(uint64_t pc) {
  std::lock_guard lock(mutex_);
  for (const auto& region : regions_) {
    if (pc >= region->begin() && pc < region->end()) return region.get();
  }
  auto region = CodeRegion::find(pc, agent_, target_);
  if (!region) return nullptr;
  regions_.insert(regions_.begin(), region);
  return region.get();
}

CodeRegion* CodeSet::refresh(uint64_t pc) {
  CodeRegion* region = find(pc);
  if (!region || region->current()) return region;
  invalidateCode(region->begin(), region->end() - region->begin());
  std::lock_guard lock(mutex_);
  auto fresh = CodeRegion::find(pc, agent_, target_);
  if (!fresh) return nullptr;
  if (std::find(regions_.begin(), regions_.end(), fresh) == regions_.end()) regions_.insert(regions_.begin(), fresh);
  return fresh.get();
}

void invalidateCode(uint64_t begin, uint64_t bytes) {
  CodeTable::instance().invalidate(begin, bytes);
}

bool decodeAt(uint64_t pc, unsigned agent, Target target, Instruction& out) {
  Fetched code = fetch(pc, agent);
  return code.count && decode(code.words, code.count, target, out);
}

std::string disassembleAt(uint64_t pc, unsigned agent, Target target) {
  Fetched code = fetch(pc, agent);
  if (code.count == 0) return "(no instruction can be read here)";
  Instruction in;
  if (decode(code.words, code.count, target, in)) return disassemble(in, target, pc);
  std::string text = ".long";
  for (unsigned i = 0; i < std::min<unsigned>(code.count, 2); ++i) {
    char word[16];
    std::snprintf(word, sizeof word, "%s0x%08x", i ? ", " : " ", code.words[i]);
    text += word;
  }
  return text;
}

}  // namespace softgpu
