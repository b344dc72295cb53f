// Every operation of the tables has vectors. The test stands in a suite, so that main.cpp runs it after all others;
// a run that leaves tests out (doctest's filters) must leave it out too (--test-suite-exclude=vectors).
#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "coverage.h"
#include "table_rows.h"

namespace softgpu::test {

OpcodeSet& coveredOpcodes() {
  static OpcodeSet set;
  return set;
}

void covers(const std::string& names) {
  static const std::map<std::string, Opcode> opcodes = [] {
    std::map<std::string, Opcode> all;
    for (unsigned i = 0; i < static_cast<unsigned>(Opcode::count); ++i)
      all[opcodeName(static_cast<Opcode>(i))] = static_cast<Opcode>(i);
    return all;
  }();
  std::istringstream list(names);
  for (std::string name; list >> name;) covers(opcodes.at(name));
}

}  // namespace softgpu::test

using namespace softgpu;
using namespace softgpu::test;

namespace {

// Nothing can be expected of these but that they stop the wave with their name.
bool failsClosed(const Row& row, const std::string& name) {
  switch (row.encoding) {
    case Encoding::VINTRP:
    case Encoding::MIMG:
    case Encoding::EXP:
      return true;  // graphics
    default:
      break;
  }
  static const std::set<std::string> graphics = {"s_sendmsghalt", "s_endpgm_ordered_ps_done",
                                                 "v_screen_partition_4se_b32"};
  static const std::set<std::string> trapHandlers = {"s_rfe_b64", "s_rfe_restore_b64"};
  return graphics.count(name) || trapHandlers.count(name) || name.starts_with("v_interp_") ||
         name.starts_with("ds_gws_") || name == "ds_ordered_count";
}

}  // namespace

TEST_SUITE_BEGIN("vectors");

TEST_CASE("vectors: every operation of the tables has some") {
  std::set<std::string> missing, closed;
  std::set<Opcode> all;
  for (const Row& row : kRows) {
    const std::string name = opcodeName(row.opcode);
    all.insert(row.opcode);
    const bool covered = coveredOpcodes().test(static_cast<size_t>(row.opcode));
    if (failsClosed(row, name)) {
      closed.insert(name);
      CHECK_MESSAGE(!covered, name << " is said to fail closed and has vectors");
    } else if (!covered) {
      missing.insert(name);
    }
  }
  for (const std::string& name : missing) FAIL_CHECK(name << " has no vectors");
  std::printf("vectors: %zu operations, %zu with vectors, %zu fail closed\n", all.size(), coveredOpcodes().count(),
              closed.size());
}

TEST_SUITE_END();
