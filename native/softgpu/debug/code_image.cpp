#include "debug/code_image.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>

#include "debug/process_memory.h"

namespace softgpu {
namespace {

// More than any section that is read here has; what says more is malformed.
constexpr uint64_t kLargestSection = 1u << 30;

class MemorySource final : public ImageSource {
 public:
  MemorySource(uint64_t address, uint64_t bytes) : address_(address), bytes_(bytes) {}
  bool read(uint64_t offset, void* to, size_t bytes) const override {
    return offset <= bytes_ && bytes <= bytes_ - offset && readProcess(address_ + offset, to, bytes);
  }

 private:
  uint64_t address_, bytes_;
};

class FileSource final : public ImageSource {
 public:
  FileSource(const std::string& path, uint64_t offset, uint64_t bytes)
      : file_(path, std::ios::binary), offset_(offset), bytes_(bytes) {}
  bool read(uint64_t offset, void* to, size_t bytes) const override {
    if (offset > bytes_ || bytes > bytes_ - offset) return false;
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(offset_ + offset));
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
    return file_.good();
  }

 private:
  mutable std::ifstream file_;
  uint64_t offset_, bytes_;
};

std::optional<uint64_t> number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The value of `name` in a fragment "offset=0x10&size=20".
std::optional<uint64_t> parameter(std::string_view fragment, std::string_view name) {
  while (!fragment.empty()) {
    const size_t end = std::min(fragment.find('&'), fragment.size());
    const std::string_view item = fragment.substr(0, end);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=')
      return number(item.substr(name.size() + 1));
    fragment.remove_prefix(std::min(end + 1, fragment.size()));
  }
  return std::nullopt;
}

// RFC 3986, 2.1.
std::string decodePercent(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], value, 16).ptr == &text[i + 3]) {
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::string_view textAt(const std::vector<uint8_t>& strings, size_t offset) {
  if (offset >= strings.size()) return {};
  const char* text = reinterpret_cast<const char*>(strings.data()) + offset;
  return {text, strnlen(text, strings.size() - offset)};
}

}  // namespace

std::unique_ptr<ImageSource> openImage(std::string_view uri) {
  constexpr std::string_view kMemory = "memory://", kFile = "file://";
  const size_t mark = std::min(uri.find_first_of("#?"), uri.size());
  const std::string_view fragment = uri.substr(std::min(mark + 1, uri.size()));
  const auto offset = parameter(fragment, "offset"), size = parameter(fragment, "size");
  if (uri.starts_with(kMemory)) {
    if (!offset || !size) return nullptr;
    return std::make_unique<MemorySource>(*offset, *size);
  }
  if (!uri.starts_with(kFile)) return nullptr;
  const std::string path = decodePercent(uri.substr(kFile.size(), mark - kFile.size()));
  constexpr uint64_t kAll = std::numeric_limits<std::streamoff>::max();
  return std::make_unique<FileSource>(path, offset.value_or(0), size.value_or(kAll));
}

std::optional<CodeImage> CodeImage::open(std::unique_ptr<ImageSource> source) {
  if (!source) return std::nullopt;
  CodeImage image(std::move(source));
  if (!image.readHeaders()) return std::nullopt;
  return image;
}

bool CodeImage::readHeaders() {
  Elf64_Ehdr header;
  if (!source_->read(0, &header, sizeof header)) return false;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return false;
  }
  std::vector<Elf64_Phdr> programs(header.e_phnum);
  if (!source_->read(header.e_phoff, programs.data(), programs.size() * sizeof(Elf64_Phdr))) return false;
  for (const Elf64_Phdr& p : programs) {
    if (p.p_type != PT_LOAD) continue;
    segments_.push_back({p.p_vaddr, p.p_vaddr + p.p_filesz, p.p_offset, (p.p_flags & PF_X) != 0});
  }
  // Sections are what stripping may leave out.
  if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr)) return true;
  sections_.resize(header.e_shnum);
  if (!source_->read(header.e_shoff, sections_.data(), sections_.size() * sizeof(Elf64_Shdr))) sections_.clear();
  if (header.e_shstrndx < sections_.size()) sectionNames_ = bytesOf(sections_[header.e_shstrndx]);
  return true;
}

const CodeImage::Segment* CodeImage::segmentOf(uint64_t address) const {
  const auto found =
      std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) { return s.holds(address); });
  return found == segments_.end() ? nullptr : &*found;
}

std::vector<uint8_t> CodeImage::bytesOf(const Elf64_Shdr& section) const {
  if (section.sh_type == SHT_NOBITS || section.sh_flags & SHF_COMPRESSED || section.sh_size > kLargestSection)
    return {};
  // A size that the bytes do not bear out is found before memory is taken for it.
  uint8_t last = 0;
  if (section.sh_size == 0 || !source_->read(section.sh_offset + section.sh_size - 1, &last, 1)) return {};
  std::vector<uint8_t> bytes(section.sh_size);
  if (!source_->read(section.sh_offset, bytes.data(), bytes.size())) bytes.clear();
  return bytes;
}

std::vector<uint8_t> CodeImage::section(std::string_view name) const {
  for (const Elf64_Shdr& section : sections_) {
    if (textAt(sectionNames_, section.sh_name) == name) return bytesOf(section);
  }
  return {};
}

std::vector<ImageSymbol> CodeImage::symbols() const {
  std::vector<ImageSymbol> symbols;
  for (const Elf64_Shdr& section : sections_) {
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    if (section.sh_entsize != sizeof(Elf64_Sym) || section.sh_link >= sections_.size()) continue;
    const std::vector<uint8_t> bytes = bytesOf(section), names = bytesOf(sections_[section.sh_link]);
    for (size_t at = 0; at + sizeof(Elf64_Sym) <= bytes.size(); at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, &bytes[at], sizeof symbol);
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_name == 0) continue;
      symbols.push_back({std::string(textAt(names, symbol.st_name)), symbol.st_value, symbol.st_size,
                         ELF64_ST_TYPE(symbol.st_info) == STT_FUNC});
    }
  }
  return symbols;
}

}  // namespace softgpu
