// Which VALU operations of the tables have an implementation: all but the listed ones.
#include <set>

#include "isa/decode/operand_shape.h"
#include "table_rows.h"
#include "vector_harness.h"

using namespace softgpu;
using namespace softgpu::vectortest;
using softgpu::test::kRows;
using softgpu::test::Row;

namespace {

bool isVector(Encoding e) {
  return e == Encoding::VOP1 || e == Encoding::VOP2 || e == Encoding::VOPC || e == Encoding::VOP3 ||
         e == Encoding::VOP3P;
}

// Graphics: its waves stop with the disassembly.
bool isMissing(const std::string& name) {
  return name.starts_with("v_interp_") || name == "v_screen_partition_4se_b32";
}

}  // namespace

TEST_CASE("vector coverage: every operation of the tables is implemented, or known to be missing") {
  std::set<std::string> unexpected, implemented;
  for (const Row& row : kRows) {
    if (!isVector(row.encoding)) continue;
    const std::string name = opcodeName(row.opcode);
    for (const vector::Level* level : levels()) {
      const bool found = level->find(row.opcode) || level->special(row.opcode);
      if (found == isMissing(name)) unexpected.insert(name + " on " + level->name);
      if (found) implemented.insert(name);
    }
  }
  for (const std::string& name : unexpected) FAIL_CHECK(name);
  CHECK(implemented.size() >= 480);
}

TEST_CASE("vector coverage: operand widths agree with the decoder's") {
  for (const Row& row : kRows) {
    if (!isVector(row.encoding)) continue;
    const vector::Operation* operation = levels()[0]->find(row.opcode);
    if (!operation) continue;
    const OperandShape& shape = baseShapeOf(row.opcode);
    const std::string name = opcodeName(row.opcode);
    const auto dwords = [](vector::Type t) {
      return t == vector::Type::None ? 0u : vector::is64(t) || t == vector::Type::Mask ? 2u : 1u;
    };
    if (operation->dst == vector::Type::Mask) {
      CHECK_MESSAGE(dwordsOf(shape.sdst) == 2, name);
    } else {
      CHECK_MESSAGE(dwordsOf(shape.dst) == dwords(operation->dst), name);
      CHECK_MESSAGE((shape.sdst != DataType::None) == operation->carry, name);
    }
    for (unsigned i = 0; i < 3; ++i)
      CHECK_MESSAGE(dwordsOf(shape.src[i]) == dwords(operation->src[i]), name << " source " << i);
  }
}
