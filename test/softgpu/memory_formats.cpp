// Typed buffers: every data format with every number format, both ways.
#include <algorithm>
#include <cmath>

#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint32_t kBytes = 4096, kElement = 32;

// The fields of each data format from the least significant bit on, from the names' widths read backwards.
const std::vector<std::vector<unsigned>> kFields = {{},
                                                    {8},
                                                    {16},
                                                    {8, 8},
                                                    {32},
                                                    {16, 16},
                                                    {11, 11, 10},
                                                    {10, 11, 11},
                                                    {2, 10, 10, 10},
                                                    {10, 10, 10, 2},
                                                    {8, 8, 8, 8},
                                                    {32, 32},
                                                    {16, 16, 16, 16},
                                                    {32, 32, 32},
                                                    {32, 32, 32, 32}};
enum Number { kUnorm, kSnorm, kUscaled, kSscaled, kUint, kSint, kFloat = 7 };

uint64_t field(const uint8_t* element, unsigned position, unsigned width) {
  uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) value |= uint64_t{element[(position + i) / 8] >> ((position + i) % 8) & 1u} << i;
  return value;
}

uint32_t bits(double value) {
  return std::bit_cast<uint32_t>(static_cast<float>(value));
}

// A float of `fraction` fraction bits and five exponent bits, by its definition.
double small(uint64_t magnitude, unsigned fraction) {
  const auto exponent = static_cast<int>(magnitude >> fraction), steps = 1 << fraction;
  const double part = static_cast<double>(magnitude % static_cast<uint64_t>(steps)) / steps;
  if (exponent == 31) return part != 0 ? std::nan("") : INFINITY;
  return exponent ? std::ldexp(1 + part, exponent - 15) : std::ldexp(part, -14);
}

uint32_t wantLoaded(uint64_t raw, unsigned width, unsigned number) {
  if (width == 32) return static_cast<uint32_t>(raw);
  const int64_t sign =
      raw >> (width - 1) ? static_cast<int64_t>(raw) - (int64_t{1} << width) : static_cast<int64_t>(raw);
  const double top = std::ldexp(1, static_cast<int>(width)) - 1,
               topSigned = std::ldexp(1, static_cast<int>(width) - 1) - 1;
  switch (number) {
    case kUnorm:
      return bits(static_cast<double>(raw) / top);
    case kSnorm:
      return bits(std::max(static_cast<double>(sign) / topSigned, -1.0));
    case kUscaled:
      return bits(static_cast<double>(raw));
    case kSscaled:
      return bits(static_cast<double>(sign));
    case kUint:
      return static_cast<uint32_t>(raw);
    case kSint:
      return static_cast<uint32_t>(sign);
    default:
      break;
  }
  if (width == 16) return bits(raw >> 15 ? -small(raw & 0x7fff, 10) : small(raw, 10));
  if (width == 11 || width == 10) return bits(small(raw, width - 5));
  return static_cast<uint32_t>(raw);
}

bool same(uint32_t got, uint32_t want, bool floating) {
  const bool nan = floating && std::isnan(std::bit_cast<float>(want));
  return nan ? std::isnan(std::bit_cast<float>(got)) : got == want;
}

void describe(MemoryWave& w, const MappedMemory& memory, unsigned dataFormat, unsigned number, unsigned select) {
  w.wave->setPair(8, memory.begin());
  w.wave->sgpr[10] = kBytes;
  w.wave->sgpr[11] = select | number << 12 | dataFormat << 15;
}

constexpr unsigned kIdentity = 4 | 5 << 3 | 6 << 6 | 7 << 9;

// Formats whose fields are all narrow are not floats.
bool sensible(unsigned dataFormat, unsigned number) {
  if (number != kFloat) return true;
  for (unsigned width : kFields[dataFormat]) {
    if (width < 10) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("memory: typed loads convert every format") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  std::vector<std::string> lines;
  std::vector<std::pair<unsigned, unsigned>> formats;
  for (unsigned data = 1; data < kFields.size(); ++data) {
    for (unsigned number : {kUnorm, kSnorm, kUscaled, kSscaled, kUint, kSint, kFloat}) {
      if (!sensible(data, number)) continue;
      formats.push_back({data, number});
      lines.push_back("tbuffer_load_format_xyzw v[20:23], v10, s[8:11], dfmt:" + std::to_string(data) +
                      ", nfmt:" + std::to_string(number) + ", 0 offen");
    }
  }
  const auto typed = test::assembleAll(Target::gfx900, lines);
  const auto untyped =
      test::assembleAll(Target::gfx900, {"buffer_load_format_xyzw v[20:23], v10, s[8:11], 0 offen"})[0];
  for (size_t i = 0; i < formats.size(); ++i) {
    const auto [data, number] = formats[i];
    INFO("dfmt " << data << " nfmt " << number);
    REQUIRE(!typed[i].empty());
    memory.fill(static_cast<uint32_t>(i));
    for (unsigned k = 0; k < 64; ++k)
      memory.put<uint64_t>(k * kElement, k < 8 ? 0 : k < 16 ? ~0ull : 0x8000800080008000ull >> k % 5);
    for (unsigned k = 16; k < 64; ++k) memory.put<uint32_t>(k * kElement, k * 0x9e3779b9u);
    for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * kElement;
    for (bool fromDescriptor : {false, true}) {
      describe(w, memory, data, fromDescriptor ? number : 0u, kIdentity);
      REQUIRE(w.run(fromDescriptor ? untyped : typed[i]));
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        unsigned position = 0;
        for (unsigned c = 0; c < 4; ++c) {
          uint32_t want = 0;
          bool floating = false;
          if (c < kFields[data].size()) {
            const unsigned width = kFields[data][c];
            want = wantLoaded(field(memory.data() + lane * kElement, position, width), width, number);
            floating = number == kFloat && width < 32;
            position += width;
          }
          wrong += !same(w.v(20 + c, lane), want, floating);
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("memory: what a typed store writes is the nearest value of the format") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  const float samples[] = {0,   1,     -1,    0.5f,  -0.5f,  2,     -7,   0.001f,
                           300, 70000, 1e-6f, 0.25f, -0.75f, 12.5f, 1e9f, 3.1415926f};
  std::vector<std::string> lines;
  std::vector<std::pair<unsigned, unsigned>> formats;
  for (unsigned data = 1; data < kFields.size(); ++data) {
    for (unsigned number : {kUnorm, kSnorm, kUscaled, kSscaled, kUint, kSint, kFloat}) {
      if (!sensible(data, number)) continue;
      formats.push_back({data, number});
      lines.push_back("tbuffer_store_format_xyzw v[20:23], v10, s[8:11], dfmt:" + std::to_string(data) +
                      ", nfmt:" + std::to_string(number) + ", 0 offen");
    }
  }
  const auto words = test::assembleAll(Target::gfx900, lines);
  for (size_t i = 0; i < formats.size(); ++i) {
    const auto [data, number] = formats[i];
    const std::vector<unsigned>& fields = kFields[data];
    INFO("dfmt " << data << " nfmt " << number);
    memory.fill(3);
    describe(w, memory, 4, 4, kIdentity);
    const std::vector<uint8_t> before(memory.data(), memory.data() + kBytes);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.v(10, lane) = lane * kElement;
      for (unsigned c = 0; c < 4; ++c) {
        w.v(20 + c, lane) =
            number == kUint || number == kSint ? lane * 77 + c : std::bit_cast<uint32_t>(samples[(lane + c * 5) % 16]);
      }
    }
    REQUIRE(w.run(words[i]));
    unsigned total = 0;
    for (unsigned width : fields) total += width;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      unsigned position = 0;
      for (unsigned c = 0; c < fields.size(); ++c) {
        const unsigned width = fields[c];
        const uint64_t raw = field(memory.data() + lane * kElement, position, width);
        const double value = samples[(lane + c * 5) % 16];
        const double top = std::ldexp(1, static_cast<int>(width)) - 1,
                     topSigned = std::ldexp(1, static_cast<int>(width) - 1) - 1;
        const double sign = static_cast<double>(raw >> (width - 1) ? static_cast<int64_t>(raw) - (int64_t{1} << width)
                                                                   : static_cast<int64_t>(raw));
        INFO("lane " << lane << " component " << c);
        if (width == 32) {
          CHECK(raw == w.v(20 + c, lane));
        } else if (number == kUint || number == kSint) {
          CHECK(raw == (w.v(20 + c, lane) & ((1u << width) - 1)));
        } else if (number == kUnorm) {
          CHECK(std::abs(static_cast<double>(raw) - std::clamp(value, 0.0, 1.0) * top) <= 0.5);
        } else if (number == kSnorm) {
          CHECK(std::abs(sign - std::clamp(value, -1.0, 1.0) * topSigned) <= 0.5);
        } else if (number == kUscaled) {
          CHECK(static_cast<double>(raw) == std::trunc(std::clamp(value, 0.0, top)));
        } else if (number == kSscaled) {
          CHECK(sign == std::trunc(std::clamp(value, -topSigned - 1, topSigned)));
        } else {  // half the distance to either neighbour, or infinity past the largest
          const unsigned fraction = width == 16 ? 10 : width - 5;
          const uint64_t magnitude = width == 16 ? raw & 0x7fff : raw;
          const double wanted = width == 16 ? std::abs(value) : std::max(value, 0.0), got = small(magnitude, fraction);
          if (std::isinf(got)) {
            CHECK(wanted > small((31u << fraction) - 1, fraction));
          } else {
            CHECK(2 * std::abs(got - wanted) <= small(magnitude + 1, fraction) - got);
          }
          if (width == 16) CHECK((raw >> 15 != 0) == std::signbit(value));
        }
        position += width;
      }
      CHECK(std::memcmp(memory.data() + lane * kElement + total / 8, before.data() + lane * kElement + total / 8,
                        kElement - total / 8) == 0);
    }
  }
}

TEST_CASE("memory: destination selects reorder, and give zeros and ones") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  memory.put<uint32_t>(0, 0x04030201);
  describe(w, memory, 10, kUint, 7 | 1 << 3 | 0 << 6 | 4 << 9);
  REQUIRE(w.run("buffer_load_format_xyzw v[20:23], off, s[8:11], 0"));
  CHECK(w.v(20, 1) == 4);
  CHECK(w.v(21, 1) == 1);
  CHECK(w.v(22, 1) == 0);
  CHECK(w.v(23, 1) == 1);
  describe(w, memory, 10, kUnorm, 1 | 4 << 3 | 5 << 6 | 6 << 9);
  REQUIRE(w.run("buffer_load_format_xyzw v[20:23], off, s[8:11], 0"));
  CHECK(w.v(20, 1) == 0x3f800000);
  CHECK(w.v(21, 1) == bits(1 / 255.0));
  // Out of range a constant one is still a one.
  w.wave->sgpr[10] = 2;
  REQUIRE(w.run("buffer_load_format_xy v[20:21], off, s[8:11], 0"));
  CHECK(w.v(20, 1) == 0x3f800000);
  CHECK(w.v(21, 1) == 0);
  // All or nothing: the element does not fit.
  w.v(20, 0) = 0x3f800000;
  REQUIRE(w.run("buffer_store_format_x v20, off, s[8:11], 0"));
  CHECK(memory.get<uint32_t>(0) == 0x04030201);
}

TEST_CASE("memory: D16 channels are packed in pairs, on gfx803 one to a register") {
  for (Target target : {Target::gfx803, Target::gfx900}) {
    MemoryWave w(target);
    MappedMemory memory(kBytes);
    const bool packed = target != Target::gfx803;
    memory.put<uint32_t>(0, 0xff804020);
    describe(w, memory, 10, kUint, kIdentity);
    w.randomize(20, 4, 1);
    REQUIRE(w.run(packed ? "buffer_load_format_d16_xyzw v[20:21], off, s[8:11], 0"
                         : "buffer_load_format_d16_xyzw v[20:23], off, s[8:11], 0"));
    if (packed) {
      CHECK(w.v(20, 9) == 0x00400020);
      CHECK(w.v(21, 9) == 0x00ff0080);
    } else {
      CHECK(w.v(20, 9) == 0x20);
      CHECK(w.v(23, 9) == 0xff);
    }
    REQUIRE(w.run(packed ? "buffer_store_format_d16_xyzw v[20:21], off, s[8:11], 0 offset:64"
                         : "buffer_store_format_d16_xyzw v[20:23], off, s[8:11], 0 offset:64"));
    CHECK(memory.get<uint32_t>(64) == 0xff804020);
    // Floats become halves: 255/255 is 1.
    describe(w, memory, 10, kUnorm, kIdentity);
    REQUIRE(w.run(packed ? "buffer_load_format_d16_xy v20, off, s[8:11], 0 offset:2"
                         : "buffer_load_format_d16_xy v[20:21], off, s[8:11], 0 offset:2"));
    CHECK((w.v(packed ? 20 : 21, 0) >> (packed ? 16 : 0) & 0xffff) == 0x3c00);
    REQUIRE(
        w.run("tbuffer_load_format_d16_x v20, off, s[8:11], dfmt:4, nfmt:4, 0"));  // 32 bits are not converted but cut
  }
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  memory.put<uint32_t>(0, 0x000000ab);
  describe(w, memory, 1, kUint, kIdentity);
  w.v(20, 3) = 0x11112222;
  REQUIRE(w.run("buffer_load_format_d16_hi_x v20, off, s[8:11], 0"));
  CHECK(w.v(20, 3) == 0x00ab2222);
  REQUIRE(w.run("buffer_store_format_d16_hi_x v20, off, s[8:11], 0 offset:7"));
  CHECK(memory.get<uint8_t>(7) == 0xab);
}

TEST_CASE("memory: D16 accesses of one to four channels touch those alone") {
  for (Target target : {Target::gfx803, Target::gfx900}) {
    MemoryWave w(target);
    MappedMemory memory(kBytes);
    const bool packed = target != Target::gfx803;
    const auto rowsOf = [&](size_t count) { return static_cast<unsigned>(packed ? (count + 1) / 2 : count); };
    const auto line = [&](bool typed, bool store, size_t count) {
      const std::string data = rowsOf(count) == 1 ? "v20" : "v[20:" + std::to_string(19 + rowsOf(count)) + "]";
      return std::string(typed ? "t" : "") + "buffer_" + (store ? "store" : "load") + "_format_d16_" +
             std::string("xyzw").substr(0, count) + " " + data + ", off, s[8:11], " +
             (typed ? "dfmt:12, nfmt:4, 0 " : "0 ") + (store ? "offset:64" : "offset:16");
    };
    std::vector<std::string> lines;
    for (const bool typed : {false, true}) {
      for (const bool store : {false, true}) {
        for (size_t count = 1; count <= 4; ++count) lines.push_back(line(typed, store, count));
      }
    }
    test::assembleAll(target, lines);
    for (unsigned count = 1; count <= 4; ++count) {
      const unsigned rows = rowsOf(count);
      for (const bool typed : {false, true}) {
        memory.fill(count);
        describe(w, memory, 12, kUint, kIdentity);  // 16_16_16_16
        w.randomize(20, 5, count);
        const uint32_t beyond = w.v(20 + rows, 7);
        REQUIRE(w.run(line(typed, false, count)));
        const auto half = [&](unsigned c) {
          return w.v(20 + (packed ? c / 2 : c), 7) >> (packed ? c % 2 * 16 : 0) & 0xffff;
        };
        for (unsigned c = 0; c < count; ++c) CHECK(half(c) == memory.get<uint16_t>(16 + 2 * c));
        CHECK(w.v(20 + rows, 7) == beyond);
        w.wave->setExec(1);
        REQUIRE(w.run(line(typed, true, count)));
        w.wave->setExec(kAll);
        for (unsigned c = 0; c < 4; ++c)
          CHECK(memory.get<uint16_t>(64 + 2 * c) ==
                (c < count ? w.v(20 + (packed ? c / 2 : c), 0) >> (packed ? c % 2 * 16 : 0) & 0xffff : 0));
      }
    }
  }
}

TEST_CASE("memory: formats narrower than the opcode leave zeros, wider ones are cut") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  memory.fill(1);
  describe(w, memory, 14, kUint, kIdentity);
  for (const auto& [suffix, count] : {std::pair{"x", 1u}, {"xy", 2u}, {"xyz", 3u}, {"xyzw", 4u}}) {
    const std::string data = count == 1 ? "v20" : "v[20:" + std::to_string(19 + count) + "]";
    for (const bool typed : {false, true}) {
      const auto line = [&](const char* what, const char* offset) {
        return std::string(typed ? "tbuffer" : "buffer") + what + suffix + " " + data + ", off, s[8:11], " +
               (typed ? "dfmt:14, nfmt:4, 0 " : "0 ") + offset;
      };
      w.randomize(20, 5, count);
      const uint32_t beyond = w.v(20 + count, 7);
      REQUIRE(w.run(line("_load_format_", "offset:16")));
      for (unsigned c = 0; c < count; ++c) CHECK(w.v(20 + c, 7) == memory.get<uint32_t>(16 + 4 * c));
      CHECK(w.v(20 + count, 7) == beyond);
      REQUIRE(w.run(line("_store_format_", "offset:64")));
      for (unsigned c = 0; c < 4; ++c) CHECK(memory.get<uint32_t>(64 + 4 * c) == (c < count ? w.v(20 + c, 63) : 0));
    }
  }
}

}  // namespace softgpu::memorytest
