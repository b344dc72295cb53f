// Where decoding puts what it reads. Texts are compared with LLVM's in test/softgpu/decode; these are the roles and
// implied operands that a text does not show. Encodings by clang-19's assembler.
#include <doctest/doctest.h>

#include <initializer_list>
#include <vector>

#include "isa/decode/modifiers.h"
#include "isa/decode/operand_shape.h"
#include "isa/instruction.h"

namespace {

using namespace softgpu;

Instruction decoded(Target target, std::initializer_list<uint32_t> words) {
  const std::vector<uint32_t> code(words);
  Instruction in;
  REQUIRE(decode(code.data(), static_cast<uint32_t>(code.size()), target, in));
  CHECK(in.words == words.size());
  return in;
}

constexpr uint16_t v(uint16_t n) {
  return operand::kVgpr0 + n;
}
constexpr uint16_t a(uint16_t n) {
  return operand::kAccVgpr0 + n;
}

}  // namespace

TEST_CASE("VOP2 carries name VCC as result and third source") {
  const Instruction addc = decoded(Target::gfx900, {0x38020702});  // v_addc_co_u32_e32 v1, vcc, v2, v3, vcc
  CHECK(addc.opcode == Opcode::v_addc_co_u32);
  CHECK(addc.dst == v(1));
  CHECK(addc.sdst == operand::kVccLo);
  CHECK(addc.src[0] == v(2));
  CHECK(addc.src[1] == v(3));
  CHECK(addc.src[2] == operand::kVccLo);
  const Instruction select = decoded(Target::gfx900, {0x00020702});
  CHECK(select.sdst == operand::kNone);
  CHECK(select.src[2] == operand::kVccLo);
}

TEST_CASE("gfx803's v_add_u32 is the operation gfx9 calls v_add_co_u32") {
  const Instruction in = decoded(Target::gfx803, {0x32020702});
  CHECK(in.opcode == Opcode::v_add_co_u32);
  CHECK(in.sdst == operand::kVccLo);
  CHECK(disassemble(in, Target::gfx803, 0) == "v_add_u32_e32 v1, vcc, v2, v3");
}

TEST_CASE("comparisons write VCC, or the pair that VOP3 names") {
  const Instruction e32 = decoded(Target::gfx906, {0x7d940702});
  CHECK(e32.sdst == operand::kVccLo);
  CHECK(e32.dst == operand::kNone);
  const Instruction e64 = decoded(Target::gfx906, {0xd0ca0008, 0x00020702});
  CHECK(e64.sdst == 8);
  CHECK(e64.dst == operand::kNone);
}

TEST_CASE("accumulators are also the third source") {
  for (const Instruction& in : {decoded(Target::gfx906, {0x2c0a0702}), decoded(Target::gfx906, {0x760a0702}),
                                decoded(Target::gfx906, {0xd1160005, 0x00020702})}) {
    CHECK(isAccumulating(in.opcode));
    CHECK(in.dst == v(5));
    CHECK(in.src[2] == v(5));
  }
}

TEST_CASE("the constant of madmk and madak stands where it is used") {
  const Instruction mk = decoded(Target::gfx900, {0x2e020702, 0x40400000});
  CHECK(mk.src[1] == operand::kLiteral);
  CHECK(mk.src[2] == v(3));
  const Instruction ak = decoded(Target::gfx900, {0x30020702, 0x40400000});
  CHECK(ak.src[1] == v(3));
  CHECK(ak.src[2] == operand::kLiteral);
  CHECK(ak.literal == 0x40400000);
}

TEST_CASE("lane reads have a scalar destination") {
  CHECK(decoded(Target::gfx900, {0x7e0a0502}).dst == 5);
  const Instruction read = decoded(Target::gfx900, {0xd2890005, 0x00000902});
  CHECK(read.dst == 5);
  CHECK(read.src[0] == v(2));
  CHECK(read.src[1] == 4);
}

TEST_CASE("scalar pairs begin at an even register") {
  const Instruction in = decoded(Target::gfx900, {0xbe850107});  // s_mov_b64 with odd fields
  CHECK(in.dst == 4);
  CHECK(in.src[0] == 6);
}

TEST_CASE("SMEM offsets are unsigned on gfx803, signed with a register beside them on gfx9") {
  const Instruction gfx8 = decoded(Target::gfx803, {0xc0020002, 0x000ffffc});
  CHECK(gfx8.immOffset);
  CHECK(gfx8.imm == 0xffffc);
  CHECK(gfx8.src[0] == 4);
  const Instruction gfx9 = decoded(Target::gfx900, {0xc0020002 | 1u << 14, 0x001ffffc | 9u << 25});
  CHECK(gfx9.imm == -4);
  CHECK(gfx9.soffset == 9);
  const Instruction reg = decoded(Target::gfx900, {0xc0000002, 0x00000007});
  CHECK_FALSE(reg.immOffset);
  CHECK(reg.soffset == 7);
}

TEST_CASE("an saddr narrows the vector address; atomics return with glc alone") {
  const Instruction off = decoded(Target::gfx900, {0xdc508000, 0x047f0006});
  CHECK(off.src[3] == operand::kNone);
  CHECK(shapeOf(off, Target::gfx900).src[0] == DataType::B64);
  const Instruction based = decoded(Target::gfx900, {0xdc509ff8, 0x04080006});
  CHECK(based.src[3] == 8);
  CHECK(based.imm == -8);
  CHECK(shapeOf(based, Target::gfx900).src[0] == DataType::B32);
  const Instruction silent = decoded(Target::gfx900, {0xdd088000, 0x047f0806});
  CHECK(silent.dst == operand::kNone);
  CHECK(silent.src[1] == v(8));
  CHECK(decoded(Target::gfx900, {0xdd098000, 0x047f0806}).dst == v(4));
}

TEST_CASE("gfx90a's ACC bits name AccVGPRs") {
  CHECK(decoded(Target::gfx90a, {0xdc508000, 0x04ff0006}).dst == a(4));
  const Instruction mfma = decoded(Target::gfx90a, {0xd3c08000, 0x04020902});
  CHECK(mfma.dst == a(0));
  CHECK(mfma.src[0] == v(2));
  CHECK(mfma.src[2] == a(0));
}

TEST_CASE("tuples past the register file and unknown opcodes are refused, with one word consumed") {
  const std::vector<uint32_t> code = {0xdc5c8000, 0xfe7f0006};  // global_load_dwordx4 v[254:257]
  Instruction in;
  CHECK_FALSE(decode(code.data(), 2, Target::gfx900, in));
  CHECK(in.words == 1);
  CHECK_FALSE(decode(code.data(), 1, Target::gfx900, in));
  CHECK_FALSE(decode(code.data(), 0, Target::gfx900, in));
  const uint32_t fmac = 0x760a0702;  // gfx906 introduced it
  CHECK_FALSE(decode(&fmac, 1, Target::gfx900, in));
}

TEST_CASE("modifiers are honoured by float operations and ignored by the rest") {
  const Instruction add = decoded(Target::gfx900, {0xd1010001, 0x20020702});
  CHECK(modifiersOf(add, Target::gfx900).neg == 3);
  const Instruction both = decoded(Target::gfx900, {0xd1130001, 0x20020702});  // v_and_b32
  CHECK(modifiersOf(both, Target::gfx900).neg == 0);
}
