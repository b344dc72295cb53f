// SMEM: addresses, buffers and their bounds, stores, atomics, clocks.
#include "harness.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

constexpr Target kTargets[] = {Target::gfx803, Target::gfx900, Target::gfx90a};

void fill(const DeviceMemory& memory) {
  for (uint32_t i = 0; i < memory.size() / 4; ++i) memory.as<uint32_t>()[i] = 0xd0000000 + i;
}

}  // namespace

TEST_CASE("scalar memory: loads of every width and address form") {
  for (Target target : kTargets) {
    CAPTURE(targetName(target));
    WaveTest test(target);
    DeviceMemory memory(4096);
    fill(memory);
    test.setS64(2, memory.address());
    test.s(4) = 0x20;
    REQUIRE(test.run("s_load_dword s8, s[2:3], 0x4\ns_load_dwordx2 s[10:11], s[2:3], s4\n"
                     "s_load_dwordx4 s[12:15], s[2:3], 0x10\ns_load_dwordx8 s[16:23], s[2:3], 0x40\n"
                     "s_load_dwordx16 s[24:39], s[2:3], 0x80") == Stop::Ended);
    CHECK(test.s(8) == 0xd0000001);
    CHECK(test.s(10) == 0xd0000008);
    CHECK(test.s(11) == 0xd0000009);
    for (unsigned i = 0; i < 4; ++i) CHECK(test.s(12 + i) == 0xd0000004 + i);
    for (unsigned i = 0; i < 8; ++i) CHECK(test.s(16 + i) == 0xd0000010 + i);
    for (unsigned i = 0; i < 16; ++i) CHECK(test.s(24 + i) == 0xd0000020 + i);
  }
}

TEST_CASE("scalar memory: the low two bits of addresses and offsets are ignored") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  fill(memory);
  test.setS64(2, memory.address() + 3);
  test.s(4) = 6;
  REQUIRE(test.run("s_load_dword s8, s[2:3], 0x7\ns_load_dword s9, s[2:3], s4") == Stop::Ended);
  CHECK(test.s(8) == 0xd0000001);
  CHECK(test.s(9) == 0xd0000001);
}

TEST_CASE("scalar memory: gfx9 offsets are signed") {
  WaveTest test(Target::gfx906);
  DeviceMemory memory(4096);
  fill(memory);
  test.setS64(2, memory.address() + 0x100);
  REQUIRE(test.run("s_load_dword s8, s[2:3], -0x40") == Stop::Ended);
  CHECK(test.s(8) == 0xd0000030);
}

TEST_CASE("scalar memory: a load may overwrite its own base") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  fill(memory);
  test.setS64(8, memory.address());
  REQUIRE(test.run("s_load_dwordx4 s[8:11], s[8:9], 0x0") == Stop::Ended);
  for (unsigned i = 0; i < 4; ++i) CHECK(test.s(8 + i) == 0xd0000000 + i);
}

TEST_CASE("scalar memory: the first byte that may not be touched is named") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  test.setS64(2, memory.address() + 4096 - 8);
  SUBCASE("load") {
    REQUIRE(test.run("s_load_dwordx4 s[8:11], s[2:3], 0x0") == Stop::Fault);
  }
  SUBCASE("store") {
    REQUIRE(test.run("s_store_dwordx4 s[8:11], s[2:3], 0x0") == Stop::Fault);
  }
  CHECK(test.wave.fault.kind == FaultKind::MemoryAccess);
  CHECK(test.wave.fault.address == memory.address() + 4096);
}

TEST_CASE("scalar memory: another agent's memory faults") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096, 2);
  test.setS64(2, memory.address());
  REQUIRE(test.run("s_load_dword s8, s[2:3], 0x0") == Stop::Fault);
  CHECK(test.wave.fault.address == memory.address());
}

TEST_CASE("scalar memory: neighbouring ranges are one to an access that straddles them") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(8192);
  fill(memory);
  AddressSpace::instance().map(memory.address(), 4096, 1);
  AddressSpace::instance().map(memory.address() + 4096, 4096, 1);
  test.setS64(2, memory.address() + 4096 - 8);
  REQUIRE(test.run("s_load_dwordx4 s[8:11], s[2:3], 0x0") == Stop::Ended);
  for (unsigned i = 0; i < 4; ++i) CHECK(test.s(8 + i) == 0xd00003fe + i);
  AddressSpace::instance().unmap(memory.address() + 4096);
  REQUIRE(test.run("s_load_dwordx4 s[8:11], s[2:3], 0x0") == Stop::Fault);
  CHECK(test.wave.fault.address == memory.address() + 4096);
}

TEST_CASE("scalar memory: buffers are bounded dword by dword") {
  for (Target target : kTargets) {
    CAPTURE(targetName(target));
    WaveTest test(target);
    DeviceMemory memory(4096);
    fill(memory);
    test.setS64(4, memory.address());
    SUBCASE("raw: bytes") {
      test.s(6) = 24;
    }
    SUBCASE("strided: records") {
      test.s(5) |= 8 << 16;
      test.s(6) = 3;
    }
    test.s(7) = 0;
    test.s(20) = 0x10;
    REQUIRE(test.run("s_buffer_load_dwordx4 s[8:11], s[4:7], 0x10\ns_buffer_load_dword s12, s[4:7], s20\n"
                     "s_buffer_load_dword s13, s[4:7], 0x18") == Stop::Ended);
    CHECK(test.s(8) == 0xd0000004);
    CHECK(test.s(9) == 0xd0000005);
    CHECK(test.s(10) == 0);
    CHECK(test.s(11) == 0);
    CHECK(test.s(12) == 0xd0000004);
    CHECK(test.s(13) == 0);
  }
}

TEST_CASE("scalar memory: stores, plain, buffered and scratch") {
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  test.setS64(4, memory.address());
  test.s(6) = 0x48;
  test.s(7) = 0;
  for (unsigned i = 0; i < 4; ++i) test.s(8 + i) = 0x100 + i;
  test.s(operand::kM0) = 2;
  REQUIRE(test.run("s_store_dwordx2 s[8:9], s[4:5], 0x8\ns_buffer_store_dwordx4 s[8:11], s[4:7], 0x40\n"
                   "s_scratch_store_dword s10, s[4:5], m0\ns_dcache_wb\n"
                   "s_scratch_load_dword s12, s[4:5], m0") == Stop::Ended);
  const uint32_t* words = memory.as<uint32_t>();
  CHECK(words[2] == 0x100);
  CHECK(words[3] == 0x101);
  CHECK(words[16] == 0x100);
  CHECK(words[17] == 0x101);
  CHECK(words[18] == 0);      // out of the buffer
  CHECK(words[32] == 0x102);  // m0 * 64
  CHECK(test.s(12) == 0x102);
}

TEST_CASE("scalar memory: atomics") {
  struct Case {
    const char* name;
    uint64_t memory, data, after;
    bool wide = false;
  };
  constexpr uint64_t kOnes = ~uint64_t{0};
  constexpr Case cases[] = {
      {"swap", 5, 9, 9},
      {"add", 0xffffffff, 2, 1},
      {"sub", 1, 3, 0xfffffffe},
      {"smin", 0xffffffff, 1, 0xffffffff},
      {"umin", 0xffffffff, 1, 1},
      {"smax", 0xffffffff, 1, 1},
      {"umax", 0xffffffff, 1, 0xffffffff},
      {"and", 0xff00, 0x0ff0, 0x0f00},
      {"or", 0xff00, 0x0ff0, 0xfff0},
      {"xor", 0xff00, 0x0ff0, 0xf0f0},
      {"inc", 4, 5, 5},
      {"inc", 5, 5, 0},
      {"dec", 0, 5, 5},
      {"dec", 6, 5, 5},
      {"dec", 5, 5, 4},
      {"swap", 5, kOnes, kOnes, true},
      {"add", 0xffffffff, 2, 0x100000001, true},
      {"smin", kOnes, 1, kOnes, true},
      {"umin", kOnes, 1, 1, true},
      {"inc", 0x100000000, 0x100000000, 0, true},
  };
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  for (const Case& c : cases) {
    for (const char* kind : {"s_atomic_", "s_buffer_atomic_"}) {
      const bool buffer = std::string(kind) == "s_buffer_atomic_";
      CAPTURE(kind);
      CAPTURE(c.name);
      memory.as<uint64_t>()[1] = c.memory;
      test.setS64(4, memory.address());
      test.s(6) = 64;
      test.s(7) = 0;
      test.setS64(8, c.data);
      const std::string text = std::string(kind) + c.name + (c.wide ? "_x2 s[8:9], " : " s8, ") +
                               (buffer ? "s[4:7]" : "s[4:5]") + ", 0x8 glc";
      REQUIRE(test.run(text) == Stop::Ended);
      CHECK(memory.as<uint64_t>()[1] == c.after);
      CHECK((c.wide ? test.s64(8) : test.s(8)) == c.memory);
    }
  }
  SUBCASE("compare and swap: data first, then what is compared") {
    memory.as<uint32_t>()[2] = 7;
    test.setS64(8, 9 | uint64_t{7} << 32);
    REQUIRE(test.run("s_atomic_cmpswap s[8:9], s[4:5], 0x8 glc") == Stop::Ended);
    CHECK(memory.as<uint32_t>()[2] == 9);
    CHECK(test.s64(8) == (7 | uint64_t{7} << 32));
    REQUIRE(test.run("s_atomic_cmpswap s[8:9], s[4:5], 0x8 glc") == Stop::Ended);
    CHECK(memory.as<uint32_t>()[2] == 9);
  }
  SUBCASE("without glc nothing is returned") {
    memory.as<uint32_t>()[2] = 7;
    test.s(8) = 1;
    REQUIRE(test.run("s_atomic_add s8, s[4:5], 0x8") == Stop::Ended);
    CHECK(memory.as<uint32_t>()[2] == 8);
    CHECK(test.s(8) == 1);
  }
}

TEST_CASE("scalar memory: clocks go forward") {
  WaveTest test(Target::gfx900);
  const uint64_t before = gpuTicks();
  REQUIRE(test.run("s_memtime s[0:1]\ns_memrealtime s[2:3]\ns_memtime s[4:5]") == Stop::Ended);
  CHECK(before <= test.s64(0));
  CHECK(test.s64(0) <= test.s64(2));
  CHECK(test.s64(2) <= test.s64(4));
  CHECK(test.s64(4) <= gpuTicks());
}
