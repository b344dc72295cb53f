// Source lines, from a code object's .debug_line (DWARF 2 to 5; section 6.2 of each standard).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace softgpu {

struct SourceLine {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;  // 0: not known
};

struct LineSections {
  std::span<const uint8_t> line;         // .debug_line
  std::span<const uint8_t> lineStrings;  // .debug_line_str
  std::span<const uint8_t> strings;      // .debug_str
};

// The line that the instruction at `address` comes from. `isCode` answers whether an address may hold code: linkers
// leave the lines of functions that they dropped at address 0. Nothing where the tables have no line for it; malformed
// tables are read as far as they make sense.
std::optional<SourceLine> findSourceLine(const LineSections& sections, uint64_t address,
                                         const std::function<bool(uint64_t)>& isCode);

}  // namespace softgpu
