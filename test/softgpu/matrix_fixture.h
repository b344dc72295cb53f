// Runs matrix instructions on each of the host's levels. Where an element lies is said here as AMD's matrix instruction
// calculator prints it ("matrix element to register mapping"), from the element to its place.
#pragma once

#include <array>

#include "vector_harness.h"

namespace softgpu::matrixtest {

using vectortest::levels;
using vectortest::TestWave;

enum class Type : uint8_t { F32, F16, Bf16, I8, F64 };

struct Matrix {
  const char* name;
  Type type;
  unsigned size, depth, blocks;
  unsigned perLane;  // elements of consecutive k in a lane
  bool gfx908 = true;

  Opcode opcode() const;
  unsigned bits() const;  // of an element of A or B
  unsigned resultDwords() const { return type == Type::F64 ? 2 : 1; }
  unsigned results() const { return size * size * blocks / 64; }  // registers, or pairs of them
};

// An element of A, B, C or D: register, lane and the bit of the register that it begins at.
struct Place {
  unsigned row, lane, bit = 0;
};
Place inputPlace(const Matrix& m, unsigned block, unsigned line, unsigned k);
Place resultPlace(const Matrix& m, unsigned block, unsigned i, unsigned j);

// Which numbers: small whole ones, whose sums are exact in any order, or of many magnitudes.
enum class Numbers : uint8_t { Whole, Any };

// What an instruction's numbers are as registers hold them, and back.
uint64_t randomElement(Type type, Numbers numbers, std::mt19937_64& random);
uint64_t randomResult(Type type, Numbers numbers, std::mt19937_64& random);

// c + the products of a and b over k, by the rules that simd/matrix.cpp states; all as registers hold them.
using Row = std::vector<uint64_t>;
uint64_t sumOfProducts(const Matrix& m, Target target, const Row& a, const Row& b, uint64_t c);
// The same where every sum is exact: a plain product of whole numbers.
uint64_t wholeSum(const Matrix& m, const Row& a, const Row& b, uint64_t c);

struct Modifiers {
  unsigned cbsz = 0, abid = 0, blgp = 0;
};
// Where the registers are, and for a constant C its operand number and bits.
struct Operands {
  bool accA = false, accB = false, accD = true;
  unsigned a = 40, b = 50, c = 64, d = 100;
  uint16_t constant = operand::kNone;
  uint64_t constantBits = 0;
};

struct MatrixCase {
  const Matrix& matrix;
  Target target;
  Numbers numbers = Numbers::Any;
  Modifiers modifiers = {};
  Operands operands = {};
  uint32_t mode = vectortest::kDefaultMode;
  uint64_t exec = ~0ull;
};
Instruction instructionOf(const MatrixCase& c);
// Fills A, B and C with random numbers, runs, and compares every element of D, on every level.
void check(const MatrixCase& c, uint64_t seed);
// Every broadcast of A with the plain B, every pattern of B with the plain A, and some of both; on every target.
void checkAll(const Matrix& m);

}  // namespace softgpu::matrixtest
