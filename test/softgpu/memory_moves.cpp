// Loads and stores of every width, through every way of addressing linear memory.
#include <array>
#include <functional>

#include "isa/memory/simd/kernels.h"
#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

struct Move {
  const char* name;
  unsigned bytes;
  bool load;
  bool isSigned = false;
  char half = 0;  // 'l' or 'h': d16
};

constexpr Move kMoves[] = {
    {"load_ubyte", 1, true},
    {"load_sbyte", 1, true, true},
    {"load_ushort", 2, true},
    {"load_sshort", 2, true, true},
    {"load_ubyte_d16", 1, true, false, 'l'},
    {"load_ubyte_d16_hi", 1, true, false, 'h'},
    {"load_sbyte_d16", 1, true, true, 'l'},
    {"load_sbyte_d16_hi", 1, true, true, 'h'},
    {"load_short_d16", 2, true, false, 'l'},
    {"load_short_d16_hi", 2, true, false, 'h'},
    {"load_dword", 4, true},
    {"load_dwordx2", 8, true},
    {"load_dwordx3", 12, true},
    {"load_dwordx4", 16, true},
    {"store_byte", 1, false},
    {"store_byte_d16_hi", 1, false, false, 'h'},
    {"store_short", 2, false},
    {"store_short_d16_hi", 2, false, false, 'h'},
    {"store_dword", 4, false},
    {"store_dwordx2", 8, false},
    {"store_dwordx3", 12, false},
    {"store_dwordx4", 16, false},
};

constexpr unsigned kMemoryBytes = 16384, kData = 20, kAddress = 10;

std::string registers(char file, unsigned first, unsigned count) {
  const std::string name(1, file);
  if (count == 1) return name + std::to_string(first);
  return name + "[" + std::to_string(first) + ":" + std::to_string(first + count - 1) + "]";
}

// The byte that lane `lane` begins at.
using Pattern = std::function<uint32_t(unsigned lane, unsigned bytes)>;
const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> all = {
      [](unsigned lane, unsigned bytes) { return 4096 + lane * bytes; },
      [](unsigned lane, unsigned bytes) { return 4096 + (63 - lane) * bytes; },
      [](unsigned lane, unsigned bytes) { return 4093 + lane * bytes; },
      [](unsigned lane, unsigned) { return 128 + lane * 64; },
      [](unsigned, unsigned) { return 260u; },
      [](unsigned lane, unsigned) { return (lane * 2654435761u >> 21) * 4 + 64; },
      [](unsigned lane, unsigned) { return (lane * 2654435761u >> 19) + 64; },
      [](unsigned lane, unsigned bytes) { return lane / 2 * bytes + 1024; },
      [](unsigned lane, unsigned bytes) { return kMemoryBytes - (lane + 1) * bytes; },         // to the last byte
      [](unsigned lane, unsigned bytes) { return 64 + lane / 16 * 400 + lane % 16 * bytes; },  // rows of a tile
      [](unsigned lane, unsigned) { return 67 + lane / 16 * 400; },
  };
  return all;
}

// What one lane of a load leaves in its registers.
void expectLoad(const Move& move, const uint8_t* from, uint32_t* dwords) {
  if (move.bytes >= 4) {
    std::memcpy(dwords, from, move.bytes);
    return;
  }
  uint32_t value = move.bytes == 1 ? from[0] : from[0] | from[1] << 8;
  if (move.isSigned && value >> (8 * move.bytes - 1)) value |= ~0u << (8 * move.bytes);
  if (move.half == 'l') value = (dwords[0] & 0xffff0000) | (value & 0xffff);
  if (move.half == 'h') value = (dwords[0] & 0xffff) | value << 16;
  dwords[0] = value;
}

struct Way {
  const char* name;
  bool gfx8;
  std::string (*line)(const Move& move, const std::string& data, const std::string& offset);
  uint32_t offset;  // immediate
  void (*address)(MemoryWave& wave, const MappedMemory& memory, unsigned lane, uint32_t at);
};

std::string line(const char* family, const Move& move, const std::string& first, const std::string& second,
                 const std::string& rest) {
  return std::string(family) + move.name + " " + (move.load ? first + ", " + second : second + ", " + first) + rest;
}

// The immediate offset is part of the addresses below.
const Way kWays[] = {
    {"flat", true,
     [](const Move& m, const std::string& data, const std::string&) { return line("flat_", m, data, "v[10:11]", ""); },
     0,
     [](MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
       w.set64(kAddress, lane, memory.begin() + at);
     }},
    {"flat with offset", false,
     [](const Move& m, const std::string& data, const std::string& o) { return line("flat_", m, data, "v[10:11]", o); },
     40,
     [](MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
       w.set64(kAddress, lane, memory.begin() + at);
     }},
    {"global", false,
     [](const Move& m, const std::string& data, const std::string& o) {
       return "global_" + std::string(m.name) + " " + (m.load ? data + ", v[10:11]" : "v[10:11], " + data) + ", off" +
              o;
     },
     0xfffffff0,
     [](MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
       w.set64(kAddress, lane, memory.begin() + at);
     }},
    {"global with a scalar base", false,
     [](const Move& m, const std::string& data, const std::string& o) {
       return "global_" + std::string(m.name) + " " + (m.load ? data + ", v10" : "v10, " + data) + ", s[4:5]" + o;
     },
     12,
     [](MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
       w.wave->setPair(4, memory.begin() - 70000);
       w.v(kAddress, lane) = at + 70000;
     }},
    {"buffer", true,
     [](const Move& m, const std::string& data, const std::string& o) {
       return "buffer_" + std::string(m.name) + " " + data + ", v10, s[8:11], s6 offen" + o;
     },
     24,
     [](MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
       w.wave->setPair(8, memory.begin() - 512);
       w.wave->sgpr[10] = kMemoryBytes;
       w.wave->sgpr[11] = 0x27000;
       w.wave->sgpr[6] = 512;
       w.v(kAddress, lane) = at;
     }},
};

void checkMove(MemoryWave& w, MappedMemory& memory, const Move& move, const Way& way,
               const std::vector<uint32_t>& words, char file) {
  uint32_t seed = 1;
  for (const Pattern& pattern : patterns()) {
    for (const uint64_t exec : kExecs) {
      memory.fill(seed);
      w.randomize(kData, 4, seed++);
      auto data = [&](unsigned k, unsigned lane) -> uint32_t& {
        return file == 'a' ? w.acc(kData + k, lane) : w.v(kData + k, lane);
      };
      std::array<std::array<uint32_t, 4>, kLanes> want{};
      std::vector<uint8_t> wantMemory(memory.data(), memory.data() + kMemoryBytes);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const uint32_t at = pattern(lane, move.bytes);
        way.address(w, memory, lane, at - way.offset);
        for (unsigned k = 0; k < 4; ++k) want[lane][k] = data(k, lane);
        if (!(exec >> lane & 1)) {
          w.set64(kAddress, lane, 0xdead000000000000);  // not to be looked at
          continue;
        }
        if (move.load) {
          expectLoad(move, memory.data() + at, want[lane].data());
        } else {
          uint32_t from[4];
          std::memcpy(from, want[lane].data(), sizeof from);
          if (move.half) from[0] >>= 16;
          std::memcpy(wantMemory.data() + at, from, move.bytes);
        }
      }
      w.wave->setExec(exec);
      INFO(targetName(w.target) << " " << way.name << " " << move.name << " exec " << exec << " pattern "
                                << (&pattern - patterns().data()));
      REQUIRE(w.run(words));
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned k = 0; k < 4; ++k) wrong += data(k, lane) != want[lane][k];
      }
      CHECK(wrong == 0);
      CHECK(std::memcmp(wantMemory.data(), memory.data(), kMemoryBytes) == 0);
      if (wrong) return;
    }
  }
}

void checkTarget(Target target, char file) {
  MemoryWave w(target);
  MappedMemory memory(kMemoryBytes);
  struct Case {
    const Move* move;
    const Way* way;
  };
  std::vector<Case> cases;
  std::vector<std::string> lines;
  for (const Way& way : kWays) {
    if (target == Target::gfx803 && !way.gfx8) continue;
    for (const Move& move : kMoves) {
      if (target == Target::gfx803 && (move.half || std::string(move.name).find("d16") != std::string::npos)) continue;
      const auto offset = static_cast<int32_t>(way.offset);
      // What caches are to do changes nothing that a wave sees.
      const char* const caches[] = {"", " glc", " slc", " glc slc"};
      lines.push_back(way.line(move, registers(file, kData, (move.bytes + 3) / 4),
                               offset ? " offset:" + std::to_string(offset) : "") +
                      caches[lines.size() % 4]);
      cases.push_back({&move, &way});
    }
  }
  const auto words = test::assembleAll(target, lines);
  for (size_t i = 0; i < cases.size(); ++i) {
    INFO(lines[i]);
    REQUIRE(!words[i].empty());
    checkMove(w, memory, *cases[i].move, *cases[i].way, words[i], file);
  }
}

}  // namespace

TEST_CASE("memory: loads and stores of every width move the right bytes") {
  SUBCASE("gfx803") {
    checkTarget(Target::gfx803, 'v');
  }
  SUBCASE("gfx900") {
    checkTarget(Target::gfx900, 'v');
  }
  SUBCASE("gfx906") {
    checkTarget(Target::gfx906, 'v');
  }
  SUBCASE("gfx908") {
    checkTarget(Target::gfx908, 'v');
  }
  SUBCASE("gfx90a") {
    checkTarget(Target::gfx90a, 'v');
  }
}

TEST_CASE("memory: gfx90a moves between memory and AccVGPRs") {
  checkTarget(Target::gfx90a, 'a');
}

TEST_CASE("memory: a load may overwrite its own address registers") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kMemoryBytes);
  memory.fill(5);
  for (const uint64_t exec : kExecs) {
    for (const Pattern& pattern : patterns()) {
      for (const char* text :
           {"global_load_dwordx4 v[10:13], v[10:11], off", "global_load_dwordx4 v[8:11], v[10:11], off",
            "global_load_dwordx2 v[9:10], v[10:11], off", "global_load_dword v10, v[10:11], off"}) {
        // The registers that the text names.
        const std::string line = text;
        const unsigned dst = line.find("v[8:") != std::string::npos   ? 8
                             : line.find("v[9:") != std::string::npos ? 9
                                                                      : 10;
        const unsigned dwords = line.find("x4") != std::string::npos ? 4 : line.find("x2") != std::string::npos ? 2 : 1;
        for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, memory.begin() + pattern(lane, 4 * dwords));
        w.wave->setExec(exec);
        REQUIRE(w.run(line));
        unsigned wrong = 0;
        for (unsigned lane = 0; lane < kLanes; ++lane) {
          for (unsigned k = 0; k < dwords && (exec >> lane & 1); ++k) {
            wrong += w.v(dst + k, lane) != memory.get<uint32_t>(pattern(lane, 4 * dwords) + 4 * k);
          }
        }
        INFO(line << " exec " << exec);
        CHECK(wrong == 0);
      }
    }
  }
}

TEST_CASE("memory: every host level moves the same bytes") {
  std::vector<uint8_t> base(kMemoryBytes);
  std::mt19937 random(9);
  for (uint8_t& byte : base) byte = static_cast<uint8_t>(random());
  for (unsigned access = 0; access < static_cast<unsigned>(Access::moves); ++access) {
    for (const Pattern& pattern : patterns()) {
      for (const uint64_t exec : kExecs) {
        if (!exec) continue;
        const auto kind = static_cast<Access>(access);
        std::vector<uint32_t> firstRows;
        std::vector<uint8_t> firstMemory;
        for (const char* level : {"portable", "avx2", "avx512"}) {
          const MemoryKernels* kernels = memoryKernelsNamed(level);
          if (!kernels) continue;
          std::vector<uint8_t> memory = base;
          std::vector<uint32_t> rows(4 * kLanes);
          std::mt19937 values(3);
          for (uint32_t& value : rows) value = static_cast<uint32_t>(values());
          uint32_t offset[kLanes];
          Lanes lanes;
          lanes.base = reinterpret_cast<uint64_t>(memory.data());
          lanes.exec = exec;
          lanes.offset = offset;
          lanes.low = ~0u;
          for (unsigned lane = 0; lane < kLanes; ++lane) {
            offset[lane] = pattern(lane, bytesOf(kind));
            if (!(exec >> lane & 1)) continue;
            lanes.low = std::min(lanes.low, offset[lane]);
            lanes.high = std::max(lanes.high, offset[lane]);
          }
          kernels->move(kind, rows.data(), lanes);
          if (firstRows.empty()) firstRows = rows, firstMemory = memory;
          INFO(level << " access " << access << " exec " << exec);
          CHECK(rows == firstRows);
          CHECK(memory == firstMemory);
        }
      }
    }
  }
}

}  // namespace softgpu::memorytest
