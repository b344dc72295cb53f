// Waves, dispatches and the worker pool: entry state, slices, barriers, fairness, faults, cancellation.
#include <atomic>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

#include "coverage.h"
#include "harness.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

constexpr Target kTargets[] = {Target::gfx803, Target::gfx900, Target::gfx906, Target::gfx908, Target::gfx90a};

}  // namespace

TEST_CASE("a wave counts its instructions exactly, across slices too") {
  WaveTest test(Target::gfx900);
  // 2 + 3 * 100000 + 1
  REQUIRE(test.run("s_mov_b32 s0, 100000\ns_nop 0\n1: s_sub_u32 s0, s0, 1\ns_cmp_lg_u32 s0, 0\ns_cbranch_scc1 1b") ==
          Stop::Ended);
  CHECK(test.wave.executed == 300003);
  CHECK(test.s(0) == 0);
}

TEST_CASE("an instruction without an implementation stops the wave with its text") {
  WaveTest test(Target::gfx900);
  REQUIRE(test.run("s_nop 0\ns_sendmsg sendmsg(MSG_GS_DONE, GS_OP_NOP)") == Stop::Fault);
  CHECK(test.wave.fault.kind == FaultKind::Unsupported);
  CHECK(test.wave.fault.pc == test.codeAddress() + 4);
  CHECK(test.wave.fault.instruction.find("s_sendmsg") != std::string::npos);
}

TEST_CASE("bits that are no instruction stop the wave") {
  WaveTest test(Target::gfx900);
  REQUIRE(test.run(std::vector<uint32_t>{0xbf800000, 0xbfff0000}) == Stop::Fault);
  CHECK(test.wave.fault.kind == FaultKind::IllegalInstruction);
  CHECK(test.wave.fault.pc == test.codeAddress() + 4);
  CHECK(test.wave.fault.instruction.find("0xbfff0000") != std::string::npos);
}

TEST_CASE("code that leaves its memory range stops the wave") {
  WaveTest test(Target::gfx900);
  SUBCASE("a branch beyond the end") {
    REQUIRE(test.run("s_branch 30000") == Stop::Fault);
    CHECK(test.wave.fault.pc == test.codeAddress() + 4 + 30000 * 4);
  }
  SUBCASE("a branch before the beginning") {
    REQUIRE(test.run("s_branch -30000") == Stop::Fault);
    CHECK(test.wave.fault.pc == test.codeAddress() + 4 - 30000 * 4);
  }
  SUBCASE("a jump to nowhere") {
    test.setS64(0, 0x123456789000);
    REQUIRE(test.run("s_setpc_b64 s[0:1]") == Stop::Fault);
    CHECK(test.wave.fault.pc == 0x123456789000);
  }
  SUBCASE("a misaligned jump") {
    test.setS64(0, test.codeAddress() + 2);
    REQUIRE(test.run("s_setpc_b64 s[0:1]") == Stop::Fault);
  }
  CHECK(test.wave.fault.kind == FaultKind::MemoryAccess);
}

TEST_CASE("s_icache_inv makes changed code visible") {
  covers("s_icache_inv");
  WaveTest test(Target::gfx900);
  // The patched instruction sits in a loop, so that it was decoded before it is changed.
  const std::string program =
      "s_getpc_b64 s[0:1]\n"        // +0, s[0:1] = +4
      "s_mov_b32 s8, 0\n"           // +4
      "1: s_mov_b32 s2, 1\n"        // +8: to be s_mov_b32 s2, 5
      "s_add_u32 s8, s8, s2\n"      // +12
      "s_cmp_gt_u32 s8, 1\n"        // +16
      "s_cbranch_scc1 2f\n"         // +20
      "s_mov_b32 s4, 0xbe820085\n"  // s_mov_b32 s2, 5
      "s_store_dword s4, s[0:1], 0x4\n"
      "s_icache_inv\n"
      "s_branch 1b\n"
      "2:";
  REQUIRE(test.run(program) == Stop::Ended);
  CHECK(test.s(8) == 6);
}

TEST_CASE("kernel entry: user and system SGPRs lie in their order") {
  for (Target target : kTargets) {
    CAPTURE(targetName(target));
    Gpu gpu(target);
    KernelOptions options;
    options.privateSegmentBuffer = options.dispatchPacket = options.queue = options.dispatchId = true;
    options.privateSegmentSize = true;
    options.groupIdY = options.groupIdZ = options.groupInfo = true;
    // s0-3 buffer, s4-5 packet, s6-7 queue, s8-9 kernarg, s10-11 id, s12 size; s13-15 group ids, s16 info.
    const Kernel kernel(target,
                        "s_load_dwordx2 s[20:21], s[8:9], 0x0\ns_waitcnt lgkmcnt(0)\n"
                        "s_cmp_eq_u32 s15, 1\ns_cbranch_scc0 1f\n"
                        "s_cmp_eq_u32 s14, 2\ns_cbranch_scc0 1f\n"
                        "s_store_dwordx4 s[0:3], s[20:21], 0x0\ns_store_dwordx4 s[4:7], s[20:21], 0x10\n"
                        "s_store_dwordx4 s[8:11], s[20:21], 0x20\ns_store_dwordx4 s[12:15], s[20:21], 0x30\n"
                        "s_store_dword s16, s[20:21], 0x40\n1:",
                        options);
    DeviceMemory out(4096), arguments(4096);
    *arguments.as<uint64_t>() = out.address();
    Launch launch = gpu.launch(kernel, 1, 1, arguments.address());
    launch.grid[1] = 30;
    launch.grid[2] = 2;
    launch.workgroup[1] = 10;
    launch.privateSegment = 77;
    for (unsigned i = 0; i < 4; ++i) launch.scratchDescriptor[i] = 0x1000 + i;
    launch.dispatchPacket = 0x2000000020;
    launch.queue = 0x3000000030;
    launch.dispatchId = 0x4000000040;
    const DispatchResult result = gpu.run(launch);
    REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
    const uint32_t* got = out.as<uint32_t>();
    for (unsigned i = 0; i < 4; ++i) CHECK(got[i] == 0x1000 + i);
    CHECK(out.as<uint64_t>()[2] == launch.dispatchPacket);
    CHECK(out.as<uint64_t>()[3] == launch.queue);
    CHECK(out.as<uint64_t>()[4] == arguments.address());
    CHECK(out.as<uint64_t>()[5] == launch.dispatchId);
    CHECK(got[12] == 77);
    CHECK(got[13] == 0);
    CHECK(got[14] == 2);
    CHECK(got[15] == 1);
    CHECK(got[16] == (1u << 31 | 1));
  }
}

TEST_CASE("kernel entry: work-item ids, EXEC and partial workgroups at the grid's edge") {
  for (Target target : kTargets) {
    CAPTURE(targetName(target));
    Gpu gpu(target);
    KernelOptions options;
    options.workItemIds = 2;
    options.groupIdY = options.groupIdZ = options.groupInfo = true;
    // s2-4 group ids, s5 info. Each lane adds its packed id to the table at (group, id).
    const bool packed = target == Target::gfx90a;
    const std::string pack = packed ? "v_mov_b32 v3, v0\n"
                                    : "v_lshlrev_b32 v3, 10, v1\nv_or_b32 v3, v0, v3\nv_lshlrev_b32 v4, 20, v2\n"
                                      "v_or_b32 v3, v3, v4\n";
    // One atomic counter and a list of (group << 30 | id): out[0] counts, out[1...] is the list.
    const Kernel kernel(target,
                        pack +
                            "s_load_dwordx2 s[6:7], s[0:1], 0x0\ns_waitcnt lgkmcnt(0)\n"
                            "v_mov_b32 v6, s6\nv_mov_b32 v7, s7\nv_mov_b32 v8, 4\n"
                            "flat_atomic_add v9, v[6:7], v8 glc\ns_waitcnt vmcnt(0) lgkmcnt(0)\n"
                            "v_add_" +
                            std::string(target == Target::gfx803 ? "u32" : "co_u32") + " v6, vcc, v6, v9\nv_addc_" +
                            std::string(target == Target::gfx803 ? "u32" : "co_u32") +
                            " v7, vcc, 0, v7, vcc\n"
                            "s_lshl_b32 s8, s2, 30\nv_or_b32 v3, s8, v3\n"
                            "flat_store_dword v[6:7], v3\n",
                        options);
    DeviceMemory out(1 << 16), arguments(4096);
    *arguments.as<uint64_t>() = out.address();
    *out.as<uint32_t>() = 4;
    Launch launch = gpu.launch(kernel, 10, 7, arguments.address());  // 7 and 3 along x
    launch.grid[1] = 5;
    launch.workgroup[1] = 5;
    launch.grid[2] = 4;
    launch.workgroup[2] = 4;  // 140 and 60 work-items: 3 waves and 1
    const DispatchResult result = gpu.run(launch);
    REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
    std::vector<unsigned> seen(1 << 17);
    const uint32_t count = *out.as<uint32_t>() / 4 - 1;
    CHECK(count == 200);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t id = out.as<uint32_t>()[1 + i];
      const uint32_t group = id >> 30, x = id & 1023, y = id >> 10 & 1023, z = id >> 20 & 1023;
      REQUIRE(group < 2);
      CHECK(x < (group ? 3 : 7));
      REQUIRE(y < 5);
      REQUIRE(z < 4);
      ++seen[((group * 8 + x) * 8 + y) * 8 + z];
    }
    CHECK(*std::max_element(seen.begin(), seen.end()) == 1);
  }
}

TEST_CASE("s_barrier holds every wave, and those that have ended do not count") {
  covers("s_barrier");
  Gpu gpu(Target::gfx900);
  // 16 waves; wave n adds n to LDS, all meet, then wave 0 publishes. Waves 8 to 15 end before the second barrier.
  KernelOptions options;
  options.vgprs = 16;
  const Kernel kernel(Target::gfx900, R"(
    s_load_dwordx2 s[4:5], s[0:1], 0x0
    v_lshrrev_b32 v1, 6, v0
    v_readfirstlane_b32 s6, v1
    s_mov_b64 exec, 1
    v_mov_b32 v2, 0
    v_mov_b32 v4, 1
    s_cmp_lg_u32 s6, 0
    s_cbranch_scc1 1f
    ds_write_b32 v2, v2
    s_waitcnt lgkmcnt(0)
1:  s_barrier
    ds_add_u32 v2, v1
    s_waitcnt lgkmcnt(0)
    s_cmp_ge_u32 s6, 8
    s_cbranch_scc1 2f
    s_barrier
    ds_read_b32 v3, v2
    s_waitcnt lgkmcnt(0)
    v_mov_b32 v5, s5
    v_lshlrev_b32 v6, 2, v1
    v_add_co_u32 v4, vcc, s4, v6
    v_addc_co_u32 v5, vcc, 0, v5, vcc
    global_store_dword v[4:5], v3, off
2:
  )",
                      options);
  DeviceMemory out(4096), arguments(4096);
  *arguments.as<uint64_t>() = out.address();
  Launch launch = gpu.launch(kernel, 1024, 1024, arguments.address());
  launch.groupSegment = 64;
  const DispatchResult result = gpu.run(launch);
  REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
  for (unsigned i = 0; i < 8; ++i) CHECK(out.as<uint32_t>()[i] == 120);
}

TEST_CASE("waves of a workgroup make progress while others spin on LDS without sleeping") {
  Gpu gpu(Target::gfx900);
  // Wave 15 releases wave 14, and so on down to wave 0, all spinning.
  const Kernel kernel(Target::gfx900, R"(
    s_load_dwordx2 s[4:5], s[0:1], 0x0
    v_lshrrev_b32 v1, 6, v0
    v_readfirstlane_b32 s6, v1
    s_mov_b64 exec, 1
    v_mov_b32 v2, 0
    s_cmp_lg_u32 s6, 0
    s_cbranch_scc1 3f
    v_mov_b32 v3, 15
    ds_write_b32 v2, v3
3:  s_barrier
1:  ds_read_b32 v3, v2
    s_waitcnt lgkmcnt(0)
    v_readfirstlane_b32 s7, v3
    s_cmp_lg_u32 s7, s6
    s_cbranch_scc1 1b
    v_mov_b32 v3, -1
    ds_add_u32 v2, v3
    s_cmp_lg_u32 s6, 0
    s_cbranch_scc1 2f
    v_mov_b32 v4, s4
    v_mov_b32 v5, s5
    v_mov_b32 v3, 42
    global_store_dword v[4:5], v3, off
2:
  )");
  DeviceMemory out(4096), arguments(4096);
  *arguments.as<uint64_t>() = out.address();
  Launch launch = gpu.launch(kernel, 1024, 1024, arguments.address());
  launch.groupSegment = 64;
  const DispatchResult result = gpu.run(launch);
  REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
  CHECK(*out.as<uint32_t>() == 42);
}

TEST_CASE("resident workgroups that wait for each other all arrive") {
  Gpu gpu(Target::gfx900);
  for (const char* pause : {"s_sleep 1", "s_nop 0"}) {
    CAPTURE(pause);
    // A barrier over the grid: count up, then wait for all.
    const Kernel kernel(Target::gfx900, std::string(R"(
      s_load_dwordx4 s[4:7], s[0:1], 0x0
      s_waitcnt lgkmcnt(0)
      s_mov_b32 s8, 1
      s_atomic_add s8, s[4:5], 0x0
  1:  s_load_dword s9, s[4:5], 0x0 glc
      s_waitcnt lgkmcnt(0)
      s_cmp_ge_u32 s9, s6
      s_cbranch_scc1 2f
      )") + pause + R"(
      s_branch 1b
  2:)");
    DeviceMemory counter(4096), arguments(4096);
    const uint32_t groups = 40;
    arguments.as<uint64_t>()[0] = counter.address();
    arguments.as<uint32_t>()[2] = groups;
    const DispatchResult result = gpu.run(gpu.launch(kernel, groups * 64, 64, arguments.address()));
    REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
    CHECK(*counter.as<uint32_t>() == groups);
  }
}

TEST_CASE("every wave of more workgroups than are resident gets its turn at a lock in memory") {
  Gpu gpu(Target::gfx900);
  for (const char* pause : {"s_sleep 1", "s_nop 0"}) {
    CAPTURE(pause);
    // What the lock guards is counted with a plain load and store.
    const Kernel kernel(Target::gfx900, std::string(R"(
      s_load_dwordx2 s[4:5], s[0:1], 0x0
      s_waitcnt lgkmcnt(0)
  1:  )") + pause + R"(
      s_mov_b32 s8, 1
      s_mov_b32 s9, 0
      s_atomic_cmpswap s[8:9], s[4:5], 0x0 glc
      s_waitcnt lgkmcnt(0)
      s_cmp_lg_u32 s8, 0
      s_cbranch_scc1 1b
      s_load_dword s10, s[4:5], 0x40 glc
      s_waitcnt lgkmcnt(0)
      s_add_u32 s10, s10, 1
      s_store_dword s10, s[4:5], 0x40
      s_dcache_wb
      s_waitcnt lgkmcnt(0)
      s_mov_b32 s8, 0
      s_atomic_swap s8, s[4:5], 0x0
    )");
    DeviceMemory lock(4096), arguments(4096);
    *arguments.as<uint64_t>() = lock.address();
    const uint32_t groups = 300;
    const DispatchResult result = gpu.run(gpu.launch(kernel, groups * 256, 256, arguments.address()));
    REQUIRE_MESSAGE(result.fault.kind == FaultKind::None, result.fault.instruction);
    CHECK(*lock.as<uint32_t>(0x40) == groups * 4);
    CHECK(*lock.as<uint32_t>() == 0);
  }
}

TEST_CASE("a dispatch that waits for another one lets it run, and for the host") {
  Gpu gpu(Target::gfx906);
  const Kernel waits(Target::gfx906, R"(
    s_load_dwordx2 s[4:5], s[0:1], 0x0
    s_waitcnt lgkmcnt(0)
1:  s_sleep 2
    s_load_dword s9, s[4:5], 0x0 glc
    s_waitcnt lgkmcnt(0)
    s_cmp_eq_u32 s9, 0
    s_cbranch_scc1 1b
  )");
  const Kernel releases(Target::gfx906, R"(
    s_load_dwordx2 s[4:5], s[0:1], 0x0
    s_mov_b32 s8, 1
    s_waitcnt lgkmcnt(0)
    s_store_dword s8, s[4:5], 0x0
  )");
  DeviceMemory flag(4096), arguments(4096);
  *arguments.as<uint64_t>() = flag.address();
  std::vector<Gpu::Running> waiting;
  for (unsigned i = 0; i < 6; ++i) waiting.push_back(gpu.submit(gpu.launch(waits, 64 * 8, 64, arguments.address())));
  SUBCASE("released by a dispatch") {
    gpu.run(gpu.launch(releases, 64, 64, arguments.address()));
  }
  SUBCASE("released by the host") {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    std::atomic_ref<uint32_t>(*flag.as<uint32_t>()).store(1);
  }
  for (auto& running : waiting) {
    auto result = running.wait();
    REQUIRE(result.has_value());
    CHECK(result->fault.kind == FaultKind::None);
  }
}

TEST_CASE("an endless dispatch is cancelled within milliseconds, and others go on meanwhile") {
  Gpu gpu(Target::gfx900);
  const Kernel endless(Target::gfx900, "1: s_add_u32 s4, s4, 1\ns_branch 1b");
  const Kernel empty(Target::gfx900, "");
  std::vector<Gpu::Running> running;
  for (unsigned i = 0; i < 3; ++i) running.push_back(gpu.submit(gpu.launch(endless, 64 * 1000, 256)));
  for (unsigned i = 0; i < 20; ++i) CHECK(gpu.run(gpu.launch(empty, 64, 64)).fault.kind == FaultKind::None);
  for (auto& one : running) {
    CHECK_FALSE(one.state == nullptr);
    const auto begun = Clock::now();
    one.dispatch->cancel();
    auto result = one.wait();
    const auto took = Clock::now() - begun;
    REQUIRE(result.has_value());
    CHECK(result->cancelled);
    CHECK(took < std::chrono::milliseconds(100));
  }
}

TEST_CASE("a fault ends its dispatch once, with the address and the instruction") {
  Gpu gpu(Target::gfx900);
  const Kernel kernel(Target::gfx900, "s_mov_b32 s4, 0x1000\ns_mov_b32 s5, 0\ns_load_dword s6, s[4:5], 0x8");
  const DispatchResult result = gpu.run(gpu.launch(kernel, 64 * 500, 64));
  CHECK(result.fault.kind == FaultKind::MemoryAccess);
  CHECK(result.fault.address == 0x1008);
  CHECK_FALSE(result.fault.write);
  CHECK(result.fault.pc == kernel.object() + 256 + 12);
  CHECK(result.fault.instruction.find("s_load_dword s6, s[4:5], 0x8") != std::string::npos);
}

TEST_CASE("a trap is reported, llvm.debugtrap is passed over") {
  Gpu gpu(Target::gfx900);
  const DispatchResult trapped = gpu.run(gpu.launch(Kernel(Target::gfx900, "s_trap 2"), 64, 64));
  CHECK(trapped.fault.kind == FaultKind::Trap);
  CHECK(trapped.fault.trapId == 2);
  CHECK(gpu.run(gpu.launch(Kernel(Target::gfx900, "s_trap 3"), 64, 64)).fault.kind == FaultKind::None);
}

TEST_CASE("launches that cannot be are refused with a reason") {
  Gpu gpu(Target::gfx900);
  const Kernel kernel(Target::gfx900, "");
  SUBCASE("no descriptor") {
    Launch launch = gpu.launch(kernel, 64, 64);
    launch.kernelObject = 0x5000;
    const DispatchResult result = gpu.run(launch);
    CHECK(result.fault.kind == FaultKind::MemoryAccess);
    CHECK(result.fault.address == 0x5000);
  }
  SUBCASE("too large a workgroup") {
    Launch launch = gpu.launch(kernel, 2048, 2048);
    CHECK(gpu.run(launch).fault.kind == FaultKind::Unsupported);
  }
  SUBCASE("too much LDS") {
    Launch launch = gpu.launch(kernel, 64, 64);
    launch.groupSegment = 65537;
    CHECK(gpu.run(launch).fault.kind == FaultKind::Unsupported);
  }
  SUBCASE("too little scratch") {
    DeviceMemory scratch(4096);
    Launch launch = gpu.launch(kernel, 64, 64);
    launch.privateSegment = 64;
    launch.scratchBase = scratch.address();
    launch.scratchBytes = 4096;
    launch.scratchWaveBytes = 8192;
    CHECK(gpu.run(launch).fault.kind == FaultKind::Unsupported);
  }
  SUBCASE("an empty grid ends at once") {
    const DispatchResult result = gpu.run(gpu.launch(kernel, 0, 64));
    CHECK(result.fault.kind == FaultKind::None);
    CHECK(result.instructions == 0);
  }
}

TEST_CASE("waves that run at the same time have scratch memory of their own") {
  Gpu gpu(Target::gfx900);
  KernelOptions options;
  options.scratchOffset = true;
  // s0-1 kernarg, s2 group id, s3 wave offset. Each wave writes its id to its block, sleeps, and reads it back.
  const Kernel kernel(Target::gfx900, R"(
    s_load_dwordx4 s[4:7], s[0:1], 0x0
    s_waitcnt lgkmcnt(0)
    s_add_u32 s8, s6, s3
    s_addc_u32 s9, s7, 0
    s_store_dword s2, s[8:9], 0x0
    s_sleep 1
    s_sleep 1
    s_load_dword s10, s[8:9], 0x0 glc
    s_waitcnt lgkmcnt(0)
    s_cmp_eq_u32 s10, s2
    s_cselect_b32 s11, 1, 0
    s_atomic_add s11, s[4:5], 0x0
  )",
                      options);
  DeviceMemory scratch(8 * 1024), counter(4096), arguments(4096);
  arguments.as<uint64_t>()[0] = counter.address();
  arguments.as<uint64_t>()[1] = scratch.address();
  Launch launch = gpu.launch(kernel, 64 * 300, 64, arguments.address());
  launch.privateSegment = 16;
  launch.scratchBase = scratch.address();
  launch.scratchBytes = scratch.size();
  launch.scratchWaveBytes = 1024;
  // Two dispatches of the queue share the eight places.
  Gpu::Running first = gpu.submit(launch), second = gpu.submit(launch);
  for (Gpu::Running* running : {&first, &second}) {
    auto result = running->wait();
    REQUIRE(result.has_value());
    REQUIRE_MESSAGE(result->fault.kind == FaultKind::None, result->fault.instruction);
  }
  CHECK(*counter.as<uint32_t>() == 600);
}

TEST_CASE("instruction counts of a dispatch are exact and do not vary") {
  Gpu gpu(Target::gfx900);
  const Kernel kernel(Target::gfx900,
                      "s_movk_i32 s4, 1000\n1: s_sub_u32 s4, s4, 1\ns_cmp_lg_u32 s4, 0\ns_cbranch_scc1 1b\ns_barrier");
  for (unsigned i = 0; i < 3; ++i) {
    const DispatchResult result = gpu.run(gpu.launch(kernel, 64 * 100, 256));
    CHECK(result.instructions == 100u * (1 + 3000 + 1 + 1));
  }
}

TEST_CASE("many short dispatches end, each once, whoever runs them") {
  Gpu gpu(Target::gfx900);
  const Kernel kernel(Target::gfx900, R"(
    s_load_dwordx2 s[4:5], s[0:1], 0x0
    s_mov_b32 s6, 1
    s_waitcnt lgkmcnt(0)
    s_atomic_add s6, s[4:5], 0x0
  )");
  DeviceMemory counter(4096), arguments(4096);
  *arguments.as<uint64_t>() = counter.address();
  std::vector<std::thread> producers;
  std::atomic<unsigned> finished{0};
  for (unsigned producer = 0; producer < 3; ++producer) {
    producers.emplace_back([&] {
      std::vector<Gpu::Running> running;
      for (unsigned i = 0; i < 400; ++i)
        running.push_back(gpu.submit(gpu.launch(kernel, 128, 64, arguments.address())));
      for (auto& one : running) {
        if (auto result = one.wait(); result && result->fault.kind == FaultKind::None) ++finished;
      }
    });
  }
  for (std::thread& producer : producers) producer.join();
  CHECK(finished == 1200);
  CHECK(*counter.as<uint32_t>() == 2400);
}

TEST_CASE("an idle pool takes no processor time") {
  Gpu gpu(Target::gfx900);
  gpu.run(gpu.launch(Kernel(Target::gfx900, ""), 64, 64));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto used = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  };
  const auto before = used();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(used() - before < std::chrono::milliseconds(5));
}

TEST_CASE("dispatches that are cancelled together all end") {
  Gpu gpu(Target::gfx90a);
  const Kernel endless(gpu.model.target, "again:\ns_sleep 16\ns_branch again");
  for (unsigned round = 0; round < 100; ++round) {
    std::vector<Gpu::Running> running;
    for (unsigned i = 0; i < 5; ++i) running.push_back(gpu.submit(gpu.launch(endless, 64, 64)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    for (Gpu::Running& one : running) one.dispatch->cancel();
    for (Gpu::Running& one : running) {
      auto result = one.wait(std::chrono::seconds(5));
      REQUIRE(result.has_value());
      CHECK(result->cancelled);
    }
  }
}
