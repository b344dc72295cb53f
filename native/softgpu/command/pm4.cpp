#include "command/pm4.h"

#include <vector>

#include "memory/address_space.h"
#include "wave/code.h"

namespace softgpu {
namespace {

enum Opcode : uint32_t { kNop = 0x10, kIndirectBuffer = 0x3f, kReleaseMem = 0x49, kAcquireMem = 0x58 };
constexpr uint32_t kType3 = 3;

bool runIndirectBuffer(const uint32_t* body, unsigned agent, unsigned depth);

bool run(const uint32_t* words, size_t count, unsigned agent, unsigned depth) {
  for (size_t at = 0; at < count;) {
    const uint32_t header = words[at];
    if (header >> 30 != kType3) return false;
    const uint32_t opcode = header >> 8 & 0xff;
    const size_t body = (header >> 16 & 0x3fff) + 1;
    if (body > count - at - 1) return false;
    switch (opcode) {
      case kNop:
      case kReleaseMem:  // on gfx8: "advance the read index", which every packet here does when it is done
        break;
      case kAcquireMem:
        invalidateCode(0, UINT64_MAX);
        break;
      case kIndirectBuffer:
        if (body < 3 || !runIndirectBuffer(words + at + 1, agent, depth)) return false;
        break;
      default:
        return false;
    }
    at += 1 + body;
  }
  return true;
}

bool runIndirectBuffer(const uint32_t* body, unsigned agent, unsigned depth) {
  constexpr unsigned kMaxDepth = 2;
  if (depth >= kMaxDepth) return false;
  const uint64_t address = (body[0] & ~3u) | static_cast<uint64_t>(body[1] & 0xffff) << 32;
  const uint64_t count = body[2] & 0xfffff;
  auto range = AddressSpace::instance().find(address, agent);
  if (count == 0) return true;
  if (!range || !range->holds(address, count * 4)) return false;
  // A copy: the host may change the buffer under a hostile program's hands.
  const auto* source = reinterpret_cast<const uint32_t*>(address);
  const std::vector<uint32_t> words(source, source + count);
  return run(words.data(), words.size(), agent, depth + 1);
}

}  // namespace

bool runPm4(const uint32_t* words, size_t count, unsigned agent) {
  return run(words, count, agent, 0);
}

}  // namespace softgpu
