// Every operation of the memory and LDS encodings has an implementation, or is one that fails closed.
#include <set>

#include "memory_fixture.h"
#include "table_rows.h"

namespace softgpu::memorytest {

namespace {

using test::kRows;
using test::Row;

// No global wave sync and no ordered count: both are of the global data share.
const std::set<std::string> kMissing = {"ds_gws_sema_release_all", "ds_gws_init",   "ds_gws_sema_v",
                                        "ds_gws_sema_br",          "ds_gws_sema_p", "ds_gws_barrier",
                                        "ds_ordered_count"};

Instruction plain(const Row& row) {
  Instruction in;
  in.opcode = row.opcode;
  in.encoding = row.encoding;
  in.words = 2;
  in.dst = operand::kVgpr0 + 20;
  in.src[0] = operand::kVgpr0 + 10;
  in.src[1] = operand::kVgpr0 + 30;
  in.src[2] = operand::kVgpr0 + 40;
  in.soffset = operand::kInlineZero;
  if (row.encoding == Encoding::MUBUF || row.encoding == Encoding::MTBUF) in.src[3] = 8;
  in.format = 4 | 4 << 4;
  return in;
}

}  // namespace

TEST_CASE("memory: every operation is implemented but those of the global data share") {
  unsigned rows = 0;
  for (const Row& row : kRows) {
    const bool lds = row.encoding == Encoding::DS;
    if (!lds && (row.encoding < Encoding::FLAT || row.encoding > Encoding::MTBUF)) continue;
    ++rows;
    for (Target target : {Target::gfx803, Target::gfx900, Target::gfx906, Target::gfx908, Target::gfx90a}) {
      if (!(row.targets & maskOf(target))) continue;
      Instruction in = plain(row);
      MicroOp op;
      INFO(row.mnemonic << " on " << targetName(target));
      CHECK(((lds ? lowerLds : lowerMemory)(in, target, op) != nullptr) == !kMissing.count(row.mnemonic));
      if (lds) {
        in.gds = true;
        CHECK((lowerLds(in, target, op) == nullptr));
      }
    }
  }
  CHECK(rows == 374);
}

TEST_CASE("memory: texture-fail enable, and LDS bits on what does not fit a dword, fail closed") {
  MicroOp op;
  for (const Row& row : kRows) {
    if (row.encoding != Encoding::MUBUF || std::string(row.mnemonic).find("_load_") == std::string::npos) continue;
    Instruction in = plain(row);
    in.tfe = true;
    INFO(row.mnemonic);
    CHECK((lowerMemory(in, Target::gfx900, op) == nullptr));
    in.tfe = false;
    in.lds = true;
    // Vega ISA, 8.1.9.
    static const std::set<std::string> allowed = {"buffer_load_ubyte",  "buffer_load_sbyte", "buffer_load_ushort",
                                                  "buffer_load_sshort", "buffer_load_dword", "buffer_load_format_x"};
    CHECK((lowerMemory(in, Target::gfx900, op) != nullptr) == (allowed.count(row.mnemonic) != 0));
  }
}

}  // namespace softgpu::memorytest
