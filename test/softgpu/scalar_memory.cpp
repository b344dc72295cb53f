// SMEM: addresses, buffers and their bounds, stores, atomics, clocks.
#include <functional>
#include <random>

#include "coverage.h"
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

TEST_CASE("scalar memory: every load and store, by constants, registers and both") {
  struct Case {
    std::string text;
    unsigned dwords;
    bool store, scratch;
  };
  std::mt19937 random(3);
  for (Target target : kTargets) {
    CAPTURE(targetName(target));
    std::vector<Case> cases;
    std::vector<std::string> texts;
    for (const char* kind :
         {"s_load", "s_store", "s_buffer_load", "s_buffer_store", "s_scratch_load", "s_scratch_store"}) {
      const std::string name = kind;
      const bool store = name.ends_with("store"), buffer = name.starts_with("s_buffer");
      const bool scratch = name.starts_with("s_scratch");
      if (scratch && target == Target::gfx803) continue;
      for (const unsigned dwords : {1u, 2u, 4u, 8u, 16u}) {
        if (dwords > 4 && (store || scratch)) continue;
        const std::string mnemonic = name + "_dword" + (dwords == 1 ? "" : "x" + std::to_string(dwords));
        const std::string data = dwords == 1 ? "s32" : "s[32:" + std::to_string(31 + dwords) + "]";
        const std::string base = buffer ? "s[4:7]" : "s[4:5]";
        covers(mnemonic);
        for (const bool byRegister : {false, true}) {
          // gfx8 has no register offset in stores but M0.
          const std::string offset = !byRegister ? "0x80" : target == Target::gfx803 && store ? "m0" : "s20";
          const std::string text = mnemonic + " " + data + ", " + base + ", " + offset;
          cases.push_back({text, dwords, store, scratch});
          texts.push_back(text + "\ns_endpgm");
        }
      }
    }
    const auto programs = assembleAll(target, texts);
    WaveTest test(target);
    DeviceMemory memory(4096);
    for (size_t k = 0; k < cases.size(); ++k) {
      const Case& c = cases[k];
      CAPTURE(c.text);
      fill(memory);
      test.setS64(4, memory.address() + 64);
      test.s(6) = 1024;  // a raw buffer's bytes
      test.s(7) = 0;
      test.s(20) = test.s(operand::kM0) = c.scratch ? 2 : 128;
      for (unsigned i = 0; i < 20; ++i) test.s(32 + i) = static_cast<uint32_t>(random());
      const std::vector<uint32_t> before(test.wave.sgpr + 32, test.wave.sgpr + 52);
      REQUIRE(test.run(programs[k]) == Stop::Ended);
      for (unsigned i = 0; i < 20; ++i) {
        const uint32_t there = 0xd0000000 + 48 + i;  // 64 + 128 bytes on
        CHECK(test.s(32 + i) == (!c.store && i < c.dwords ? there : before[i]));
        CHECK(memory.as<uint32_t>(192)[i] == (c.store && i < c.dwords ? before[i] : there));
      }
    }
  }
}

TEST_CASE("scalar memory: atomics of both widths, plain and buffered, returning and not") {
  struct Operation {
    const char* name;
    std::function<uint64_t(uint64_t old, uint64_t data, uint64_t compared, unsigned bits)> formula;
  };
  const auto isLess = [](uint64_t a, uint64_t b, unsigned bits) {
    return static_cast<int64_t>(a << (64 - bits)) < static_cast<int64_t>(b << (64 - bits));
  };
  const Operation operations[] = {
      {"swap", [](uint64_t, uint64_t d, uint64_t, unsigned) { return d; }},
      {"cmpswap", [](uint64_t o, uint64_t d, uint64_t c, unsigned) { return o == c ? d : o; }},
      {"add", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o + d; }},
      {"sub", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o - d; }},
      {"smin", [=](uint64_t o, uint64_t d, uint64_t, unsigned b) { return isLess(d, o, b) ? d : o; }},
      {"umin", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return d < o ? d : o; }},
      {"smax", [=](uint64_t o, uint64_t d, uint64_t, unsigned b) { return isLess(o, d, b) ? d : o; }},
      {"umax", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return d > o ? d : o; }},
      {"and", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o & d; }},
      {"or", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o | d; }},
      {"xor", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o ^ d; }},
      {"inc", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o >= d ? 0 : o + 1; }},
      {"dec", [](uint64_t o, uint64_t d, uint64_t, unsigned) { return o == 0 || o > d ? d : o - 1; }},
  };
  struct Case {
    std::string text;
    const Operation* op;
    unsigned bits;
    bool returns;
  };
  std::vector<Case> cases;
  std::vector<std::string> texts;
  for (const Operation& op : operations) {
    for (const char* kind : {"s_atomic_", "s_buffer_atomic_"}) {
      for (const unsigned bits : {32u, 64u}) {
        const bool buffer = std::string(kind) == "s_buffer_atomic_", compares = std::string(op.name) == "cmpswap";
        const std::string name = std::string(kind) + op.name + (bits == 64 ? "_x2" : "");
        covers(name);
        const unsigned registers = bits / 32 * (compares ? 2 : 1);
        const std::string data = registers == 1 ? "s8" : "s[8:" + std::to_string(7 + registers) + "]";
        for (const bool returns : {false, true}) {
          const std::string text =
              name + " " + data + ", " + (buffer ? "s[4:7]" : "s[4:5]") + ", 0x8" + (returns ? " glc" : "");
          cases.push_back({text, &op, bits, returns});
          texts.push_back(text + "\ns_endpgm");
        }
      }
    }
  }
  const auto programs = assembleAll(Target::gfx900, texts);
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  for (size_t k = 0; k < cases.size(); ++k) {
    const Case& c = cases[k];
    CAPTURE(c.text);
    const uint64_t cut = c.bits == 64 ? ~uint64_t{0} : 0xffffffff, top = uint64_t{1} << (c.bits - 1);
    for (const uint64_t old : {uint64_t{0}, uint64_t{5}, cut, top, top - 1}) {
      for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{5}, uint64_t{6}, cut, top, top - 1}) {
        const uint64_t compared = value % 2 ? old : old ^ 1;
        memory.as<uint64_t>()[1] = old | ~cut;
        test.setS64(4, memory.address());
        test.s(6) = 64;
        test.s(7) = 0;
        test.setS64(8, c.bits == 64 ? value : value | compared << 32);
        test.setS64(10, compared);
        REQUIRE(test.run(programs[k]) == Stop::Ended);
        CHECK(memory.as<uint64_t>()[1] == ((c.op->formula(old, value, compared, c.bits) & cut) | ~cut));
        CHECK((test.s64(8) & cut) == (c.returns ? old : value));
      }
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

TEST_CASE("scalar memory: cache control and prefetches change nothing") {
  covers(
      "s_dcache_inv s_dcache_wb s_dcache_inv_vol s_dcache_wb_vol s_atc_probe s_atc_probe_buffer s_dcache_discard "
      "s_dcache_discard_x2");
  WaveTest test(Target::gfx900);
  DeviceMemory memory(4096);
  fill(memory);
  test.setS64(4, memory.address());
  test.setS64(6, 4096);
  const std::vector<uint32_t> before(test.wave.sgpr, test.wave.sgpr + 102);
  REQUIRE(test.run("s_dcache_inv\ns_dcache_wb\ns_dcache_inv_vol\ns_dcache_wb_vol\ns_atc_probe 0x1, s[4:5], 0x10\n"
                   "s_atc_probe_buffer 0x1, s[4:7], 0x10\ns_dcache_discard s[4:5], 0x40\n"
                   "s_dcache_discard_x2 s[4:5], 0x80") == Stop::Ended);
  CHECK(std::equal(before.begin(), before.end(), test.wave.sgpr));
  for (uint32_t i = 0; i < 1024; ++i) REQUIRE(memory.as<uint32_t>()[i] == 0xd0000000 + i);
  CHECK(test.wave.executed == 9);
}

TEST_CASE("scalar memory: clocks go forward") {
  covers("s_memtime s_memrealtime");
  WaveTest test(Target::gfx900);
  const uint64_t before = gpuTicks();
  REQUIRE(test.run("s_memtime s[0:1]\ns_memrealtime s[2:3]\ns_memtime s[4:5]") == Stop::Ended);
  CHECK(before <= test.s64(0));
  CHECK(test.s64(0) <= test.s64(2));
  CHECK(test.s64(2) <= test.s64(4));
  CHECK(test.s64(4) <= gpuTicks());
}
