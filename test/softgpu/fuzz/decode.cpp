// Any dwords, on any target: decoding keeps to them, and what it accepts can be printed and lowered.
#include "fuzz.h"
#include "isa/instruction.h"
#include "isa/micro_op.h"
#include "wave/code.h"

using namespace softgpu;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const Target target = input.target();
  uint32_t words[6] = {};
  const auto bytes = input.bytes(sizeof words);
  if (!bytes.empty()) std::memcpy(words, bytes.data(), bytes.size());
  const auto available = static_cast<uint32_t>(bytes.size() / 4);
  // In memory of just that size: a read past its end is seen.
  const std::vector<uint32_t> code(words, words + available);
  Instruction in;
  if (!decode(code.data(), available, target, in)) {
    if (in.words != 1) __builtin_trap();
    return 0;
  }
  if (in.words == 0 || in.words > available || in.opcode >= Opcode::count) __builtin_trap();
  if (std::memcmp(in.rawWords, code.data(), std::min<size_t>(in.words * 4, sizeof in.rawWords)) != 0) __builtin_trap();
  if (disassemble(in, target, 0x7f0000001000).empty()) __builtin_trap();
  MicroOp op;
  lowerInstruction(in, target, op);
  // What it did not read makes no difference.
  Instruction alone;
  if (!decode(code.data(), in.words, target, alone) || alone.opcode != in.opcode || alone.words != in.words)
    __builtin_trap();
  return 0;
}
