#include "matrix_fixture.h"

namespace softgpu::matrixtest {
namespace {

using vectortest::bits;
using vectortest::f32;
using vectortest::f64;

// binary16 and bfloat16, by their formulas.
float halfValue(uint64_t h) {
  const int exponent = h >> 10 & 31, fraction = h & 1023;
  const float magnitude = exponent ? std::ldexp(static_cast<float>(1024 + fraction), exponent - 25)
                                   : std::ldexp(static_cast<float>(fraction), -24);
  return h & 0x8000 ? -magnitude : magnitude;
}
uint64_t wholeHalf(int v) {
  if (v == 0) return 0;
  int exponent;
  const double mantissa = std::frexp(std::abs(v), &exponent);  // in [0.5, 1)
  return (v < 0 ? 0x8000u : 0u) | static_cast<unsigned>(exponent + 14) << 10 |
         static_cast<unsigned>(mantissa * 2048 - 1024);
}

float elementValue(Type type, uint64_t element) {
  return type == Type::F16 ? halfValue(element) : type == Type::Bf16 ? f32(element << 16) : f32(element);
}

double resultValue(Type type, uint64_t result) {
  return type == Type::F64  ? f64(result)
         : type == Type::I8 ? static_cast<double>(static_cast<int32_t>(result))
                            : static_cast<double>(f32(result));
}

// Products of halves: each by itself, then sums of two, then of those.
float pairwise(const std::vector<float>& products, bool flush) {
  const auto flushed = [flush](float v) { return flush && std::fabs(v) < 0x1p-126f ? v * 0.0f : v; };
  std::vector<float> sums;
  for (const float p : products) sums.push_back(flushed(p));
  while (sums.size() > 1) {
    for (size_t i = 0; i < sums.size() / 2; ++i) sums[i] = flushed(sums[2 * i] + sums[2 * i + 1]);
    sums.resize(sums.size() / 2);
  }
  return sums[0];
}

uint32_t& dword(TestWave& t, bool acc, unsigned row, unsigned lane) {
  return (acc ? t.wave->accVgpr : t.wave->vgpr)[row * kLanes + lane];
}
void put(TestWave& t, bool acc, const Place& place, unsigned width, uint64_t value) {
  uint32_t& low = dword(t, acc, place.row, place.lane);
  const uint32_t mask = width >= 32 ? ~0u : ((1u << width) - 1) << place.bit;
  low = (low & ~mask) | (static_cast<uint32_t>(value) << place.bit & mask);
  if (width == 64) dword(t, acc, place.row + 1, place.lane) = static_cast<uint32_t>(value >> 32);
}
uint64_t get(TestWave& t, bool acc, const Place& place, unsigned width) {
  const uint64_t low = dword(t, acc, place.row, place.lane);
  return width == 64 ? low | static_cast<uint64_t>(dword(t, acc, place.row + 1, place.lane)) << 32 : low;
}
Place from(unsigned first, Place place) {
  place.row += first;
  return place;
}

}  // namespace

Opcode Matrix::opcode() const {
  for (unsigned i = 0; i < static_cast<unsigned>(Opcode::count); ++i) {
    if (std::string(opcodeName(static_cast<Opcode>(i))) == name) return static_cast<Opcode>(i);
  }
  FAIL("no such opcode: " << name);
  return {};
}

unsigned Matrix::bits() const {
  switch (type) {
    case Type::F16:
    case Type::Bf16:
      return 16;
    case Type::I8:
      return 8;
    case Type::F64:
      return 64;
    default:
      return 32;
  }
}

Place inputPlace(const Matrix& m, unsigned block, unsigned line, unsigned k) {
  const unsigned bit = k % m.perLane * m.bits();
  return {bit / 32, m.size * block + line + m.size * m.blocks * (k / m.perLane), bit % 32};
}

Place resultPlace(const Matrix& m, unsigned block, unsigned i, unsigned j) {
  if (m.type == Type::F64) {
    if (m.size == 16) return {2 * (i / 4), 16 * (i % 4) + j};
    return {0, 16 * i + 4 * block + j};
  }
  switch (m.size) {
    case 32:
      return {16 * block + 4 * (i / 8) + i % 4, 32 * (i / 4) % 64 + j};
    case 16:
      return {4 * block + i % 4, 16 * (i / 4) + j};
    default:
      return {i, 4 * block + j};
  }
}

uint64_t randomElement(Type type, Numbers numbers, std::mt19937_64& random) {
  const int whole = static_cast<int>(random() % 17) - 8;
  const uint64_t raw = random();
  const bool any = numbers == Numbers::Any;
  switch (type) {
    case Type::F16:  // from 2^-7 to 2^8
      return any ? (raw & 0x83ff) | (8 + raw / 65536 % 16) << 10 : wholeHalf(whole);
    case Type::Bf16:
      return any ? (raw & 0x807f) | (120 + raw / 65536 % 16) << 7 : bits(static_cast<float>(whole)) >> 16;
    case Type::I8:
      return any ? raw & 0xff : static_cast<uint8_t>(whole);
    case Type::F64:
      return any ? (raw & 0x800fffffffffffff) | (1015 + random() % 16) << 52 : bits(static_cast<double>(whole));
    default:
      return any ? (raw & 0x807fffff) | (120 + (raw >> 32) % 16) << 23 : bits(static_cast<float>(whole));
  }
}

uint64_t randomResult(Type type, Numbers numbers, std::mt19937_64& random) {
  if (type == Type::I8) return static_cast<uint32_t>(numbers == Numbers::Any ? random() : random() % 1000 - 500);
  return randomElement(type == Type::F64 ? Type::F64 : Type::F32, numbers, random);
}

uint64_t sumOfProducts(const Matrix& m, Target target, const Row& a, const Row& b, uint64_t c) {
  if (m.type == Type::I8) {
    uint32_t sum = static_cast<uint32_t>(c);
    for (unsigned k = 0; k < m.depth; ++k)
      sum += static_cast<uint32_t>(static_cast<int8_t>(a[k]) * static_cast<int8_t>(b[k]));
    return sum;
  }
  if (m.type == Type::F64) {
    double sum = f64(c);
    for (unsigned k = 0; k < m.depth; ++k) sum = std::fma(f64(a[k]), f64(b[k]), sum);
    return bits(sum);
  }
  float sum = f32(c);
  if (m.type == Type::F32) {
    for (unsigned k = 0; k < m.depth; ++k) sum = std::fma(f32(a[k]), f32(b[k]), sum);
    return bits(sum);
  }
  const bool flush = target == Target::gfx90a;
  const auto input = [&](uint64_t element) {
    const float v = elementValue(m.type, element);
    return flush && std::fabs(v) < (m.type == Type::F16 ? 0x1p-14f : 0x1p-126f) ? 0.0f : v;
  };
  if (flush && std::fabs(sum) < 0x1p-126f) sum = 0;
  for (unsigned k = 0; k < m.depth; k += m.perLane) {
    std::vector<float> products;
    for (unsigned e = k; e < k + m.perLane; ++e) products.push_back(std::fma(input(a[e]), input(b[e]), 0.0f));
    sum += pairwise(products, flush);
    if (flush && std::fabs(sum) < 0x1p-126f) sum *= 0.0f;
  }
  return bits(sum);
}

uint64_t wholeSum(const Matrix& m, const Row& a, const Row& b, uint64_t c) {
  double sum = resultValue(m.type, c);
  for (unsigned k = 0; k < m.depth; ++k) {
    const auto value = [&](uint64_t element) {
      return m.type == Type::F64  ? f64(element)
             : m.type == Type::I8 ? static_cast<double>(static_cast<int8_t>(element))
                                  : static_cast<double>(elementValue(m.type, element));
    };
    sum += value(a[k]) * value(b[k]);
  }
  sum += 0.0;
  return m.type == Type::F64  ? bits(sum)
         : m.type == Type::I8 ? static_cast<uint32_t>(static_cast<int32_t>(sum))
                              : bits(static_cast<float>(sum));
}

Instruction instructionOf(const MatrixCase& c) {
  const auto registers = [](bool acc, unsigned n) {
    return static_cast<uint16_t>((acc ? operand::kAccVgpr0 : operand::kVgpr0) + n);
  };
  const Operands& o = c.operands;
  Instruction in;
  in.opcode = c.matrix.opcode();
  in.encoding = Encoding::VOP3P;
  in.words = 2;
  in.dst = registers(o.accD, o.d);
  in.src[0] = registers(o.accA, o.a);
  in.src[1] = registers(o.accB, o.b);
  in.src[2] = o.constant == operand::kNone ? registers(o.accD, o.c) : o.constant;
  in.cbsz = static_cast<uint8_t>(c.modifiers.cbsz);
  in.abid = static_cast<uint8_t>(c.modifiers.abid);
  in.blgp = static_cast<uint8_t>(c.modifiers.blgp);
  return in;
}

namespace {

unsigned patternLane(unsigned lane, unsigned blgp) {
  const std::array<unsigned, 8> from = {lane,          lane % 32,      lane % 32 + 32, (lane + 16) % 64,
                                        lane % 16 + 0, lane % 16 + 16, lane % 16 + 32, lane % 16 + 48};
  return from[blgp];
}

void checkOn(const vector::Level& level, const MatrixCase& c, uint64_t seed) {
  const Matrix& m = c.matrix;
  const Operands& o = c.operands;
  const unsigned width = 32 * m.resultDwords();
  std::mt19937_64 random(seed);
  TestWave t;
  t.wave->target = c.target;
  t.wave->mode = c.mode;
  t.wave->setExec(c.exec);
  // Every lane and every register holds something, as read by lane and element.
  std::vector<Row> a(kLanes, Row(m.perLane)), b = a;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    for (unsigned e = 0; e < m.perLane; ++e) {
      const Place place{e * m.bits() / 32, lane, e * m.bits() % 32};
      put(t, o.accA, from(o.a, place), m.bits(), a[lane][e] = randomElement(m.type, c.numbers, random));
      put(t, o.accB, from(o.b, place), m.bits(), b[lane][e] = randomElement(m.type, c.numbers, random));
    }
    for (unsigned n = 0; n < m.results(); ++n)
      put(t, o.accD, {o.c + n * m.resultDwords(), lane}, width, randomResult(m.type, c.numbers, random));
  }
  std::vector<uint64_t> expected;
  const auto forEach = [&](auto&& f) {
    for (unsigned block = 0; block < m.blocks; ++block)
      for (unsigned i = 0; i < m.size; ++i)
        for (unsigned j = 0; j < m.size; ++j) f(block, i, j, resultPlace(m, block, i, j));
  };
  forEach([&](unsigned block, unsigned i, unsigned j, const Place& place) {
    const unsigned receivers = 1u << c.modifiers.cbsz;
    const unsigned blockA = block / receivers * receivers + c.modifiers.abid;
    Row x, y;
    for (unsigned k = 0; k < m.depth; ++k) {
      x.push_back(a[inputPlace(m, blockA, i, k).lane][k % m.perLane]);
      y.push_back(b[patternLane(inputPlace(m, block, j, k).lane, c.modifiers.blgp)][k % m.perLane]);
    }
    const uint64_t addend = o.constant == operand::kNone ? get(t, o.accD, from(o.c, place), width) : o.constantBits;
    expected.push_back(c.numbers == Numbers::Whole ? wholeSum(m, x, y, addend)
                                                   : sumOfProducts(m, c.target, x, y, addend));
  });
  REQUIRE(t.run(level, instructionOf(c), c.target));
  CHECK(t.wave->exec() == c.exec);
  unsigned failures = 0;
  size_t at = 0;
  forEach([&](unsigned block, unsigned i, unsigned j, const Place& place) {
    const uint64_t got = get(t, o.accD, from(o.d, place), width), want = expected[at++];
    if (got == want || ++failures > 3) return;
    FAIL_CHECK(level.name << " " << m.name << " cbsz " << c.modifiers.cbsz << " abid " << c.modifiers.abid << " blgp "
                          << c.modifiers.blgp << " block " << block << " [" << i << "][" << j << "]: got "
                          << vectortest::hex(got) << ", wanted " << vectortest::hex(want));
  });
}

}  // namespace

void check(const MatrixCase& c, uint64_t seed) {
  for (const vector::Level* level : levels()) checkOn(*level, c, seed);
}

void checkAll(const Matrix& m) {
  const bool modified = m.type != Type::F64;
  uint64_t seed = 1;
  for (const Target target : {Target::gfx908, Target::gfx90a}) {
    if (target == Target::gfx908 && !m.gfx908) continue;
    Operands operands;
    operands.accD = target == Target::gfx908;
    for (const Numbers numbers : {Numbers::Whole, Numbers::Any}) {
      for (unsigned cbsz = 0; modified && 1u << cbsz <= m.blocks; ++cbsz) {
        for (unsigned abid = 0; abid < 1u << cbsz; ++abid) {
          check({m, target, numbers, {cbsz, abid, 0}, operands}, ++seed);
          check({m, target, numbers, {cbsz, abid, 1 + (cbsz + abid) % 7}, operands}, ++seed);
        }
      }
      for (unsigned blgp = 0; blgp < (modified ? 8 : 1); ++blgp)
        check({m, target, numbers, {0, 0, blgp}, operands}, ++seed);
    }
  }
}

}  // namespace softgpu::matrixtest
