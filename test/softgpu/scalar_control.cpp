// Branches, calls, fork and join, relative moves, VGPR indexing, VSKIP, hardware registers, messages.
#include <atomic>

#include "coverage.h"
#include "harness.h"
#include "isa/scalar/interrupt.h"

using namespace softgpu;
using namespace softgpu::test;

TEST_CASE("scalar control: conditional branches") {
  WaveTest test(Target::gfx900);
  struct Case {
    const char* branch;
    bool scc;
    uint64_t vcc, exec;
    bool taken;
  };
  constexpr Case cases[] = {
      {"s_branch", false, 0, 0, true},
      {"s_cbranch_scc0", false, 0, 0, true},
      {"s_cbranch_scc0", true, 0, 0, false},
      {"s_cbranch_scc1", true, 0, 0, true},
      {"s_cbranch_scc1", false, 0, 0, false},
      {"s_cbranch_vccz", false, 0, 1, true},
      {"s_cbranch_vccz", false, uint64_t{1} << 63, 1, false},
      {"s_cbranch_vccnz", false, uint64_t{1} << 63, 1, true},
      {"s_cbranch_vccnz", false, 0, 1, false},
      {"s_cbranch_execz", false, 1, 0, true},
      {"s_cbranch_execz", false, 1, uint64_t{1} << 32, false},
      {"s_cbranch_execnz", false, 1, uint64_t{1} << 32, true},
      {"s_cbranch_execnz", false, 1, 0, false},
      {"s_cbranch_cdbgsys", true, 1, 1, false},
      // No debugger sets the conditions of these.
      {"s_cbranch_cdbguser", true, 1, 1, false},
      {"s_cbranch_cdbgsys_or_user", true, 1, 1, false},
      {"s_cbranch_cdbgsys_and_user", true, 1, 1, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.branch);
    covers(c.branch);
    test.wave.scc = c.scc;
    test.wave.setVcc(c.vcc);
    test.wave.setExec(c.exec);
    REQUIRE(test.run(std::string("s_movk_i32 s0, 1\n") + c.branch + " 1f\ns_movk_i32 s0, 2\n1:") == Stop::Ended);
    CHECK(test.s(0) == (c.taken ? 1 : 2));
  }
}

TEST_CASE("scalar control: the PC as data, calls and returns") {
  covers("s_getpc_b64 s_setpc_b64 s_swappc_b64 s_call_b64");
  WaveTest test(Target::gfx900);
  const uint64_t base = test.codeAddress();
  REQUIRE(test.run("s_getpc_b64 s[0:1]\n"           // +0
                   "s_add_u32 s2, s0, 20\n"         // +4
                   "s_addc_u32 s3, s1, 0\n"         // +8
                   "s_swappc_b64 s[4:5], s[2:3]\n"  // +12
                   "s_branch 1f\n"                  // +16
                   "s_nop 0\n"                      // +20
                   "s_movk_i32 s8, 0x11\n"          // +24
                   "s_setpc_b64 s[4:5]\n"           // +28
                   "1: s_call_b64 s[6:7], 2f\n"     // +32
                   "s_endpgm\n"
                   "2: s_movk_i32 s9, 0x22\n"
                   "s_setpc_b64 s[6:7]") == Stop::Ended);
  CHECK(test.s64(0) == base + 4);
  CHECK(test.s64(4) == base + 16);
  CHECK(test.s64(6) == base + 36);
  CHECK(test.s(8) == 0x11);
  CHECK(test.s(9) == 0x22);
}

TEST_CASE("scalar control: fork and join visit both sides, the smaller first") {
  covers("s_cbranch_i_fork s_cbranch_join");
  WaveTest test(Target::gfx900);
  // Each side appends its EXEC to s[20:21], s[22:23] in the order of visits; s10 counts them.
  const std::string program = R"(
    s_mov_b32 s10, 0
    s_mov_b32 s11, 0
    s_cbranch_i_fork s[30:31], 2f
    s_mov_b32 s12, 1
    s_branch 3f
2:  s_mov_b32 s12, 2
3:  s_mov_b32 m0, s10
    s_movreld_b64 s[20:21], exec
    s_lshl_b32 s13, s10, 1
    s_mov_b32 m0, s10
    s_movreld_b32 s24, s12
    s_add_u32 s10, s10, 2
    s_cbranch_join s11
  )";
  // s0 to s3 hold the only stack entry.
  SUBCASE("fewer fail") {
    test.wave.setExec(0xff);
    test.setS64(30, 0xf8);
    REQUIRE(test.run(program) == Stop::Ended);
    CHECK(test.s64(20) == 0x07);
    CHECK(test.s(24) == 1);
    CHECK(test.s64(22) == 0xf8);
    CHECK(test.s(26) == 2);
    CHECK(test.s(10) == 4);
  }
  SUBCASE("fewer pass") {
    test.wave.setExec(0xff);
    test.setS64(30, 0x81);
    REQUIRE(test.run(program) == Stop::Ended);
    CHECK(test.s64(20) == 0x81);
    CHECK(test.s(24) == 2);
    CHECK(test.s64(22) == 0x7e);
    CHECK(test.s(26) == 1);
  }
  SUBCASE("all pass") {
    test.wave.setExec(0xff);
    test.setS64(30, 0xffff);
    REQUIRE(test.run(program) == Stop::Ended);
    CHECK(test.s64(20) == 0xff);
    CHECK(test.s(24) == 2);
    CHECK(test.s(10) == 2);
  }
  SUBCASE("all fail") {
    test.wave.setExec(0xff);
    test.setS64(30, 0xff00);
    REQUIRE(test.run(program) == Stop::Ended);
    CHECK(test.s64(20) == 0xff);
    CHECK(test.s(24) == 1);
    CHECK(test.s(10) == 2);
  }
  CHECK((test.wave.mode >> mode::kForkStackShift) == 0);
}

TEST_CASE("scalar control: relative moves, and out of range") {
  covers("s_movrels_b32 s_movrels_b64 s_movreld_b32 s_movreld_b64");
  WaveTest test(Target::gfx900);
  for (unsigned i = 0; i < 102; ++i) test.s(i) = 100 + i;
  REQUIRE(test.run("s_mov_b32 m0, 10\ns_movrels_b32 s5, s7\ns_movrels_b64 s[8:9], s[10:11]\n"
                   "s_movreld_b32 s5, s3\ns_movreld_b64 s[30:31], s[2:3]\n"
                   "s_mov_b32 m0, 97\ns_movrels_b32 s60, s5\ns_mov_b32 m0, -1\ns_movreld_b32 s5, s3") == Stop::Ended);
  CHECK(test.s(5) == 117);
  CHECK(test.s64(8) == (120 | uint64_t{121} << 32));
  CHECK(test.s(15) == 103);
  CHECK(test.s64(40) == (102 | uint64_t{103} << 32));
  CHECK(test.s(60) == 100);  // s0
}

TEST_CASE("scalar control: VGPR indexing applies to the operands that M0 names") {
  covers("s_set_gpr_idx_on s_set_gpr_idx_off s_set_gpr_idx_mode s_set_gpr_idx_idx");
  WaveTest test(Target::gfx900);
  for (unsigned row = 0; row < 256; ++row) {
    for (unsigned lane = 0; lane < kLanes; ++lane) test.v(row, lane) = row * 1000 + lane;
  }
  SUBCASE("sources") {
    test.s(0) = 7;
    REQUIRE(test.run("s_set_gpr_idx_on s0, 0x1\nv_mov_b32 v200, v1\nv_add_u32 v201, v1, v2\n"
                     "s_set_gpr_idx_mode 0x2\nv_add_u32 v202, v1, v2\n"
                     "s_set_gpr_idx_idx s1\nv_add_u32 v203, v1, v2\n"
                     "s_set_gpr_idx_off\nv_mov_b32 v204, v1") == Stop::Ended);
    for (unsigned lane : {0u, 17u, 63u}) {
      CHECK(test.v(200, lane) == 8000 + lane);
      CHECK(test.v(201, lane) == 8000 + 2000 + 2 * lane);
      CHECK(test.v(202, lane) == 1000 + 9000 + 2 * lane);
      CHECK(test.v(203, lane) == 1000 + 2000 + 2 * lane);  // s1 is 0
      CHECK(test.v(204, lane) == 1000 + lane);
    }
    CHECK((test.wave.mode & mode::kGprIndex) == 0);
    CHECK(test.wave.executed == 10);
  }
  SUBCASE("the destination, of an accumulation too") {
    test.s(0) = 9;
    REQUIRE(test.run("v_mov_b32 v209, 1.0\nv_mov_b32 v1, 2.0\nv_mov_b32 v2, 4.0\n"
                     "s_set_gpr_idx_on s0, 0x8\nv_mac_f32 v200, v1, v2\nv_mov_b32 v201, v3\n"
                     "s_set_gpr_idx_off") == Stop::Ended);
    CHECK(test.v(209, 5) == 0x41100000);  // 9.0
    CHECK(test.v(200, 5) == 200005);
    CHECK(test.v(210, 5) == 3005);
  }
  SUBCASE("the destination, of a conversion into one of its bytes") {
    test.s(0) = 9;
    REQUIRE(test.run("v_mov_b32 v209, 0x44332211\nv_mov_b32 v1, 4.0\nv_mov_b32 v2, 1\n"
                     "s_set_gpr_idx_on s0, 0x8\nv_cvt_pkaccum_u8_f32 v200, v1, v2\ns_set_gpr_idx_off") == Stop::Ended);
    CHECK(test.v(209, 5) == 0x44330411);
    CHECK(test.v(200, 5) == 200005);
  }
  SUBCASE("it survives the end of a slice, and branches") {
    test.s(0) = 3;
    REQUIRE(test.run("s_mov_b32 s2, 20000\ns_set_gpr_idx_on s0, 0x1\n"
                     "1: v_mov_b32 v200, v1\ns_sub_u32 s2, s2, 1\ns_cmp_lg_u32 s2, 0\ns_cbranch_scc1 1b\n"
                     "s_set_gpr_idx_off") == Stop::Ended);
    CHECK(test.v(200, 1) == 4001);
    CHECK(test.wave.executed == 2 + 4 * 20000 + 2);
  }
  SUBCASE("out of range: v0 is read, nothing is written") {
    test.wave.vgprCount = 208;
    test.s(0) = 100;
    REQUIRE(test.run("s_set_gpr_idx_on s0, 0x1\nv_mov_b32 v200, v150\ns_set_gpr_idx_mode 0x8\nv_mov_b32 v150, v1\n"
                     "s_set_gpr_idx_off") == Stop::Ended);
    CHECK(test.v(200, 3) == 3);
    CHECK(test.v(250, 3) == 250003);
    CHECK(test.v(150, 3) == 150003);
  }
}

TEST_CASE("scalar control: VSKIP skips vector instructions alone") {
  covers("s_setvskip");
  WaveTest test(Target::gfx900);
  REQUIRE(test.run("v_mov_b32 v1, 1\ns_setvskip -1, 3\nv_mov_b32 v1, 2\ns_movk_i32 s0, 5\nds_write_b32 v1, v1\n"
                   "s_setvskip 0, 0\nv_mov_b32 v2, 3") == Stop::Ended);
  CHECK(test.v(1, 0) == 1);
  CHECK(test.v(2, 0) == 3);
  CHECK(test.s(0) == 5);
}

TEST_CASE("scalar control: a fault while indexing names the instruction") {
  WaveTest test(Target::gfx900);
  REQUIRE(test.run("s_set_gpr_idx_on s0, 0x1\ns_nop 0\ns_sethalt 1") == Stop::Fault);
  CHECK(test.wave.fault.pc == test.codeAddress() + 8);
  CHECK(test.wave.fault.instruction.find("s_sethalt") != std::string::npos);
}

TEST_CASE("scalar control: hardware registers") {
  covers("s_getreg_b32 s_setreg_b32 s_setreg_imm32_b32 s_setprio");
  WaveTest test(Target::gfx900);
  SUBCASE("MODE by fields") {
    REQUIRE(test.run("s_getreg_b32 s0, hwreg(HW_REG_MODE)\ns_setreg_imm32_b32 hwreg(HW_REG_MODE, 0, 4), 0xa5\n"
                     "s_getreg_b32 s1, hwreg(HW_REG_MODE, 0, 8)\ns_movk_i32 s2, 3\n"
                     "s_setreg_b32 hwreg(HW_REG_MODE, 4, 2), s2\ns_getreg_b32 s3, hwreg(HW_REG_MODE, 0, 10)") ==
            Stop::Ended);
    CHECK(test.s(0) == 0x3f0);
    CHECK(test.s(1) == 0xf5);
    CHECK(test.s(3) == 0x3f5);
    CHECK_FALSE(test.wave.defaultFloatMode());
  }
  SUBCASE("STATUS") {
    test.wave.scc = true;
    test.wave.setExec(0);
    REQUIRE(test.run("s_setprio 2\ns_getreg_b32 s0, hwreg(HW_REG_STATUS)") == Stop::Ended);
    CHECK((test.s(0) & 1) == 1);
    CHECK((test.s(0) >> 3 & 3) == 2);
    CHECK((test.s(0) >> 9 & 3) == 3);  // EXECZ, VCCZ
  }
  SUBCASE("sizes and bases") {
    REQUIRE(test.run("s_getreg_b32 s0, hwreg(HW_REG_GPR_ALLOC, 8, 6)\ns_getreg_b32 s1, hwreg(HW_REG_LDS_ALLOC, 12, 9)\n"
                     "s_getreg_b32 s2, hwreg(HW_REG_SH_MEM_BASES)\ns_getreg_b32 s3, hwreg(HW_REG_IB_STS)") ==
            Stop::Ended);
    CHECK(test.s(0) == 63);
    CHECK(test.s(1) == 256);
    CHECK(test.s(2) == 0x00010002);
    CHECK(test.s(3) == 0);
  }
  SUBCASE("TRAPSTS") {
    REQUIRE(test.run("s_setreg_imm32_b32 hwreg(HW_REG_TRAPSTS, 0, 5), 0x1f\ns_getreg_b32 s0, hwreg(HW_REG_TRAPSTS)") ==
            Stop::Ended);
    CHECK(test.s(0) == 0x1f);
  }
  SUBCASE("exceptions that would trap are refused") {
    REQUIRE(test.run("s_setreg_imm32_b32 hwreg(HW_REG_MODE, 12, 7), 0x1") == Stop::Fault);
    CHECK(test.wave.fault.kind == FaultKind::Unsupported);
  }
  SUBCASE("read-only registers are refused as destinations") {
    REQUIRE(test.run("s_setreg_imm32_b32 hwreg(HW_REG_HW_ID), 0x1") == Stop::Fault);
    CHECK(test.wave.fault.kind == FaultKind::Unsupported);
  }
}

namespace {
std::atomic<uint32_t> interrupted{0};
}

TEST_CASE("scalar control: an interrupt message reaches the host") {
  covers("s_sendmsg");
  WaveTest test(Target::gfx900);
  setInterruptHandler([](unsigned, uint32_t payload) { interrupted = payload; });
  REQUIRE(test.run("s_movk_i32 m0, 0x42\ns_nop 0\ns_sendmsg sendmsg(MSG_INTERRUPT)") == Stop::Ended);
  setInterruptHandler(nullptr);
  CHECK(interrupted == 0x42);
}

TEST_CASE("scalar control: a fork to an address in a register") {
  covers("s_cbranch_g_fork");
  WaveTest test(Target::gfx803);
  test.wave.setExec(0xff);
  test.setS64(30, 0x0f);
  // s[20:21] gets the EXEC of the first visit, s[22:23] that of the second; one bit of each side differs in s12.
  REQUIRE(test.run(R"(
    s_mov_b32 s10, 0
    s_mov_b32 s11, 0
    s_mov_b32 s12, 0
    s_getpc_b64 s[40:41]
1:  s_add_u32 s40, s40, 2f-1b
    s_addc_u32 s41, s41, 0
    s_cbranch_g_fork s[30:31], s[40:41]
    s_or_b32 s12, s12, 1
    s_branch 3f
2:  s_or_b32 s12, s12, 2
3:  s_mov_b32 m0, s10
    s_movreld_b64 s[20:21], exec
    s_add_u32 s10, s10, 2
    s_cbranch_join s11
  )") == Stop::Ended);
  CHECK((test.s64(20) ^ test.s64(22)) == 0xff);
  CHECK((test.s64(20) == 0x0f || test.s64(20) == 0xf0));
  CHECK(test.s(12) == 3);
  CHECK(test.s(10) == 4);
}

TEST_CASE("scalar control: ends, halts, and what has no effect on a program") {
  covers(
      "s_nop s_sleep s_incperflevel s_decperflevel s_ttracedata s_wakeup s_waitcnt s_sethalt s_setkill s_endpgm "
      "s_endpgm_saved s_trap");
  WaveTest test(Target::gfx900);
  test.s(0) = 1;
  REQUIRE(test.run("s_nop 7\ns_sleep 3\ns_incperflevel 1\ns_decperflevel 2\ns_ttracedata\ns_wakeup\n"
                   "s_waitcnt vmcnt(0) expcnt(0) lgkmcnt(0)\ns_waitcnt lgkmcnt(3)\ns_sethalt 0\ns_setkill 0\n"
                   "s_trap 3\ns_movk_i32 s0, 2") == Stop::Ended);
  CHECK(test.s(0) == 2);
  CHECK(test.wave.executed == 13);
  for (const char* end : {"s_endpgm", "s_endpgm_saved", "s_setkill 1"}) {
    CAPTURE(end);
    test.s(0) = 1;
    REQUIRE(test.run(std::string(end) + "\ns_movk_i32 s0, 2") == Stop::Ended);
    CHECK(test.s(0) == 1);
  }
  REQUIRE(test.run("s_trap 2") == Stop::Fault);
  CHECK(test.wave.fault.kind == FaultKind::Trap);
  REQUIRE(test.run("s_sethalt 1") == Stop::Fault);
  CHECK(test.wave.fault.kind == FaultKind::Unsupported);
}

TEST_CASE("scalar control: what belongs to graphics and to trap handlers fails closed") {
  WaveTest test(Target::gfx900);
  for (const char* text :
       {"s_sendmsg sendmsg(MSG_GS_DONE, GS_OP_NOP)", "s_sendmsghalt sendmsg(MSG_INTERRUPT)", "s_endpgm_ordered_ps_done",
        "s_rfe_b64 s[0:1]", "s_rfe_restore_b64 s[0:1], s2", "exp mrt0 v0, v0, v0, v0 done vm",
        "v_interp_p1_f32 v0, v1, attr0.x", "v_screen_partition_4se_b32 v0, v1", "ds_gws_barrier v0 offset:1 gds",
        "ds_ordered_count v0, v1 gds", "image_sample v[0:3], v[4:5], s[0:7], s[8:11] dmask:0xf"}) {
    CAPTURE(text);
    REQUIRE(test.run(text) == Stop::Fault);
    CHECK(test.wave.fault.kind == FaultKind::Unsupported);
    const std::string name = std::string(text).substr(0, std::string(text).find(' '));
    CHECK(test.wave.fault.instruction.find(name) != std::string::npos);
  }
}
