// Buffer descriptors: strides, swizzling and range checks (Vega ISA, 8.1.5), transfers to and from LDS.
#include <functional>

#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint32_t kBytes = 65536;

struct Descriptor {
  uint32_t stride = 0, records = kBytes;
  bool swizzle = false, addTid = false;
  unsigned indexStride = 3, elementSize = 1;  // as the fields encode them: 8 << n, 2 << n
  unsigned dataFormat = 4, numberFormat = 4;
  unsigned select = 4 | 5 << 3 | 6 << 6 | 7 << 9;
};

struct BufferWave : MemoryWave {
  MappedMemory memory{kBytes};

  explicit BufferWave(Target t) : MemoryWave(t) { memory.fill(31); }

  void describe(const Descriptor& d) {
    wave->sgpr[8] = static_cast<uint32_t>(memory.begin());
    wave->sgpr[9] = static_cast<uint32_t>(memory.begin() >> 32) | (d.stride & 0x3fff) << 16 | uint32_t{d.swizzle} << 31;
    wave->sgpr[10] = d.records;
    wave->sgpr[11] =
        d.select | d.numberFormat << 12 | d.dataFormat << 15 | d.indexStride << 21 | uint32_t{d.addTid} << 23;
    if (target == Target::gfx803) wave->sgpr[11] |= d.elementSize << 19;
  }
};

}  // namespace

TEST_CASE("memory: raw buffers check each dword of an access") {
  BufferWave w(Target::gfx900);
  w.describe({.records = 1000});
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = 1000 - 4 * lane;
  w.wave->sgpr[6] = 64;  // not part of the check
  w.randomize(20, 4, 1);
  REQUIRE(w.run("buffer_load_dwordx4 v[20:23], v10, s[8:11], s6 offen offset:8"));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    for (unsigned k = 0; k < 4; ++k) {
      const uint32_t offset = 1008 - 4 * lane + 4 * k;
      CHECK(w.v(20 + k, lane) == (offset < 1000 ? w.memory.get<uint32_t>(offset + 64) : 0));
    }
  }
  // A huge offset does not wrap around.
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = 0xfffffff8;
  REQUIRE(w.run("buffer_load_dword v20, v10, s[8:11], 0 offen offset:16"));
  CHECK(w.v(20, 3) == 0);
}

TEST_CASE("memory: what stores and atomics would write out of range vanishes") {
  BufferWave w(Target::gfx906);
  w.describe({.records = 256});
  const std::vector<uint8_t> before(w.memory.data(), w.memory.data() + kBytes);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    w.v(10, lane) = lane * 8;
    w.v(20, lane) = w.v(21, lane) = 0x1000000 + lane;
  }
  REQUIRE(w.run("buffer_store_dwordx2 v[20:21], v10, s[8:11], 0 offen offset:4"));
  for (unsigned at = 0; at < kBytes; at += 4) {
    const bool written = at >= 4 && at < 256;
    const uint32_t old =
        static_cast<uint32_t>(before[at] | before[at + 1] << 8 | before[at + 2] << 16) | uint32_t{before[at + 3]} << 24;
    CHECK(w.memory.get<uint32_t>(at) == (written ? 0x1000000 + (at - 4) / 8 : old));
  }
  std::vector<uint32_t> held(kLanes);
  for (unsigned lane = 0; lane < kLanes; ++lane) held[lane] = w.memory.get<uint32_t>(lane * 8);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(20, lane) = 5;
  REQUIRE(w.run("buffer_atomic_add v20, v10, s[8:11], 0 offen glc"));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    const bool inside = lane * 8 < 256;
    CHECK(w.v(20, lane) == (inside ? held[lane] : 0));
    CHECK(w.memory.get<uint32_t>(lane * 8) == held[lane] + (inside ? 5 : 0));
  }
}

TEST_CASE("memory: an unbound descriptor reads zeros and swallows writes") {
  BufferWave w(Target::gfx900);
  for (unsigned i = 8; i < 12; ++i) w.wave->sgpr[i] = 0;
  w.randomize(20, 1, 2);
  REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], 0"));
  CHECK(w.v(20, 0) == 0);
  CHECK(w.v(20, 63) == 0);
  CHECK(w.run("buffer_store_dword v20, off, s[8:11], 0"));
}

TEST_CASE("memory: structured buffers multiply the index and check it") {
  for (Target target : {Target::gfx803, Target::gfx900}) {
    BufferWave w(target);
    // gfx8 counts linear records in bytes, gfx9 in records.
    w.describe({.stride = 24, .records = target == Target::gfx803 ? 50u * 24 : 50});
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.v(10, lane) = lane;
      w.v(11, lane) = lane % 2 * 4;
    }
    REQUIRE(w.run("buffer_load_dword v20, v10, s[8:11], 0 idxen offset:8"));
    REQUIRE(w.run("buffer_load_dword v21, v[10:11], s[8:11], 4 idxen offen offset:8"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      CHECK(w.v(20, lane) == (lane < 50 ? w.memory.get<uint32_t>(lane * 24 + 8) : 0));
      CHECK(w.v(21, lane) == (lane < 50 ? w.memory.get<uint32_t>(lane * 24 + 8 + lane % 2 * 4 + 4) : 0));
    }
    w.describe({.stride = 16, .records = kBytes, .addTid = true, .dataFormat = 0});
    REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], 0 offset:4"));
    for (unsigned lane = 0; lane < kLanes; ++lane) CHECK(w.v(20, lane) == w.memory.get<uint32_t>(lane * 16 + 4));
    // With add_tid_enable the data format is the stride's upper bits.
    w.describe({.stride = 16, .records = kBytes, .addTid = true, .dataFormat = 1});
    w.wave->setExec(0xf);
    REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], 0"));
    for (unsigned lane = 0; lane < 4; ++lane) CHECK(w.v(20, lane) == w.memory.get<uint32_t>(lane * (16384 + 16)));
    w.wave->setExec(0x1f);
    CHECK_FALSE(w.run("buffer_load_dword v20, off, s[8:11], 0"));
    CHECK(w.wave->fault.lane == 4);
    w.wave->setExec(kAll);
  }
}

TEST_CASE("memory: swizzled buffers interleave elements of an index block") {
  struct Case {
    Target target;
    unsigned elementField;  // 2 << n bytes; gfx9 has 4 only
  };
  for (const Case& c :
       {Case{Target::gfx803, 1}, Case{Target::gfx803, 2}, Case{Target::gfx803, 3}, Case{Target::gfx900, 1}}) {
    for (unsigned indexField = 0; indexField < 4; ++indexField) {
      BufferWave w(c.target);
      const uint32_t stride = 48, element = 2u << c.elementField, indices = 8u << indexField;
      w.describe({.stride = stride,
                  .records = 1000,
                  .swizzle = true,
                  .indexStride = indexField,
                  .elementSize = c.elementField});
      // The formula of 8.1.5, byte by byte.
      auto byteAt = [&](uint32_t index, uint32_t offset) {
        return w.memory.data()[(index / indices * stride + offset / element * element) * indices +
                               index % indices * element + offset % element];
      };
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        w.v(10, lane) = lane * 3;
        w.v(11, lane) = lane % 5 * 4;
      }
      REQUIRE(w.run("buffer_load_dwordx4 v[20:23], v[10:11], s[8:11], 0 idxen offen offset:12"));
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned i = 0; i < 16; ++i) {
          wrong +=
              static_cast<uint8_t>(w.v(20 + i / 4, lane) >> (i % 4 * 8)) != byteAt(lane * 3, lane % 5 * 4 + 12 + i);
        }
      }
      CHECK(wrong == 0);
      w.randomize(20, 4, 5);
      REQUIRE(w.run("buffer_store_dwordx4 v[20:23], v[10:11], s[8:11], 0 idxen offen offset:12"));
      wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned i = 0; i < 16; ++i) {
          wrong +=
              static_cast<uint8_t>(w.v(20 + i / 4, lane) >> (i % 4 * 8)) != byteAt(lane * 3, lane % 5 * 4 + 12 + i);
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("memory: buffer offsets come from registers, M0 and constants") {
  BufferWave w(Target::gfx900);
  w.describe({});
  w.wave->sgpr[operand::kM0] = 400;
  REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], m0 offset:4"));
  CHECK(w.v(20, 5) == w.memory.get<uint32_t>(404));
  REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], 64"));
  CHECK(w.v(20, 5) == w.memory.get<uint32_t>(64));
  w.wave->setPair(8, w.memory.begin() + 0x10000 - 16);
  w.wave->sgpr[9] &= 0xffff;
  REQUIRE(w.run("buffer_load_dword v20, off, s[8:11], 12"));
  CHECK(w.v(20, 5) == w.memory.get<uint32_t>(kBytes - 4));
}

TEST_CASE("memory: loads into LDS leave dword l of the block to lane l") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx908}) {
    BufferWave w(target);
    w.describe({});
    for (uint64_t exec : kExecs) {
      w.wave->setExec(exec);
      w.wave->sgpr[operand::kM0] = 512;
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * 20;
      const struct {
        const char* line;
        std::function<uint32_t(uint32_t)> value;
      } loads[] = {{"buffer_load_dword v10, s[8:11], 0 offen offset:16 lds",
                    [&](uint32_t at) { return w.memory.get<uint32_t>(at); }},
                   {"buffer_load_ubyte v10, s[8:11], 0 offen offset:16 lds",
                    [&](uint32_t at) { return w.memory.get<uint8_t>(at); }},
                   {"buffer_load_sshort v10, s[8:11], 0 offen offset:16 lds",
                    [&](uint32_t at) { return static_cast<uint32_t>(w.memory.get<int16_t>(at)); }},
                   {"buffer_load_format_x v10, s[8:11], 0 offen offset:16 lds",
                    [&](uint32_t at) { return w.memory.get<uint32_t>(at); }}};
      for (const auto& load : loads) {
        std::memset(w.wave->lds, 0xee, MemoryWave::kLdsBytes);
        REQUIRE(w.run(load.line));
        unsigned wrong = 0;
        for (unsigned lane = 0; lane < kLanes; ++lane) {
          wrong += w.lds32(528 + 4 * lane) != (exec >> lane & 1 ? load.value(lane * 20 + 16) : 0xeeeeeeee);
        }
        INFO(load.line << " exec " << exec);
        CHECK(wrong == 0);
        CHECK(w.lds32(524) == 0xeeeeeeee);
        CHECK(w.wave->exec() == exec);
      }
      REQUIRE(w.run("buffer_store_lds_dword s[8:11], 0 offset:32 lds"));
      if (exec)
        CHECK(w.memory.get<uint32_t>(32) == w.lds32(544 + 4 * (63 - static_cast<unsigned>(__builtin_clzll(exec)))));
    }
    // What would lie outside of LDS is not loaded at all, wherever it comes from.
    w.wave->setExec(kAll);
    w.wave->sgpr[operand::kM0] = MemoryWave::kLdsBytes - 8;
    for (unsigned lane = 2; lane < kLanes; ++lane) w.v(10, lane) = kBytes - 4;
    REQUIRE(w.run("buffer_load_dword v10, s[8:11], 0 offen lds"));
    CHECK(w.lds32(MemoryWave::kLdsBytes - 4) == w.memory.get<uint32_t>(20));
  }
}

TEST_CASE("memory: cache instructions do nothing but order") {
  for (const auto& [target, line] : {std::pair{Target::gfx803, "buffer_wbinvl1"},
                                     {Target::gfx803, "buffer_wbinvl1_vol"},
                                     {Target::gfx900, "buffer_wbinvl1"},
                                     {Target::gfx900, "buffer_wbinvl1_vol"},
                                     {Target::gfx90a, "buffer_wbl2"},
                                     {Target::gfx90a, "buffer_invl2"}}) {
    MemoryWave w(target);
    CHECK(w.run(line));
  }
}

}  // namespace softgpu::memorytest
