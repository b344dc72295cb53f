// A wave's private memory: one dword of all lanes side by side (LLVM AMDGPU usage, "Private Segment"), reached by
// SCRATCH instructions, through the private aperture, and through the descriptor that ROCr fills.
#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint32_t kPerLane = 512;

// The byte that LLVM's private address `offset` of a lane means.
uint64_t place(uint32_t offset, unsigned lane) {
  return uint64_t{offset / 4} * 256 + lane * 4 + offset % 4;
}

struct PrivateWave : MemoryWave {
  MappedMemory memory{kPerLane * kLanes};

  explicit PrivateWave(Target t) : MemoryWave(t) {
    wave->scratch = memory.begin();
    wave->scratchPerLane = kPerLane;
    if (t != Target::gfx803) wave->setPair(operand::kFlatScratchLo, memory.begin());
    // SQ_BUF_RSRC as ROCr's queue fills it: swizzled, element size 4, index stride 64, add_tid_enable.
    wave->sgpr[0] = static_cast<uint32_t>(memory.begin());
    wave->sgpr[1] = static_cast<uint32_t>(memory.begin() >> 32) | 0x80000000;
    wave->sgpr[2] = static_cast<uint32_t>(kPerLane * kLanes);
    wave->sgpr[3] = 4 | 5 << 3 | 6 << 6 | 7 << 9 | 4 << 12 | 4 << 15 | 1 << 19 | 3 << 21 | 1 << 23;
  }

  template <class T>
  T get(uint32_t offset, unsigned lane) const {
    uint8_t bytes[sizeof(T)];
    for (unsigned i = 0; i < sizeof(T); ++i) bytes[i] = memory.data()[place(offset + i, lane)];
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  // After `line` loaded `dwords` from `at(lane)` into v20 on.
  template <class At>
  void checkLoaded(unsigned dwords, At at) {
    unsigned wrong = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(wave->exec() >> lane & 1)) continue;
      for (unsigned k = 0; k < dwords; ++k) wrong += v(20 + k, lane) != get<uint32_t>(at(lane) + 4 * k, lane);
    }
    CHECK(wrong == 0);
  }
};

}  // namespace

TEST_CASE("memory: scratch instructions reach each lane's own dwords") {
  for (Target target : {Target::gfx900, Target::gfx906, Target::gfx908, Target::gfx90a}) {
    PrivateWave w(target);
    for (uint64_t exec : kExecs) {
      w.memory.fill(static_cast<uint32_t>(exec) + 1);
      w.wave->setExec(exec);
      w.wave->sgpr[5] = 64;
      REQUIRE(w.run("scratch_load_dword v20, off, s5 offset:20"));
      w.checkLoaded(1, [](unsigned) { return 84; });
      REQUIRE(w.run("scratch_load_dwordx4 v[20:23], off, s5"));
      w.checkLoaded(4, [](unsigned) { return 64; });
      REQUIRE(w.run("scratch_load_dwordx2 v[20:21], off, s5 offset:-61"));  // byte 3: across dwords
      w.checkLoaded(2, [](unsigned) { return 3; });
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane % 7 * 4 + lane % 2;
      REQUIRE(w.run("scratch_load_dwordx3 v[20:22], v10, off offset:8"));
      w.checkLoaded(3, [](unsigned lane) { return lane % 7 * 4 + lane % 2 + 8; });
      REQUIRE(w.run("scratch_load_sbyte v20, v10, off"));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        if (exec >> lane & 1)
          CHECK(w.v(20, lane) == static_cast<uint32_t>(w.get<int8_t>(lane % 7 * 4 + lane % 2, lane)));
      }
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = 48;
      REQUIRE(w.run("scratch_load_dwordx4 v[20:23], v10, off offset:4"));
      w.checkLoaded(4, [](unsigned) { return 52; });
      // Each lane at a dword of its own; lanes that are off hold anything.
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = exec >> lane & 1 ? lane * 5 % 60 * 4 : ~lane;
      REQUIRE(w.run("scratch_load_dwordx3 v[20:22], v10, off offset:8"));
      w.checkLoaded(3, [](unsigned lane) { return lane * 5 % 60 * 4 + 8; });
      w.randomize(20, 2, 3);
      REQUIRE(w.run("scratch_store_dwordx2 v10, v[20:21], off"));
      w.checkLoaded(2, [](unsigned lane) { return lane * 5 % 60 * 4; });
      for (unsigned lane = 0; lane < kLanes; ++lane)
        w.set64(12, lane, MemoryWave::kPrivateAperture + lane * 3 % 64 * 4);
      REQUIRE(w.run("flat_load_dwordx2 v[20:21], v[12:13] offset:16"));
      w.checkLoaded(2, [](unsigned lane) { return lane * 3 % 64 * 4 + 16; });
    }
  }
}

TEST_CASE("memory: scratch loads of bytes and halves extend them, or replace half of the register") {
  PrivateWave w(Target::gfx900);
  w.memory.fill(11);
  const struct {
    const char* name;
    unsigned bytes;
    bool isSigned;
    char half;
  } loads[] = {{"ubyte", 1, false, 0},         {"sbyte", 1, true, 0},          {"ushort", 2, false, 0},
               {"sshort", 2, true, 0},         {"ubyte_d16", 1, false, 'l'},   {"ubyte_d16_hi", 1, false, 'h'},
               {"sbyte_d16", 1, true, 'l'},    {"sbyte_d16_hi", 1, true, 'h'}, {"short_d16", 2, false, 'l'},
               {"short_d16_hi", 2, false, 'h'}};
  for (const auto& load : loads) {
    for (const uint64_t exec : kExecs) {
      w.wave->setExec(exec);
      for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane % 9 * 4 + lane % 4;
      w.randomize(20, 1, 5);
      const std::vector<uint32_t> before(w.wave->vgpr + 20 * kLanes, w.wave->vgpr + 21 * kLanes);
      REQUIRE(w.run(std::string("scratch_load_") + load.name + " v20, v10, off offset:4"));
      INFO(load.name << " exec " << exec);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const uint32_t at = lane % 9 * 4 + lane % 4 + 4;
        uint32_t value = load.bytes == 1 ? w.get<uint8_t>(at, lane) : w.get<uint16_t>(at, lane);
        if (load.isSigned && value >> (8 * load.bytes - 1)) value |= ~0u << (8 * load.bytes);
        if (load.half == 'l') value = (before[lane] & 0xffff0000) | (value & 0xffff);
        if (load.half == 'h') value = (before[lane] & 0xffff) | value << 16;
        CHECK(w.v(20, lane) == (exec >> lane & 1 ? value : before[lane]));
      }
    }
  }
}

TEST_CASE("memory: scratch stores write the lane's bytes and no others") {
  PrivateWave w(Target::gfx900);
  const struct {
    const char* line;
    unsigned bytes;
    uint32_t at;
    unsigned from = 0;  // the register's first byte that is stored
  } stores[] = {{"scratch_store_byte_d16_hi off, v20, s5 offset:1", 1, 9, 2},
                {"scratch_store_short_d16_hi off, v20, s5 offset:3", 2, 11, 2},
                {"scratch_store_byte off, v20, s5 offset:1", 1, 9},
                {"scratch_store_short off, v20, s5 offset:3", 2, 11},
                {"scratch_store_dword off, v20, s5", 4, 8},
                {"scratch_store_dword off, v20, s5 offset:2", 4, 10},
                {"scratch_store_dwordx2 off, v[20:21], s5", 8, 8},
                {"scratch_store_dwordx3 off, v[20:22], s5 offset:1", 12, 9},
                {"scratch_store_dwordx4 off, v[20:23], s5 offset:16", 16, 24}};
  w.wave->sgpr[5] = 8;
  for (uint64_t exec : kExecs) {
    for (const auto& store : stores) {
      w.memory.fill(7);
      w.randomize(20, 4, 8);
      std::vector<uint8_t> want(w.memory.data(), w.memory.data() + kPerLane * kLanes);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned i = 0; i < store.bytes && exec >> lane & 1; ++i) {
          want[place(store.at + i, lane)] = static_cast<uint8_t>(w.v(20 + i / 4, lane) >> ((store.from + i) % 4 * 8));
        }
      }
      w.wave->setExec(exec);
      REQUIRE(w.run(store.line));
      INFO(store.line << " exec " << exec);
      CHECK(std::memcmp(want.data(), w.memory.data(), want.size()) == 0);
    }
  }
}

TEST_CASE("memory: the private descriptor, the private aperture and scratch instructions mean the same bytes") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx90a}) {
    PrivateWave w(target);
    w.memory.fill(11);
    w.wave->setExec(kAll);
    w.wave->sgpr[5] = 2 * 256;  // soffset is not swizzled: 8 bytes of each lane
    REQUIRE(w.run("buffer_load_dword v20, off, s[0:3], s5 offset:12"));
    w.checkLoaded(1, [](unsigned) { return 20; });
    REQUIRE(w.run("buffer_load_dwordx4 v[20:23], off, s[0:3], 0 offset:12"));
    w.checkLoaded(4, [](unsigned) { return 12; });
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.v(10, lane) = lane * 4 % 256 + lane % 3;
      w.set64(12, lane, MemoryWave::kPrivateAperture + lane * 4 % 256 + lane % 3);
    }
    REQUIRE(w.run("buffer_load_dwordx2 v[20:21], v10, s[0:3], 0 offen offset:4"));
    w.checkLoaded(2, [](unsigned lane) { return lane * 4 % 256 + lane % 3 + 4; });
    REQUIRE(w.run("flat_load_dwordx2 v[20:21], v[12:13]"));
    w.checkLoaded(2, [](unsigned lane) { return lane * 4 % 256 + lane % 3; });
    w.randomize(20, 2, 12);
    REQUIRE(w.run("flat_store_dwordx2 v[12:13], v[20:21]"));
    w.checkLoaded(2, [](unsigned lane) { return lane * 4 % 256 + lane % 3; });
    w.randomize(20, 1, 13);
    REQUIRE(w.run("buffer_store_dword v20, off, s[0:3], s5"));
    w.checkLoaded(1, [](unsigned) { return 8; });
  }
}

TEST_CASE("memory: private memory ends where the wave's share ends") {
  PrivateWave w(Target::gfx900);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane == 50 ? kPerLane - 4 : 0;
  CHECK(w.run("scratch_load_dword v20, v10, off"));
  CHECK_FALSE(w.run("scratch_load_dword v20, v10, off offset:1"));
  CHECK(w.wave->fault.kind == FaultKind::MemoryAccess);
  CHECK(w.wave->fault.lane == 50);
  w.wave->sgpr[5] = kPerLane;
  CHECK_FALSE(w.run("scratch_store_byte off, v20, s5"));
  CHECK(w.wave->fault.write);
  CHECK(w.wave->fault.lane == 0);
  // Where the descriptor leads out of the queue's scratch nothing is mapped.
  CHECK_FALSE(w.run("buffer_store_byte v20, off, s[0:3], 0 offset:512"));
  CHECK(w.wave->fault.address == w.memory.end());
}

TEST_CASE("memory: one flat access reaches LDS, private and global memory, each lane its own") {
  PrivateWave w(Target::gfx900);
  MappedMemory global(4096);
  global.fill(21);
  w.memory.fill(22);
  for (unsigned i = 0; i < MemoryWave::kLdsBytes; ++i) w.wave->lds[i] = static_cast<uint8_t>(i * 7);
  for (uint64_t exec : kExecs) {
    w.wave->setExec(exec);
    w.randomize(20, 2, 23);
    auto address = [&](unsigned lane) {
      return lane % 3 == 0   ? global.begin() + lane * 8
             : lane % 3 == 1 ? MemoryWave::kSharedAperture + lane * 12
                             : MemoryWave::kPrivateAperture + lane % 5 * 8;
    };
    auto dword = [&](unsigned lane, unsigned k) {
      return lane % 3 == 0   ? global.get<uint32_t>(lane * 8 + 4 * k)
             : lane % 3 == 1 ? w.lds32(lane * 12 + 4 * k)
                             : w.get<uint32_t>(lane % 5 * 8 + 4 * k, lane);
    };
    auto checkRows = [&] {
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        for (unsigned k = 0; k < 2 && exec >> lane & 1; ++k) wrong += w.v(20 + k, lane) != dword(lane, k);
      }
      CHECK(wrong == 0);
    };
    for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, address(lane));
    REQUIRE(w.run("flat_load_dwordx2 v[20:21], v[10:11]"));
    checkRows();
    w.randomize(20, 2, 24);
    REQUIRE(w.run("flat_store_dwordx2 v[10:11], v[20:21]"));
    checkRows();
    // What was there comes back, and the sum takes its place.
    std::vector<uint32_t> before(kLanes);
    for (unsigned lane = 0; lane < kLanes; ++lane) before[lane] = dword(lane, 0);
    for (unsigned lane = 0; lane < kLanes; ++lane) w.v(24, lane) = lane + 1;
    REQUIRE(w.run("flat_atomic_add v25, v[10:11], v24 glc"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(exec >> lane & 1)) continue;
      CHECK(w.v(25, lane) == before[lane]);
      CHECK(dword(lane, 0) == before[lane] + lane + 1);
    }
    std::vector<uint64_t> wide(kLanes);
    for (unsigned lane = 0; lane < kLanes; ++lane) wide[lane] = dword(lane, 0) | uint64_t{dword(lane, 1)} << 32;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.set64(26, lane, ~0ull - lane);
      if (lane % 3 == 1) w.set64(10, lane, MemoryWave::kSharedAperture + lane * 24);
    }
    for (unsigned lane = 1; lane < kLanes; lane += 3) {
      wide[lane] = w.lds32(lane * 24) | uint64_t{w.lds32(lane * 24 + 4)} << 32;
    }
    REQUIRE(w.run("flat_atomic_add_x2 v[28:29], v[10:11], v[26:27] glc"));
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(exec >> lane & 1)) continue;
      CHECK(w.v64(28, lane) == wide[lane]);
      const uint64_t now = lane % 3 == 1 ? w.lds32(lane * 24) | uint64_t{w.lds32(lane * 24 + 4)} << 32
                                         : dword(lane, 0) | uint64_t{dword(lane, 1)} << 32;
      CHECK(now == wide[lane] + ~0ull - lane);
    }
  }
}

TEST_CASE("memory: flat atomics act on private memory and on LDS that all lanes are in") {
  PrivateWave w(Target::gfx900);
  for (uint64_t exec : kExecs) {
    w.memory.fill(1);
    std::memset(w.wave->lds, 0, MemoryWave::kLdsBytes);
    w.wave->setExec(exec);
    uint64_t held[kLanes];
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      w.set64(10, lane, MemoryWave::kPrivateAperture + lane % 4 * 8);
      w.set64(12, lane, MemoryWave::kSharedAperture + 64);
      w.set64(20, lane, lane * 0x100000001);
      held[lane] = w.get<uint64_t>(lane % 4 * 8, lane);
    }
    REQUIRE(w.run("flat_atomic_add_x2 v[22:23], v[10:11], v[20:21] glc"));
    REQUIRE(w.run("flat_atomic_add v24, v[12:13], v20 glc"));
    uint32_t sum = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(exec >> lane & 1)) continue;
      CHECK(w.v64(22, lane) == held[lane]);
      CHECK(w.get<uint64_t>(lane % 4 * 8, lane) == held[lane] + lane * 0x100000001);
      CHECK(w.v(24, lane) == sum);
      sum += lane;
    }
    CHECK(w.lds32(64) == sum);
  }
}

TEST_CASE("memory: flat accesses past the end of LDS violate the aperture") {
  MemoryWave w(Target::gfx900);
  for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, MemoryWave::kSharedAperture + lane * 4);
  CHECK(w.run("flat_load_dword v20, v[10:11]"));
  w.set64(10, 33, MemoryWave::kSharedAperture + MemoryWave::kLdsBytes - 3);
  CHECK_FALSE(w.run("flat_load_dword v20, v[10:11]"));
  CHECK(w.wave->fault.kind == FaultKind::InvalidAperture);
  CHECK(w.wave->fault.lane == 33);
  // Global instructions know no apertures.
  CHECK_FALSE(w.run("global_load_dword v20, v[10:11], off"));
  CHECK(w.wave->fault.kind == FaultKind::MemoryAccess);
  CHECK(w.wave->fault.lane == 0);
}

}  // namespace softgpu::memorytest
