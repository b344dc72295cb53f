#include "debug/loaded_code.h"

#include <link.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>

#include "debug/code_image.h"
#include "debug/process_memory.h"
#include "memory/address_space.h"

namespace softgpu {
namespace {

std::atomic<const void*> loaderState{nullptr};

// A list that is torn, or runs in a circle, ends here.
constexpr unsigned kMostObjects = 1 << 16;
constexpr size_t kLongestUri = 8192;

std::string readText(uint64_t address) {
  std::string text;
  // Up to the ends of pages: the next one need not be there.
  constexpr uint64_t kPage = 4096;
  char chunk[kPage];
  while (text.size() < kLongestUri) {
    const size_t bytes = kPage - address % kPage;
    if (!readProcess(address, chunk, bytes)) return {};
    const size_t length = strnlen(chunk, bytes);
    text.append(chunk, length);
    if (length < bytes) return text;
    address += bytes;
  }
  return {};
}

struct LoadedImage {
  CodeImage image;
  uint64_t delta = 0;
};

// Whether memory at `address` holds what the image has there: the object may have been unloaded, its file changed.
bool agrees(const LoadedImage& loaded, uint64_t address, unsigned agent) {
  const uint64_t at = address - loaded.delta;
  const CodeImage::Segment* segment = loaded.image.segmentOf(at);
  auto range = AddressSpace::instance().find(address, agent);
  if (!segment || !range) return false;
  uint8_t bytes[16];
  const size_t count = std::min({sizeof bytes, segment->end - at, range->end - address});
  return loaded.image.read(segment->offset + (at - segment->begin), bytes, count) &&
         std::memcmp(bytes, reinterpret_cast<const void*>(address), count) == 0;
}

std::optional<LoadedImage> findLoaded(uint64_t address, unsigned agent) {
  r_debug state;
  if (!readProcess(reinterpret_cast<uint64_t>(loaderState.load()), state)) return std::nullopt;
  link_map entry;
  auto next = reinterpret_cast<uint64_t>(state.r_map);
  for (unsigned i = 0; i < kMostObjects && next && readProcess(next, entry); ++i) {
    next = reinterpret_cast<uint64_t>(entry.l_next);
    // Cheap, for there may be thousands: an object lies above what its addresses count from.
    if (address < entry.l_addr) continue;
    auto image = CodeImage::open(openImage(readText(reinterpret_cast<uint64_t>(entry.l_name))));
    if (!image) continue;
    LoadedImage loaded{std::move(*image), entry.l_addr};
    if (agrees(loaded, address, agent)) return loaded;
  }
  return std::nullopt;
}

}  // namespace

void setLoaderState(const void* state) {
  loaderState.store(state);
}

std::string kernelNameOf(uint64_t kernelObject, unsigned agent) {
  const auto loaded = findLoaded(kernelObject, agent);
  if (!loaded) return {};
  constexpr std::string_view kSuffix = ".kd";  // LLVM AMDGPU usage, "ELF Symbols"
  for (ImageSymbol& symbol : loaded->image.symbols()) {
    if (symbol.value != kernelObject - loaded->delta || !symbol.name.ends_with(kSuffix)) continue;
    symbol.name.resize(symbol.name.size() - kSuffix.size());
    return std::move(symbol.name);
  }
  return {};
}

CodePlace placeOf(uint64_t pc, unsigned agent) {
  CodePlace place;
  const auto loaded = findLoaded(pc, agent);
  if (!loaded) return place;
  const CodeImage& image = loaded->image;
  const uint64_t address = pc - loaded->delta;
  for (ImageSymbol& symbol : image.symbols()) {
    if (!symbol.function || address < symbol.value || address - symbol.value >= symbol.size) continue;
    place.function = std::move(symbol.name);
    place.offset = address - symbol.value;
    break;
  }
  const auto line = image.section(".debug_line"), lineStrings = image.section(".debug_line_str"),
             strings = image.section(".debug_str");
  place.source = findSourceLine({line, lineStrings, strings}, address, [&](uint64_t at) {
    const CodeImage::Segment* segment = image.segmentOf(at);
    return segment && segment->executable;
  });
  return place;
}

}  // namespace softgpu
