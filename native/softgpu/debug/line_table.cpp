#include "debug/line_table.h"

#include <array>
#include <cstring>
#include <vector>

namespace softgpu {
namespace {

enum Standard : uint8_t {
  kCopy = 1,
  kAdvancePc = 2,
  kAdvanceLine = 3,
  kSetFile = 4,
  kSetColumn = 5,
  kConstAddPc = 8,
  kFixedAdvancePc = 9,
};
enum Extended : uint8_t { kEndSequence = 1, kSetAddress = 2, kDefineFile = 3 };
enum Content : uint16_t { kPath = 1, kDirectory = 2 };
enum Form : uint16_t {
  kData2 = 0x05,
  kData4 = 0x06,
  kData8 = 0x07,
  kString = 0x08,
  kBlock = 0x09,
  kData1 = 0x0b,
  kStrp = 0x0e,
  kUdata = 0x0f,
  kData16 = 0x1e,
  kLineStrp = 0x1f,
};

// A place in a section. What lies past the end reads as zero, and `good` says so.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  bool atEnd() const { return !good_ || at_ == bytes_.size(); }

  template <class T>
  T read() {
    T value{};
    const auto from = take(sizeof value);
    if (!from.empty()) std::memcpy(&value, from.data(), sizeof value);
    return value;
  }
  uint64_t offset(bool dwarf64) { return dwarf64 ? read<uint64_t>() : read<uint32_t>(); }
  uint64_t uleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; good_; shift += 7) {
      const uint8_t byte = read<uint8_t>();
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (!(byte & 0x80)) break;
    }
    return value;
  }
  int64_t sleb() {
    uint64_t value = 0;
    for (unsigned shift = 0; good_;) {
      const uint8_t byte = read<uint8_t>();
      if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      shift += 7;
      if (byte & 0x80) continue;
      if (byte & 0x40 && shift < 64) value |= ~uint64_t{0} << shift;
      break;
    }
    return static_cast<int64_t>(value);
  }
  std::string text() {
    const auto* begin = bytes_.data() + at_;
    const void* end = good_ && at_ < bytes_.size() ? std::memchr(begin, 0, bytes_.size() - at_) : nullptr;
    if (!end) {
      good_ = false;
      return {};
    }
    const auto length = static_cast<size_t>(static_cast<const uint8_t*>(end) - begin);
    at_ += length + 1;
    return {reinterpret_cast<const char*>(begin), length};
  }
  std::span<const uint8_t> take(uint64_t count) {
    if (!good_ || count > bytes_.size() - at_) {
      good_ = false;
      return {};
    }
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool good_ = true;
};

std::string textAt(std::span<const uint8_t> strings, uint64_t offset) {
  if (offset >= strings.size()) return {};
  return Cursor(strings.subspan(offset)).text();
}

struct File {
  std::string name;
  uint64_t directory = 0;
};

struct Row {
  uint64_t address = 0, file = 1;
  uint64_t line = 1;  // what a damaged program makes of it wraps around
  uint64_t column = 0;
};

// The header of a unit's line program.
class Unit {
 public:
  Unit(Cursor& unit, bool dwarf64, const LineSections& sections) : sections_(sections), dwarf64_(dwarf64) {
    version = unit.read<uint16_t>();
    if (version < 2 || version > 5) return;
    if (version >= 5) unit.take(2);  // address size, segment selector size
    const uint64_t headerBytes = unit.offset(dwarf64);
    Cursor header(unit.take(headerBytes));
    minInstruction = header.read<uint8_t>();
    if (version >= 4) header.take(1);  // operations per instruction: more than one on VLIW machines only
    header.take(1);                    // default_is_stmt
    lineBase = header.read<int8_t>();
    lineRange = header.read<uint8_t>();
    opcodeBase = header.read<uint8_t>();
    for (unsigned i = 1; i < opcodeBase; ++i) operands[i] = header.read<uint8_t>();
    if (version >= 5) {
      for (File& entry : entries(header)) directories_.push_back(std::move(entry.name));
      files_ = entries(header);
    } else {
      directories_.emplace_back();  // 0: where it was compiled, which only .debug_info knows
      for (std::string name; !(name = header.text()).empty();) directories_.push_back(std::move(name));
      files_.emplace_back();  // they count from 1
      for (std::string name; !(name = header.text()).empty();) addFile(std::move(name), header);
    }
    good = header.good() && lineRange != 0 && opcodeBase != 0;
  }

  void addFile(std::string name, Cursor& from) {
    files_.push_back({std::move(name), from.uleb()});
    from.uleb();  // time of the last change
    from.uleb();  // bytes
  }

  std::string pathOf(uint64_t index) const {
    if (index >= files_.size()) return {};
    const File& file = files_[index];
    std::string path = file.name;
    if (path.starts_with('/')) return path;
    for (uint64_t directory = file.directory;; directory = 0) {
      if (directory < directories_.size() && !directories_[directory].empty())
        path = directories_[directory] + "/" + path;
      if (directory == 0 || path.starts_with('/')) return path;
    }
  }

  uint16_t version = 0;
  uint8_t minInstruction = 1, lineRange = 0, opcodeBase = 0;
  int8_t lineBase = 0;
  std::array<uint8_t, 256> operands{};
  bool good = false;

 private:
  // DWARF 5, 6.2.4.1.
  std::vector<File> entries(Cursor& header) {
    std::vector<std::pair<uint64_t, uint64_t>> formats(header.read<uint8_t>());
    for (auto& [content, form] : formats) {
      content = header.uleb();
      form = header.uleb();
    }
    std::vector<File> entries;
    const uint64_t count = header.uleb();
    for (uint64_t i = 0; i < count && header.good() && !formats.empty(); ++i) {
      File& entry = entries.emplace_back();
      for (const auto& [content, form] : formats) {
        Value value = readForm(header, form);
        if (content == kPath) entry.name = std::move(value.text);
        if (content == kDirectory) entry.directory = value.number;
      }
    }
    return entries;
  }

  struct Value {
    std::string text;
    uint64_t number = 0;
  };
  Value readForm(Cursor& header, uint64_t form) {
    switch (form) {
      case kString:
        return {header.text(), 0};
      case kLineStrp:
        return {textAt(sections_.lineStrings, header.offset(dwarf64_)), 0};
      case kStrp:
        return {textAt(sections_.strings, header.offset(dwarf64_)), 0};
      case kUdata:
        return {{}, header.uleb()};
      case kData1:
        return {{}, header.read<uint8_t>()};
      case kData2:
        return {{}, header.read<uint16_t>()};
      case kData4:
        return {{}, header.read<uint32_t>()};
      case kData8:
        return {{}, header.read<uint64_t>()};
      case kData16:
        header.take(16);
        return {};
      case kBlock:
        header.take(header.uleb());
        return {};
      default:
        header.take(UINT64_MAX);  // of unknown length: nothing behind it can be read
        return {};
    }
  }

  const LineSections& sections_;
  const bool dwarf64_;
  std::vector<std::string> directories_;
  std::vector<File> files_;
};

// Runs a unit's program until a row holds `address`: up to the next row of its sequence.
class Program {
 public:
  Program(Unit& unit, Cursor code, uint64_t address, const std::function<bool(uint64_t)>& isCode)
      : unit_(unit), code_(code), address_(address), isCode_(isCode) {}

  std::optional<Row> find() {
    while (!code_.atEnd()) {
      const uint8_t opcode = code_.read<uint8_t>();
      if (opcode >= unit_.opcodeBase) {
        const unsigned adjusted = opcode - unit_.opcodeBase;
        advance(adjusted / unit_.lineRange);
        row_.line += unit_.lineBase + static_cast<int>(adjusted % unit_.lineRange);
        if (append(false)) return last_;
      } else if (opcode == 0 ? extended() : standard(opcode)) {
        return last_;
      }
    }
    return std::nullopt;
  }

 private:
  void advance(uint64_t operations) { row_.address += operations * unit_.minInstruction; }

  // True where the row before this one holds the address.
  bool append(bool end) {
    if (hasLast_ && last_.address <= address_ && address_ < row_.address && isCode_(last_.address)) return true;
    last_ = row_;
    hasLast_ = !end;
    if (end) row_ = {};
    return false;
  }

  bool extended() {
    Cursor operand(code_.take(code_.uleb()));
    switch (operand.read<uint8_t>()) {
      case kEndSequence:
        return append(true);
      case kSetAddress:
        row_.address = operand.read<uint64_t>();
        break;
      case kDefineFile: {
        std::string name = operand.text();
        unit_.addFile(std::move(name), operand);
        break;
      }
    }
    return false;
  }

  bool standard(uint8_t opcode) {
    switch (opcode) {
      case kCopy:
        return append(false);
      case kAdvancePc:
        advance(code_.uleb());
        break;
      case kAdvanceLine:
        row_.line += static_cast<uint64_t>(code_.sleb());
        break;
      case kSetFile:
        row_.file = code_.uleb();
        break;
      case kSetColumn:
        row_.column = code_.uleb();
        break;
      case kConstAddPc:
        advance((255u - unit_.opcodeBase) / unit_.lineRange);
        break;
      case kFixedAdvancePc:
        row_.address += code_.read<uint16_t>();
        break;
      default:  // flags, and what later versions may add: their operands are LEB128
        for (unsigned i = 0; i < unit_.operands[opcode]; ++i) code_.uleb();
    }
    return false;
  }

  Unit& unit_;
  Cursor code_;
  const uint64_t address_;
  const std::function<bool(uint64_t)>& isCode_;
  Row row_, last_;
  bool hasLast_ = false;
};

}  // namespace

std::optional<SourceLine> findSourceLine(const LineSections& sections, uint64_t address,
                                         const std::function<bool(uint64_t)>& isCode) {
  Cursor all(sections.line);
  while (!all.atEnd()) {
    constexpr uint32_t kDwarf64 = 0xffffffff;
    uint64_t bytes = all.read<uint32_t>();
    const bool dwarf64 = bytes == kDwarf64;
    if (dwarf64) bytes = all.read<uint64_t>();
    Cursor rest(all.take(bytes));
    Unit unit(rest, dwarf64, sections);
    if (!unit.good) continue;
    const auto row = Program(unit, rest, address, isCode).find();
    if (!row) continue;
    // Line 0: the compiler says that no line is to blame.
    if (row->line == 0 || row->line > UINT32_MAX) return std::nullopt;
    SourceLine found{unit.pathOf(row->file), static_cast<uint32_t>(row->line), static_cast<uint32_t>(row->column)};
    if (found.file.empty()) return std::nullopt;
    return found;
  }
  return std::nullopt;
}

}  // namespace softgpu
