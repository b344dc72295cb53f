// The file that a loaded code object was loaded from, in memory or on disk: an ELF with the symbols and debug sections
// that loading leaves behind. Everything in it is checked: it may be gone, changed or malformed.
#pragma once

#include <elf.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace softgpu {

// Where the bytes of a code object are. Offsets are from its beginning.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual bool read(uint64_t offset, void* to, size_t bytes) const = 0;
};

// By the URI that the loader gives a code object (LLVM AMDGPU usage, "Loaded Code Object Path Uniform Resource
// Identifier"): memory://PID#offset=0x…&size=…, file://PATH, file://PATH#offset=…&size=…. Null where it is none of
// these.
std::unique_ptr<ImageSource> openImage(std::string_view uri);

struct ImageSymbol {
  std::string name;
  uint64_t value = 0, size = 0;
  bool function = false;
};

class CodeImage {
 public:
  // Nothing where the bytes are no little-endian 64-bit ELF.
  static std::optional<CodeImage> open(std::unique_ptr<ImageSource> source);

  // The part of the image's address space that is executable and holds `address`.
  struct Segment {
    uint64_t begin = 0, end = 0, offset = 0;
    bool executable = false;
    bool holds(uint64_t address) const { return address >= begin && address < end; }
  };
  const Segment* segmentOf(uint64_t address) const;
  bool read(uint64_t offset, void* to, size_t bytes) const { return source_->read(offset, to, bytes); }

  // Empty where there is no such section, or it is compressed.
  std::vector<uint8_t> section(std::string_view name) const;
  std::vector<ImageSymbol> symbols() const;

 private:
  explicit CodeImage(std::unique_ptr<ImageSource> source) : source_(std::move(source)) {}
  bool readHeaders();
  std::vector<uint8_t> bytesOf(const Elf64_Shdr& section) const;

  std::unique_ptr<ImageSource> source_;
  std::vector<Segment> segments_;
  std::vector<Elf64_Shdr> sections_;
  std::vector<uint8_t> sectionNames_;
};

}  // namespace softgpu
