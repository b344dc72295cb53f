// DS atomics: from registers, returning and not, and the SRC2 forms whose data lie in LDS.
#include <functional>
#include <limits>

#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint32_t kLds = MemoryWave::kLdsBytes;

// The manual's formulas (Vega ISA, 12.13) over 64-bit values; results are cut to the width.
using Formula = std::function<uint64_t(uint64_t old, uint64_t data, uint64_t data2, unsigned bits)>;
struct Operation {
  const char* name;  // before the type
  char type;
  bool second, source2;
  Formula formula;
};

int64_t asSigned(uint64_t value, unsigned bits) {
  return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits);
}

const std::vector<Operation> kOperations = {
    {"add", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o + d; }},
    {"sub", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o - d; }},
    {"rsub", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return d - o; }},
    {"inc", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o >= d ? 0 : o + 1; }},
    {"dec", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o == 0 || o > d ? d : o - 1; }},
    {"min", 'i', false, true,
     [](uint64_t o, uint64_t d, uint64_t, unsigned b) { return asSigned(d, b) < asSigned(o, b) ? d : o; }},
    {"max", 'i', false, true,
     [](uint64_t o, uint64_t d, uint64_t, unsigned b) { return asSigned(d, b) > asSigned(o, b) ? d : o; }},
    {"min", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return d < o ? d : o; }},
    {"max", 'u', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return d > o ? d : o; }},
    {"and", 'b', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o & d; }},
    {"or", 'b', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o | d; }},
    {"xor", 'b', false, true, [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o ^ d; }},
    {"mskor", 'b', true, false, [](uint64_t o, uint64_t d, uint64_t e, unsigned) { return (o & ~d) | e; }},
    {"cmpst", 'b', true, false, [](uint64_t o, uint64_t d, uint64_t e, unsigned) { return o == d ? e : o; }},
};

struct Case {
  std::string line;
  unsigned bits;
  bool returns;
  const Formula* formula;
};

std::string reg(unsigned first, unsigned bits) {
  return bits == 32 ? "v" + std::to_string(first)
                    : "v[" + std::to_string(first) + ":" + std::to_string(first + 1) + "]";
}

std::vector<Case> cases() {
  static const Formula exchange = [](uint64_t, uint64_t d, uint64_t, unsigned) { return d; };
  static const Formula wrap = [](uint64_t o, uint64_t d, uint64_t e, unsigned) { return o >= d ? o - d : o + e; };
  static const Formula conditional = [](uint64_t o, uint64_t d, uint64_t, unsigned) {
    const uint64_t low = d >> 31 & 1 ? d & 0x7fffffff : o & 0xffffffff;
    const uint64_t high = d >> 63 ? d >> 32 & 0x7fffffff : o >> 32;
    return high << 32 | low;
  };
  std::vector<Case> all;
  for (unsigned bits : {32u, 64u}) {
    for (const Operation& op : kOperations) {
      for (bool returns : {false, true}) {
        all.push_back({std::string("ds_") + op.name + (returns ? "_rtn_" : "_") + op.type + std::to_string(bits) + " " +
                           (returns ? reg(30, bits) + ", " : "") + "v10, " + reg(20, bits) +
                           (op.second ? ", " + reg(24, bits) : "") + " offset:16",
                       bits, returns, &op.formula});
      }
    }
    all.push_back(
        {"ds_wrxchg_rtn_b" + std::to_string(bits) + " " + reg(30, bits) + ", v10, " + reg(20, bits) + " offset:16",
         bits, true, &exchange});
  }
  all.push_back({"ds_wrap_rtn_b32 v30, v10, v20, v24 offset:16", 32, true, &wrap});
  all.push_back({"ds_condxchg32_rtn_b64 v[30:31], v10, v[20:21] offset:16", 64, true, &conditional});
  return all;
}

uint64_t edge(std::mt19937_64& random, unsigned bits) {
  const uint64_t edges[] = {0, 1, 2, ~0ull, 1ull << (bits - 1), (1ull << (bits - 1)) - 1, 100};
  const uint64_t value = random() % 3 ? edges[random() % 7] : random();
  return bits == 64 ? value : value & 0xffffffff;
}

uint64_t read(const uint8_t* at, unsigned bits) {
  uint64_t value = 0;
  std::memcpy(&value, at, bits / 8);
  return value;
}

}  // namespace

TEST_CASE("lds: atomics act in lane order, return what was there, and ignore what is out of range") {
  const std::vector<Case> all = cases();
  std::vector<std::string> lines;
  for (const Case& c : all) lines.push_back(c.line);
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx90a}) {
    MemoryWave w(target);
    const auto words = test::assembleAll(target, lines);
    std::mt19937_64 random(4);
    for (size_t i = 0; i < all.size(); ++i) {
      const Case& c = all[i];
      for (uint64_t exec : kExecs) {
        for (unsigned targets : {1u, 5u, 64u}) {
          for (uint32_t at = 0; at < kLds; at += c.bits / 8) {
            const uint64_t value = edge(random, c.bits);
            std::memcpy(w.wave->lds + at, &value, c.bits / 8);
          }
          std::vector<uint8_t> want(w.wave->lds, w.wave->lds + kLds);
          std::vector<uint64_t> returned(kLanes);
          for (unsigned lane = 0; lane < kLanes; ++lane) {
            // The last of many targets lies beyond the end.
            const uint32_t at = lane % targets == 63 ? kLds : lane % targets * 32 + 64;
            w.v(10, lane) = at - 16;
            const uint64_t data = lane % 4 ? edge(random, c.bits) : read(want.data() + at % kLds, c.bits);
            const uint64_t data2 = edge(random, c.bits);
            w.set64(20, lane, data);
            w.set64(24, lane, data2);
            if (!(exec >> lane & 1) || at == kLds) continue;
            returned[lane] = read(want.data() + at, c.bits);
            const uint64_t value = (*c.formula)(returned[lane], data, data2, c.bits);
            std::memcpy(want.data() + at, &value, c.bits / 8);
          }
          w.randomize(30, 3, 1);
          std::vector<uint32_t> before(w.wave->vgpr + 30 * kLanes, w.wave->vgpr + 33 * kLanes);
          w.wave->setExec(exec);
          REQUIRE(w.run(words[i]));
          INFO(c.line << " exec " << exec << " targets " << targets);
          CHECK(std::memcmp(want.data(), w.wave->lds, kLds) == 0);
          unsigned wrong = 0;
          for (unsigned lane = 0; lane < kLanes; ++lane) {
            for (unsigned k = 0; k < 3; ++k) {
              const bool written = c.returns && k < c.bits / 32 && exec >> lane & 1;
              wrong += w.v(30 + k, lane) !=
                       (written ? static_cast<uint32_t>(returned[lane] >> (32 * k)) : before[k * kLanes + lane]);
            }
          }
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("lds: exchanges at two addresses") {
  MemoryWave w(Target::gfx900);
  const struct {
    const char* line;
    unsigned bits, first, second;
  } all[] = {{"ds_wrxchg2_rtn_b32 v[30:31], v10, v20, v24 offset0:2 offset1:9", 32, 8, 36},
             {"ds_wrxchg2st64_rtn_b32 v[30:31], v10, v20, v24 offset0:2 offset1:9", 32, 512, 2304},
             {"ds_wrxchg2_rtn_b64 v[30:33], v10, v[20:21], v[24:25] offset0:2 offset1:9", 64, 16, 72},
             {"ds_wrxchg2st64_rtn_b64 v[30:33], v10, v[20:21], v[24:25] offset0:2 offset1:9", 64, 1024, 4608}};
  for (const auto& c : all) {
    std::mt19937 random(1);
    for (uint32_t i = 0; i < kLds; ++i) w.wave->lds[i] = static_cast<uint8_t>(random());
    std::vector<uint8_t> want(w.wave->lds, w.wave->lds + kLds);
    w.randomize(20, 6, 2);
    for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * 128;
    REQUIRE(w.run(c.line));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      for (unsigned element = 0; element < 2; ++element) {
        const uint32_t at = lane * 128 + (element ? c.second : c.first);
        const unsigned dwords = c.bits / 32;
        const bool inside = at + c.bits / 8 <= kLds;
        for (unsigned k = 0; k < dwords; ++k) {
          uint32_t old = 0;
          if (inside) std::memcpy(&old, want.data() + at + 4 * k, 4);
          if (inside) std::memcpy(want.data() + at + 4 * k, &w.v((element ? 24 : 20) + k, lane), 4);
          CHECK(w.v(30 + element * dwords + k, lane) == old);
        }
      }
    }
    CHECK(std::memcmp(want.data(), w.wave->lds, kLds) == 0);
  }
}

TEST_CASE("lds: SRC2 operations take their data from LDS, at the instruction's distance or the lane's") {
  MemoryWave w(Target::gfx900);
  std::vector<std::string> lines;
  std::vector<std::tuple<unsigned, bool, const Formula*>> meaning;
  static const Formula write = [](uint64_t, uint64_t d, uint64_t, unsigned) { return d; };
  for (unsigned bits : {32u, 64u}) {
    auto add = [&](const std::string& op, const Formula* formula) {
      for (bool perLane : {false, true}) {
        // 0x7ff0: -16 dwords in 15 bits; 0x8000: the lane's own distance.
        lines.push_back("ds_" + op + std::to_string(bits) + " v10 offset:" + (perLane ? "32768" : "32752"));
        meaning.push_back({bits, perLane, formula});
      }
    };
    for (const Operation& op : kOperations) {
      if (op.source2) add(std::string(op.name) + "_src2_" + op.type, &op.formula);
    }
    add("write_src2_b", &write);
  }
  const auto words = test::assembleAll(Target::gfx900, lines);
  std::mt19937_64 random(6);
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto [bits, perLane, formula] = meaning[i];
    for (uint64_t exec : kExecs) {
      for (uint32_t at = 0; at < kLds; at += bits / 8) {
        const uint64_t value = edge(random, bits);
        std::memcpy(w.wave->lds + at, &value, bits / 8);
      }
      std::vector<uint8_t> want(w.wave->lds, w.wave->lds + kLds);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const uint32_t to = 256 + lane * 8;
        const int distance = perLane ? static_cast<int>(lane % 9) - 4 : -16;
        w.v(10, lane) = perLane ? to | static_cast<uint32_t>(distance) << 17 : to;
        if (!(exec >> lane & 1)) continue;
        const uint64_t value =
            (*formula)(read(want.data() + to, bits), read(want.data() + to + distance * 4, bits), 0, bits);
        std::memcpy(want.data() + to, &value, bits / 8);
      }
      w.wave->setExec(exec);
      REQUIRE(w.run(words[i]));
      INFO(lines[i] << " exec " << exec);
      CHECK(std::memcmp(want.data(), w.wave->lds, kLds) == 0);
    }
  }
}

TEST_CASE("lds: float atomics follow the denormal mode, order zeros and choose among NaNs") {
  const float inf = std::numeric_limits<float>::infinity();
  const auto bits = [](auto v) {
    if constexpr (sizeof v == 4)
      return std::bit_cast<uint32_t>(v);
    else
      return std::bit_cast<uint64_t>(v);
  };
  struct Sample {
    uint32_t old, data, add, min, max, compared;  // compared: what cmpst with new value 7.0 leaves
  };
  const uint32_t seven = bits(7.0f), denormal = 1, negativeZero = 0x80000000;
  const Sample kept[] = {
      {bits(1.0f), bits(2.0f), bits(3.0f), bits(1.0f), bits(2.0f), bits(1.0f)},
      {bits(2.0f), bits(2.0f), bits(4.0f), bits(2.0f), bits(2.0f), seven},
      {negativeZero, 0, 0, negativeZero, 0, seven},
      {0, negativeZero, 0, negativeZero, 0, seven},
      {bits(inf), bits(-inf), 0xffc00000, bits(-inf), bits(inf), bits(inf)},
      {0x7fc00005, bits(1.0f), 0x7fc00005, bits(1.0f), bits(1.0f), 0x7fc00005},
      {bits(1.0f), 0x7f800005, 0x7fc00005, 0x7fc00005, 0x7fc00005, bits(1.0f)},
      {denormal, denormal, 2, denormal, denormal, seven},
      {denormal, 0, denormal, 0, denormal, denormal},
  };
  MemoryWave w(Target::gfx900);
  const auto run = [&](const std::string& op, bool compare) {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const Sample& s = kept[lane % std::size(kept)];
      w.v(10, lane) = lane * 4;
      w.v(20, lane) = s.data;
      w.v(21, lane) = seven;
      std::memcpy(w.wave->lds + lane * 4, &s.old, 4);
    }
    REQUIRE(w.run("ds_" + op + "_f32 v10, v20" + (compare ? ", v21" : "")));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const Sample& s = kept[lane % std::size(kept)];
      const uint32_t want = op == "add" ? s.add : op == "min" ? s.min : op == "max" ? s.max : s.compared;
      INFO(op << " sample " << lane % std::size(kept));
      CHECK(w.lds32(lane * 4) == want);
    }
    if (compare) {
      for (unsigned lane = 0; lane < kLanes; ++lane)
        std::memcpy(w.wave->lds + lane * 4, &kept[lane % std::size(kept)].old, 4);
      REQUIRE(w.run("ds_cmpst_rtn_f32 v30, v10, v20, v21"));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        CHECK(w.v(30, lane) == kept[lane % std::size(kept)].old);
        CHECK(w.lds32(lane * 4) == kept[lane % std::size(kept)].compared);
      }
      return;
    }
    // Returning, and with both operands in LDS: the same sums.
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const Sample& s = kept[lane % std::size(kept)];
      std::memcpy(w.wave->lds + lane * 8, &s.old, 4);
      std::memcpy(w.wave->lds + lane * 8 + 4, &s.data, 4);
      w.v(10, lane) = lane * 8;
    }
    REQUIRE(w.run("ds_" + op + "_src2_f32 v10 offset:1"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const Sample& s = kept[lane % std::size(kept)];
      CHECK(w.lds32(lane * 8) == (op == "add" ? s.add : op == "min" ? s.min : s.max));
    }
    REQUIRE(w.run("ds_" + op + "_rtn_f32 v30, v10, v20"));
    CHECK(w.v(30, 0) == (op == "add" ? kept[0].add : op == "min" ? kept[0].min : kept[0].max));
  };
  w.wave->mode = mode::kFloatDefault;
  run("add", false);
  run("min", false);
  run("max", false);
  run("cmpst", true);

  // Denormals flushed: they compare as zeros, min and max still store the operand itself.
  w.wave->mode = 0;
  const struct {
    const char* line;
    uint32_t old, data, want;
  } flushed[] = {
      {"ds_add_f32 v10, v20", 1, bits(1.0f), bits(1.0f)}, {"ds_add_f32 v10, v20", 0x80000001, 0x80000001, 0x80000000},
      {"ds_add_f32 v10, v20", 0x00800001, 0x80800000, 0}, {"ds_min_f32 v10, v20", 5, 1, 5},
      {"ds_max_f32 v10, v20", 0x80000001, 5, 5},          {"ds_cmpst_f32 v10, v20, v21", 5, 1, seven}};
  for (const auto& c : flushed) {
    w.v(10, 0) = 64;
    w.v(20, 0) = c.data;
    std::memcpy(w.wave->lds + 64, &c.old, 4);
    w.wave->setExec(1);
    REQUIRE(w.run(c.line));
    INFO(c.line << " " << c.old);
    CHECK(w.lds32(64) == c.want);
  }
}

TEST_CASE("lds: f64 atomics") {
  MemoryWave w(Target::gfx90a);
  const auto set = [&](uint32_t at, double v) { std::memcpy(w.wave->lds + at, &v, 8); };
  const auto get = [&](uint32_t at) {
    double v;
    std::memcpy(&v, w.wave->lds + at, 8);
    return v;
  };
  const auto check = [&](const char* line, double old, double data, double data2, double want) {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.v(10, lane) = lane * 8;
      w.set64(20, lane, std::bit_cast<uint64_t>(data));
      w.set64(24, lane, std::bit_cast<uint64_t>(data2));
      set(lane * 8, old);
    }
    REQUIRE(w.run(line));
    INFO(line);
    CHECK(std::bit_cast<uint64_t>(get(17 * 8)) == std::bit_cast<uint64_t>(want));
  };
  check("ds_add_f64 v10, v[20:21]", 1.5, 2.25, 0, 3.75);
  check("ds_add_rtn_f64 v[30:31], v10, v[20:21]", 1.5, 2.25, 0, 3.75);
  CHECK(w.v64(30, 4) == std::bit_cast<uint64_t>(1.5));
  check("ds_min_f64 v10, v[20:21]", 1.5, -2.25, 0, -2.25);
  check("ds_max_f64 v10, v[20:21]", 1.5, -2.25, 0, 1.5);
  check("ds_min_rtn_f64 v[30:31], v10, v[20:21]", 1.5, -2.25, 0, -2.25);
  check("ds_max_rtn_f64 v[30:31], v10, v[20:21]", 0.0, -0.0, 0, 0.0);
  check("ds_cmpst_f64 v10, v[20:21], v[24:25]", 0.0, -0.0, 9, 9);
  check("ds_cmpst_rtn_f64 v[30:31], v10, v[20:21], v[24:25]", 1.0, 2.0, 9, 1.0);
  w.wave->mode = 0;  // additions keep denormals even so
  check("ds_add_f64 v10, v[20:21]", 5e-324, 5e-324, 0, 1e-323);
  MemoryWave v(Target::gfx900);
  set(0, 0);
  const double two[] = {3.0, 2.0};
  std::memcpy(v.wave->lds, two, 16);
  v.wave->setExec(1);
  v.v(10, 0) = 0;
  REQUIRE(v.run("ds_min_src2_f64 v10 offset:2"));
  CHECK(std::memcmp(v.wave->lds, &two[1], 8) == 0);
  REQUIRE(v.run("ds_max_src2_f64 v10 offset:2"));
  CHECK(std::memcmp(v.wave->lds, &two[1], 8) == 0);
}

TEST_CASE("lds: unaligned atomics fault") {
  MemoryWave w(Target::gfx900);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * 8;
  w.v(10, 12) = 98;
  CHECK_FALSE(w.run("ds_add_u32 v10, v20"));
  CHECK(w.wave->fault.lane == 12);
  CHECK(w.wave->fault.address == MemoryWave::kSharedAperture + 98);
  w.v(10, 12) = 100;
  CHECK_FALSE(w.run("ds_add_u64 v10, v[20:21]"));
  CHECK(w.run("ds_add_u32 v10, v20"));
}

}  // namespace softgpu::memorytest
