#include "command/blit_kernels.h"

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "memory/address_space.h"

namespace softgpu {
namespace {

enum class Blit : uint8_t { CopyAligned, CopyMisaligned, Fill };

// ROCr's blit kernels, as their bytes lie in memory when they are dispatched: FNV-1a over everything up to the s_endpgm
// that closes the page's code. Seen under ROCr 5.2.3, which uses the same three on gfx803 to gfx90a. A version with
// other code runs it in waves.
struct Signature {
  Blit blit;
  uint32_t words;
  uint64_t hash;
};
constexpr Signature kSignatures[] = {
    {Blit::CopyAligned, 124, 0xc9ed7ddde0f282c7},
    {Blit::CopyMisaligned, 103, 0x7625bfdd9a90794d},
    {Blit::Fill, 47, 0xc3fd25e8e46c95f0},
};
// All begin with s_load_dwordx8 s[4:11], s[0:1], 0x0 (its first dword): nothing else is worth a hash.
constexpr uint32_t kFirstWord = 0xc00a0100;
constexpr uint32_t kEndProgram = 0xbf810000;

uint64_t fnv1a(const uint8_t* bytes, size_t count) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < count; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3;
  return hash;
}

// The arguments, as ROCr's BlitKernel lays them out.
struct CopyAlignedArguments {
  uint64_t source1, destination1, source2, destination2, source3, destination3, source4, destination4;
  uint64_t sourceEnd, destinationEnd;
  uint32_t workItems;
};
struct CopyMisalignedArguments {
  uint64_t source1, destination1, source2, destination2;
  uint64_t sourceEnd, destinationEnd;
  uint32_t workItems;
};
struct FillArguments {
  uint64_t destination1, destination2, destinationEnd;
  uint32_t value, workItems;
};

const void* readable(uint64_t address, uint64_t bytes, const Launch& launch) {
  auto range = AddressSpace::instance().find(address, launch.agent->index);
  return range && range->holds(address, bytes) ? reinterpret_cast<const void*>(address) : nullptr;
}

template <typename Arguments>
bool readArguments(const Launch& launch, Arguments& out) {
  const void* from = readable(launch.kernarg, sizeof out, launch);
  if (from) std::memcpy(&out, from, sizeof out);
  return from;
}

bool enabled() {
  static const bool on = [] {
    const char* value = std::getenv("GCN_SOFTGPU_NATIVE_BLITS");
    return !value || std::string_view(value) != "0";
  }();
  return on;
}

const Signature* signatureAt(const Launch& launch) {
  int64_t offset = 0;  // kernel_code_entry_byte_offset
  std::memcpy(&offset, reinterpret_cast<const void*>(launch.kernelObject + 16), sizeof offset);
  const uint64_t entry = launch.kernelObject + static_cast<uint64_t>(offset);
  for (const Signature& signature : kSignatures) {
    const auto* code = static_cast<const uint8_t*>(readable(entry, signature.words * 4ull, launch));
    if (!code || entry % 4 != 0) continue;
    uint32_t first = 0, last = 0;
    std::memcpy(&first, code, sizeof first);
    if (first != kFirstWord) return nullptr;
    std::memcpy(&last, code + (signature.words - 1) * 4ull, sizeof last);
    if (last == kEndProgram && fnv1a(code, signature.words * 4ull) == signature.hash) return &signature;
  }
  return nullptr;
}

std::optional<Transfer> copyOf(uint64_t destination, uint64_t destinationEnd, uint64_t source, uint64_t sourceEnd) {
  if (destinationEnd < destination || destinationEnd - destination != sourceEnd - source) return std::nullopt;
  Transfer copy;
  copy.destination = destination;
  copy.source = source;
  copy.rowBytes = sourceEnd - source;
  return copy;
}

}  // namespace

std::optional<Transfer> recogniseBlit(const Launch& launch) {
  if (!enabled()) return std::nullopt;
  const Signature* signature = signatureAt(launch);
  if (!signature) return std::nullopt;
  switch (signature->blit) {
    case Blit::CopyAligned: {
      CopyAlignedArguments a{};
      if (!readArguments(launch, a) || a.workItems != launch.grid[0]) return std::nullopt;
      return copyOf(a.destination1, a.destinationEnd, a.source1, a.sourceEnd);
    }
    case Blit::CopyMisaligned: {
      CopyMisalignedArguments a{};
      if (!readArguments(launch, a) || a.workItems != launch.grid[0]) return std::nullopt;
      return copyOf(a.destination1, a.destinationEnd, a.source1, a.sourceEnd);
    }
    case Blit::Fill: {
      FillArguments a{};
      if (!readArguments(launch, a) || a.workItems != launch.grid[0]) return std::nullopt;
      if (a.destinationEnd < a.destination1) return std::nullopt;
      Transfer fill;
      fill.kind = Transfer::Kind::Fill;
      fill.pattern = a.value;
      fill.destination = a.destination1;
      fill.rowBytes = a.destinationEnd - a.destination1;
      return fill;
    }
  }
  return std::nullopt;
}

}  // namespace softgpu
