// DS loads and stores: widths, two addresses, range checks.
#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint32_t kLds = MemoryWave::kLdsBytes;

void fillLds(MemoryWave& w, uint32_t seed) {
  std::mt19937 random(seed);
  for (uint32_t i = 0; i < kLds; i += 4) {
    const auto value = static_cast<uint32_t>(random());
    std::memcpy(w.wave->lds + i, &value, 4);
  }
}

uint64_t ldsBytes(const MemoryWave& w, uint32_t at, unsigned bytes) {
  uint64_t value = 0;
  std::memcpy(&value, w.wave->lds + at, bytes);
  return value;
}

struct Load {
  const char* line;
  unsigned bytes;
  bool isSigned;
  char half;
  bool gfx8;
};
const Load kLoads[] = {
    {"ds_read_u8 v20, v10 offset:9", 1, false, 0, true},
    {"ds_read_i8 v20, v10 offset:9", 1, true, 0, true},
    {"ds_read_u16 v20, v10 offset:9", 2, false, 0, true},
    {"ds_read_i16 v20, v10 offset:9", 2, true, 0, true},
    {"ds_read_b32 v20, v10 offset:9", 4, false, 0, true},
    {"ds_read_b64 v[20:21], v10 offset:9", 8, false, 0, true},
    {"ds_read_b96 v[20:22], v10 offset:9", 12, false, 0, true},
    {"ds_read_b128 v[20:23], v10 offset:9", 16, false, 0, true},
    {"ds_read_u8_d16 v20, v10 offset:9", 1, false, 'l', false},
    {"ds_read_u8_d16_hi v20, v10 offset:9", 1, false, 'h', false},
    {"ds_read_i8_d16 v20, v10 offset:9", 1, true, 'l', false},
    {"ds_read_i8_d16_hi v20, v10 offset:9", 1, true, 'h', false},
    {"ds_read_u16_d16 v20, v10 offset:9", 2, false, 'l', false},
    {"ds_read_u16_d16_hi v20, v10 offset:9", 2, false, 'h', false},
};
struct Store {
  const char* line;
  unsigned bytes, shift;
  bool gfx8;
};
const Store kStores[] = {
    {"ds_write_b8 v10, v20 offset:9", 1, 0, true},          {"ds_write_b16 v10, v20 offset:9", 2, 0, true},
    {"ds_write_b8_d16_hi v10, v20 offset:9", 1, 16, false}, {"ds_write_b16_d16_hi v10, v20 offset:9", 2, 16, false},
    {"ds_write_b32 v10, v20 offset:9", 4, 0, true},         {"ds_write_b64 v10, v[20:21] offset:9", 8, 0, true},
    {"ds_write_b96 v10, v[20:22] offset:9", 12, 0, true},   {"ds_write_b128 v10, v[20:23] offset:9", 16, 0, true},
};

// Byte addresses before the instruction's offset of 9: side by side, scattered, all the same, partly out of range.
uint32_t address(unsigned pattern, unsigned lane, unsigned bytes) {
  switch (pattern) {
    case 0:
      return 1015 + lane * bytes;
    case 1:
      return (lane * 2654435761u >> 19) + 3;
    case 2:
      return 4096;
    case 3:
      return kLds - 9 - 8 * bytes + lane * bytes;
    default:
      return lane % 2 ? 0xfffffff7 + lane * bytes : 0x80000000;  // wraps around to byte lane * bytes
  }
}

}  // namespace

TEST_CASE("lds: loads of every width read LDS, and zeros beyond its end") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx90a}) {
    MemoryWave w(target);
    fillLds(w, 1);
    for (const Load& load : kLoads) {
      if (target == Target::gfx803 && !load.gfx8) continue;
      for (unsigned pattern = 0; pattern < 5; ++pattern) {
        for (uint64_t exec : kExecs) {
          w.randomize(20, 4, pattern);
          unsigned wrong = 0;
          std::vector<uint32_t> before(w.wave->vgpr + 20 * kLanes, w.wave->vgpr + 24 * kLanes);
          for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = address(pattern, lane, load.bytes);
          w.wave->setExec(exec);
          REQUIRE(w.run(load.line));
          for (unsigned lane = 0; lane < kLanes; ++lane) {
            uint32_t want[4];
            for (unsigned k = 0; k < 4; ++k) want[k] = before[k * kLanes + lane];
            if (exec >> lane & 1) {
              const uint32_t at = address(pattern, lane, load.bytes) + 9;
              const bool inside = uint64_t{at} + load.bytes <= kLds;
              if (load.bytes < 4) {
                auto value = static_cast<uint32_t>(inside ? ldsBytes(w, at, load.bytes) : 0);
                if (load.isSigned && value >> (8 * load.bytes - 1)) value |= ~0u << (8 * load.bytes);
                want[0] = load.half == 'l'   ? (want[0] & 0xffff0000) | (value & 0xffff)
                          : load.half == 'h' ? (want[0] & 0xffff) | value << 16
                                             : value;
              } else {
                for (unsigned k = 0; k < load.bytes / 4; ++k) want[k] = inside ? w.lds32(at + 4 * k) : 0;
              }
            }
            for (unsigned k = 0; k < 4; ++k) wrong += w.v(20 + k, lane) != want[k];
          }
          INFO(load.line << " pattern " << pattern << " exec " << exec);
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("lds: stores of every width write LDS, and nothing beyond its end") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx90a}) {
    MemoryWave w(target);
    for (const Store& store : kStores) {
      if (target == Target::gfx803 && !store.gfx8) continue;
      for (unsigned pattern = 0; pattern < 5; ++pattern) {
        for (uint64_t exec : kExecs) {
          fillLds(w, pattern);
          w.randomize(20, 4, pattern);
          std::vector<uint8_t> want(w.wave->lds, w.wave->lds + kLds);
          for (unsigned lane = 0; lane < kLanes; ++lane) {
            w.v(10, lane) = address(pattern, lane, store.bytes);
            const uint32_t at = w.v(10, lane) + 9;
            if (!(exec >> lane & 1) || uint64_t{at} + store.bytes > kLds) continue;
            uint32_t data[4] = {w.v(20, lane) >> store.shift, w.v(21, lane), w.v(22, lane), w.v(23, lane)};
            std::memcpy(want.data() + at, data, store.bytes);
          }
          w.wave->setExec(exec);
          REQUIRE(w.run(store.line));
          INFO(store.line << " pattern " << pattern << " exec " << exec);
          CHECK(std::memcmp(want.data(), w.wave->lds, kLds) == 0);
        }
      }
    }
  }
}

TEST_CASE("lds: two addresses, in units of the element or of 64 elements") {
  const struct {
    const char* read;
    const char* write;
    unsigned bytes, first, second;
  } pairs[] = {
      {"ds_read2_b32 v[20:21], v10 offset0:3 offset1:250", "ds_write2_b32 v10, v20, v22 offset0:3 offset1:250", 4, 12,
       1000},
      {"ds_read2st64_b32 v[20:21], v10 offset0:1 offset1:20", "ds_write2st64_b32 v10, v20, v22 offset0:1 offset1:20", 4,
       256, 5120},
      {"ds_read2_b64 v[20:23], v10 offset0:3 offset1:250",
       "ds_write2_b64 v10, v[20:21], v[22:23] offset0:3 offset1:250", 8, 24, 2000},
      {"ds_read2st64_b64 v[20:23], v10 offset0:1 offset1:20",
       "ds_write2st64_b64 v10, v[20:21], v[22:23] offset0:1 offset1:20", 8, 512, 10240},
  };
  MemoryWave w(Target::gfx900);
  for (const auto& pair : pairs) {
    for (uint64_t exec : kExecs) {
      w.wave->setExec(exec);
      fillLds(w, 7);
      const unsigned dwords = pair.bytes / 4;
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * 104;
      REQUIRE(w.run(pair.read));
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned k = 0; k < 2 * dwords && exec >> lane & 1; ++k) {
          const uint32_t at = lane * 104 + (k < dwords ? pair.first : pair.second) + k % dwords * 4;
          wrong += w.v(20 + k, lane) != (at < kLds ? w.lds32(at) : 0);
        }
      }
      INFO(pair.read << " exec " << exec);
      CHECK(wrong == 0);
      std::vector<uint8_t> want(w.wave->lds, w.wave->lds + kLds);
      w.randomize(20, 4, 8);
      for (unsigned element = 0; element < 2; ++element) {
        for (unsigned lane = 0; lane < kLanes; ++lane) {
          const uint32_t at = lane * 104 + (element ? pair.second : pair.first);
          if (!(exec >> lane & 1) || at + pair.bytes > kLds) continue;
          for (unsigned k = 0; k < dwords; ++k) std::memcpy(&want[at + 4 * k], &w.v(20 + 2 * element + k, lane), 4);
        }
      }
      REQUIRE(w.run(pair.write));
      CHECK(std::memcmp(want.data(), w.wave->lds, kLds) == 0);
    }
  }
}

TEST_CASE("lds: a load of two may overwrite its address") {
  MemoryWave w(Target::gfx900);
  fillLds(w, 9);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(20, lane) = lane * 12;
  REQUIRE(w.run("ds_read2_b32 v[20:21], v20 offset0:1 offset1:2"));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    CHECK(w.v(20, lane) == w.lds32(lane * 12 + 4));
    CHECK(w.v(21, lane) == w.lds32(lane * 12 + 8));
  }
}

TEST_CASE("lds: M0 limits accesses on gfx8 and on no later target") {
  for (Target target : {Target::gfx803, Target::gfx900}) {
    MemoryWave w(target);
    fillLds(w, 3);
    w.wave->sgpr[operand::kM0] = 100;
    for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane * 4;
    REQUIRE(w.run("ds_read_b32 v20, v10"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      CHECK(w.v(20, lane) == (target == Target::gfx803 && lane >= 25 ? 0 : w.lds32(lane * 4)));
    }
  }
}

TEST_CASE("lds: gfx90a moves between LDS and AccVGPRs") {
  MemoryWave w(Target::gfx90a);
  fillLds(w, 4);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = 4 * (63 - lane);
  REQUIRE(w.run("ds_read_b32 a20, v10"));
  REQUIRE(w.run("ds_write_b32 v10, a20 offset:1024"));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    CHECK(w.acc(20, lane) == w.lds32(4 * (63 - lane)));
    CHECK(w.lds32(1024 + 4 * lane) == w.lds32(4 * lane));
  }
}

TEST_CASE("lds: accesses by lane number, appended and consumed counts, and nothing") {
  MemoryWave w(Target::gfx900);
  for (uint64_t exec : kExecs) {
    fillLds(w, 5);
    w.wave->setExec(exec);
    w.wave->sgpr[operand::kM0] = 0x70000 + 256;  // 16 bits of it count
    const auto count = static_cast<uint32_t>(std::popcount(exec));
    w.randomize(20, 3, 6);
    const uint32_t kept = w.v(21, 5);
    REQUIRE(w.run("ds_read_addtid_b32 v20 offset:8"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (exec >> lane & 1) CHECK(w.v(20, lane) == w.lds32(264 + 4 * lane));
    }
    REQUIRE(w.run("ds_write_addtid_b32 v22 offset:1024"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (exec >> lane & 1) CHECK(w.lds32(1280 + 4 * lane) == w.v(22, lane));
    }
    const uint32_t old = w.lds32(260);
    REQUIRE(w.run("ds_append v21 offset:4"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (exec >> lane & 1) CHECK(w.v(21, lane) == old);
    }
    CHECK(w.lds32(260) == old + count);
    REQUIRE(w.run("ds_consume v21 offset:4"));
    CHECK(w.lds32(260) == old);
    if (!(exec >> 5 & 1)) CHECK(w.v(21, 5) == kept);
    REQUIRE(w.run("ds_nop"));
  }
}

}  // namespace softgpu::memorytest
