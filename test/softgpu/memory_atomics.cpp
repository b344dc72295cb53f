// Atomic operations on global memory, in lane order, returning and not.
#include <cmath>
#include <functional>
#include <thread>

#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

// The formulas of the manual's opcode list (Vega ISA, 12.18), on 64-bit values cut to `mask`.
struct Operation {
  const char* name;
  std::function<uint64_t(uint64_t old, uint64_t data, unsigned bits)> formula;
};

int64_t asSigned(uint64_t value, unsigned bits) {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

const std::vector<Operation> kIntegers = {
    {"swap", [](uint64_t, uint64_t d, unsigned) { return d; }},
    {"add", [](uint64_t o, uint64_t d, unsigned) { return o + d; }},
    {"sub", [](uint64_t o, uint64_t d, unsigned) { return o - d; }},
    {"smin", [](uint64_t o, uint64_t d, unsigned bits) { return asSigned(d, bits) < asSigned(o, bits) ? d : o; }},
    {"umin", [](uint64_t o, uint64_t d, unsigned) { return d < o ? d : o; }},
    {"smax", [](uint64_t o, uint64_t d, unsigned bits) { return asSigned(d, bits) > asSigned(o, bits) ? d : o; }},
    {"umax", [](uint64_t o, uint64_t d, unsigned) { return d > o ? d : o; }},
    {"and", [](uint64_t o, uint64_t d, unsigned) { return o & d; }},
    {"or", [](uint64_t o, uint64_t d, unsigned) { return o | d; }},
    {"xor", [](uint64_t o, uint64_t d, unsigned) { return o ^ d; }},
    {"inc", [](uint64_t o, uint64_t d, unsigned) { return o >= d ? 0 : o + 1; }},
    {"dec", [](uint64_t o, uint64_t d, unsigned) { return o == 0 || o > d ? d : o - 1; }},
};

constexpr unsigned kWords = 1024, kData = 20, kResult = 30;

struct Way {
  const char* prefix;
  bool gfx8;
  std::function<std::string(const std::string& op, const std::string& result, const std::string& data, bool returns)>
      line;
};

const std::vector<Way> kWays = {
    {"flat", true,
     [](auto& op, auto& result, auto& data, bool returns) {
       return "flat_atomic_" + op + " " + (returns ? result + ", " : "") + "v[10:11], " + data +
              (returns ? " glc" : "");
     }},
    {"global", false,
     [](auto& op, auto& result, auto& data, bool returns) {
       return "global_atomic_" + op + " " + (returns ? result + ", " : "") + "v[10:11], " + data + ", off" +
              (returns ? " glc" : "");
     }},
    {"global saddr", false,
     [](auto& op, auto& result, auto& data, bool returns) {
       return "global_atomic_" + op + " " + (returns ? result + ", " : "") + "v12, " + data + ", s[4:5]" +
              (returns ? " glc" : "");
     }},
    // The result replaces the data.
    {"buffer", true,
     [](auto& op, auto&, auto& data, bool returns) {
       return "buffer_atomic_" + op + " " + data + ", v12, s[8:11], 0 offen" + (returns ? " glc" : "");
     }},
};

std::string rows(unsigned first, unsigned count) {
  return count == 1 ? "v" + std::to_string(first)
                    : "v[" + std::to_string(first) + ":" + std::to_string(first + count - 1) + "]";
}

void point(MemoryWave& w, const MappedMemory& memory, unsigned lane, uint32_t at) {
  w.set64(10, lane, memory.begin() + at);
  w.v(12, lane) = at;
  w.wave->setPair(4, memory.begin());
  w.wave->setPair(8, memory.begin());
  w.wave->sgpr[10] = kWords * 8;
  w.wave->sgpr[11] = 0x27000;
}

uint64_t edge(std::mt19937_64& random, unsigned bits) {
  const uint64_t edges[] = {0, 1, 2, ~0ull, 1ull << (bits - 1), (1ull << (bits - 1)) - 1, 100};
  const uint64_t value = random() % 3 ? edges[random() % 7] : random();
  return bits == 64 ? value : value & 0xffffffff;
}

// `formula` sees the data registers: [0] the first value, [1] the one after it.
using Formula = std::function<uint64_t(uint64_t old, const uint64_t* data)>;

void check(Target target, const Way& way, const std::string& op, unsigned bits, bool pair, bool returns,
           const std::vector<uint32_t>& words, const Formula& formula) {
  MemoryWave w(target);
  MappedMemory memory(kWords * 8);
  std::mt19937_64 random(bits);
  const unsigned dwords = bits / 32;
  const bool inPlace = std::string(way.prefix) == "buffer";
  for (const uint64_t exec : kExecs) {
    for (unsigned targets : {1u, 3u, 64u}) {  // all lanes at one address, at few, each at its own
      for (unsigned word = 0; word < kWords; ++word) {
        memory.put(word * 8, bits == 64 ? edge(random, 64) : edge(random, 32) | edge(random, 32) << 32);
      }
      w.randomize(kData, 12, static_cast<uint32_t>(random()));
      std::vector<uint8_t> want(memory.data(), memory.data() + kWords * 8);
      uint64_t old[kLanes];
      w.wave->setExec(exec);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const uint32_t at = (lane % targets) * 24 + 128;
        point(w, memory, lane, at);
        uint64_t data[2] = {edge(random, bits), edge(random, bits)};
        for (unsigned k = 0; k < 2; ++k) {
          w.v(kData + k * dwords, lane) = static_cast<uint32_t>(data[k]);
          if (bits == 64) w.v(kData + k * 2 + 1, lane) = static_cast<uint32_t>(data[k] >> 32);
        }
        if (pair && lane % 2) {  // make some comparisons succeed
          uint64_t held = 0;
          std::memcpy(&held, want.data() + at, bits / 8);
          data[1] = held;
          w.v(kData + dwords, lane) = static_cast<uint32_t>(held);
          if (bits == 64) w.v(kData + 3, lane) = static_cast<uint32_t>(held >> 32);
        }
        old[lane] = 0;
        std::memcpy(&old[lane], want.data() + at, bits / 8);
        if (!(exec >> lane & 1)) continue;
        const uint64_t value = formula(old[lane], data);
        std::memcpy(want.data() + at, &value, bits / 8);
      }
      std::vector<uint32_t> before(w.wave->vgpr + kData * kLanes, w.wave->vgpr + (kData + 16) * kLanes);
      INFO(targetName(target) << " " << way.prefix << " " << op << " exec " << exec << " targets " << targets);
      REQUIRE(w.run(words));
      CHECK(std::memcmp(want.data(), memory.data(), want.size()) == 0);
      unsigned wrong = 0;
      const unsigned result = inPlace ? kData : kResult;
      for (unsigned row = kData; row < kData + 16; ++row) {
        for (unsigned lane = 0; lane < kLanes; ++lane) {
          const bool written = returns && exec >> lane & 1 && row >= result && row < result + dwords;
          const uint32_t expected = written ? static_cast<uint32_t>(old[lane] >> (32 * (row - result)))
                                            : before[(row - kData) * kLanes + lane];
          wrong += w.v(row, lane) != expected;
        }
      }
      CHECK(wrong == 0);
    }
  }
}

struct Case {
  std::string op;
  unsigned bits;
  bool pair, returns;
  const Way* way;
  Formula formula;
};

void checkTarget(Target target) {
  std::vector<Case> cases;
  std::vector<std::string> lines;
  for (const Way& way : kWays) {
    if (target == Target::gfx803 && !way.gfx8) continue;
    for (unsigned bits : {32u, 64u}) {
      for (bool returns : {false, true}) {
        const std::string suffix = bits == 64 ? "_x2" : "";
        for (const Operation& op : kIntegers) {
          cases.push_back({op.name + suffix, bits, false, returns, &way,
                           [&op, bits](uint64_t old, const uint64_t* data) { return op.formula(old, data[0], bits); }});
          lines.push_back(way.line(cases.back().op, rows(kResult, bits / 32), rows(kData, bits / 32), returns));
        }
        cases.push_back({"cmpswap" + suffix, bits, true, returns, &way,
                         [](uint64_t old, const uint64_t* data) { return old == data[1] ? data[0] : old; }});
        lines.push_back(way.line(cases.back().op, rows(kResult, bits / 32), rows(kData, bits / 16), returns));
      }
    }
  }
  const auto words = test::assembleAll(target, lines);
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    INFO(lines[i]);
    REQUIRE(!words[i].empty());
    check(target, *c.way, c.op, c.bits, c.pair, c.returns, words[i], c.formula);
  }
}

}  // namespace

TEST_CASE("memory: integer atomics act in lane order and return what was there") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx906, Target::gfx908, Target::gfx90a})
    checkTarget(target);
}

TEST_CASE("memory: float atomics round to nearest even, choose among NaNs, and flush what L2 flushes") {
  struct Sample32 {
    uint32_t old, data, sum;
  };
  // Sums worked out by hand: (f32) 1 + 2, 1 + 2^-24 (tie to even), 1 + 2^-23 * 1.5, inf + -inf, NaNs, denormals
  // flushed.
  const Sample32 sums[] = {
      {0x3f800000, 0x40000000, 0x40400000}, {0x3f800000, 0x33800000, 0x3f800000}, {0x3f800000, 0x34400000, 0x3f800002},
      {0x7f800000, 0xff800000, 0xffc00000}, {0x7f800001, 0x3f800000, 0x7fc00001}, {0x3f800000, 0x7fc12345, 0x7fc12345},
      {0x00000001, 0x00000001, 0x00000000}, {0x80000001, 0x80000001, 0x80000000}, {0x80000000, 0x00000000, 0x00000000},
  };
  for (Target target : {Target::gfx908, Target::gfx90a}) {
    MemoryWave w(target);
    MappedMemory memory(4096);
    w.wave->mode = 0x0f;  // another rounding mode, denormals flushed: neither matters
    for (const char* line :
         {"global_atomic_add_f32 v[10:11], v20, off", "buffer_atomic_add_f32 v20, v12, s[8:11], 0 offen"}) {
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const Sample32& sample = sums[lane % std::size(sums)];
        point(w, memory, lane, lane * 4);
        memory.put(lane * 4, sample.old);
        w.v(20, lane) = sample.data;
      }
      REQUIRE(w.run(line));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        INFO(lane);
        CHECK(memory.get<uint32_t>(lane * 4) == sums[lane % std::size(sums)].sum);
      }
    }
    // Halves: 1 + 2, -0 + 0; 65504 + 16 rounds to infinity at 65520; the smallest denormals stay.
    const struct {
      uint32_t old, data, sum;
    } halves[] = {{0x80003c00, 0x00004000, 0x00004200},
                  {0x00017bff, 0x00014c00, 0x00027c00},
                  {0x7e007c00, 0x3c00fc00, 0x7e00fe00}};
    for (const char* line :
         {"global_atomic_pk_add_f16 v[10:11], v20, off", "buffer_atomic_pk_add_f16 v20, v12, s[8:11], 0 offen"}) {
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        point(w, memory, lane, lane * 4);
        memory.put(lane * 4, halves[lane % 3].old);
        w.v(20, lane) = halves[lane % 3].data;
      }
      REQUIRE(w.run(line));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        INFO(lane);
        CHECK(memory.get<uint32_t>(lane * 4) == halves[lane % 3].sum);
      }
    }
  }
}

TEST_CASE("memory: gfx90a's f64 atomics add, and order -0 below +0") {
  MemoryWave w(Target::gfx90a);
  MappedMemory memory(4096);
  const double inf = std::numeric_limits<double>::infinity(), denormal = 5e-324;
  const double nan = std::bit_cast<double>(0x7ff8000000001234ull);
  struct Sample {
    double old, data;
    double sum, min, max;
  };
  const Sample samples[] = {{1, 2, 3, 1, 2},
                            {-1, 0.5, -0.5, -1, 0.5},
                            {denormal, denormal, 1e-323, denormal, denormal},
                            {-0.0, 0.0, 0.0, -0.0, 0.0},
                            {0.0, -0.0, 0.0, -0.0, 0.0},
                            {inf, 1, inf, 1, inf},
                            {nan, 7, nan, 7, 7},
                            {7, nan, nan, 7, 7}};
  for (const char* family : {"global_atomic_%s_f64 v[30:31], v[10:11], v[20:21], off glc",
                             "flat_atomic_%s_f64 v[30:31], v[10:11], v[20:21] glc",
                             "buffer_atomic_%s_f64 v[20:21], v12, s[8:11], 0 offen glc"}) {
    for (const char* op : {"add", "min", "max"}) {
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        point(w, memory, lane, lane * 8);
        memory.put(lane * 8, samples[lane % 8].old);
        w.set64(20, lane, std::bit_cast<uint64_t>(samples[lane % 8].data));
      }
      char line[128];
      std::snprintf(line, sizeof line, family, op);
      REQUIRE(w.run(std::string(line)));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const Sample& s = samples[lane % 8];
        const double want = op[0] == 'a' ? s.sum : op[1] == 'i' ? s.min : s.max;
        INFO(line << " lane " << lane);
        CHECK(memory.get<uint64_t>(lane * 8) == std::bit_cast<uint64_t>(want));
        CHECK(w.v64(line[0] == 'b' ? 20 : 30, lane) == std::bit_cast<uint64_t>(s.old));
      }
    }
  }
}

TEST_CASE("memory: atomics are atomic against host threads") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(4096);
  memory.put<uint64_t>(64, 0);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    w.set64(10, lane, memory.begin() + 64);
    w.set64(20, lane, 1);
  }
  auto* counter = reinterpret_cast<uint64_t*>(memory.data() + 64);
  constexpr unsigned kRounds = 2000;
  std::thread host([&] {
    for (unsigned i = 0; i < kRounds * kLanes; ++i) __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
  });
  for (unsigned i = 0; i < kRounds; ++i) REQUIRE(w.run("global_atomic_add_x2 v[10:11], v[20:21], off"));
  host.join();
  CHECK(*counter == 2 * kRounds * kLanes);
}

}  // namespace softgpu::memorytest
