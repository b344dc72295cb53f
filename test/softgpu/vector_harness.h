// Runs one VALU instruction on each of the host's levels and compares every lane with a formula.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "coverage.h"
#include "isa/vector/lower.h"
#include "isa/vector/operation.h"
#include "wave/wave.h"

namespace softgpu::vectortest {

constexpr uint32_t kDefaultMode = mode::kFloatDefault | mode::kIeee | mode::kDx10Clamp;
constexpr uint32_t kSentinel = 0xdeadbeef;

inline float f32(uint64_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}
inline double f64(uint64_t bits) {
  return std::bit_cast<double>(bits);
}
inline uint32_t bits(float v) {
  return std::bit_cast<uint32_t>(v);
}
inline uint64_t bits(double v) {
  return std::bit_cast<uint64_t>(v);
}

inline std::vector<const vector::Level*> levels() {
  std::vector<const vector::Level*> found;
  for (const char* name : {"portable", "avx2", "avx512"}) {
    if (const vector::Level* level = vector::levelNamed(name)) found.push_back(level);
  }
  return found;
}

struct TestWave {
  std::unique_ptr<Wave> wave = std::make_unique<Wave>();
  std::vector<uint32_t> storage, acc;

  TestWave() : storage(Wave::kRows * kLanes + 16), acc(storage.size()) {
    const auto align = [](uint32_t* p) { return p + (64 - reinterpret_cast<uintptr_t>(p) % 64) % 64 / 4; };
    wave->vgpr = align(storage.data());
    wave->accVgpr = align(acc.data());
    wave->vgprCount = 256;
    wave->mode = kDefaultMode;
    wave->setExec(~0ull);
  }
  uint32_t& v(unsigned row, unsigned lane) { return wave->vgpr[row * kLanes + lane]; }
  uint64_t v64(unsigned row, unsigned lane) { return v(row, lane) | static_cast<uint64_t>(v(row + 1, lane)) << 32; }
  void set(unsigned row, unsigned lane, uint64_t value, bool wide) {
    v(row, lane) = static_cast<uint32_t>(value);
    if (wide) v(row + 1, lane) = static_cast<uint32_t>(value >> 32);
  }

  // False where the instruction has no implementation.
  bool run(const vector::Level& level, const Instruction& in, Target target) {
    MicroOp op[16];
    const Handler handler = vector::lower(level, in, target, op[0]);
    if (!handler) return false;
    op[0].opcode = in.opcode;
    op[0].words = in.words;
    test::covers(in.opcode);
    CHECK(handler(*wave, op) == op + in.words);
    return true;
  }
};

constexpr uint16_t vgpr(unsigned n) {
  return static_cast<uint16_t>(operand::kVgpr0 + n);
}

// Rows and registers that the checks use.
constexpr unsigned kDst = 100, kSrc[3] = {10, 20, 30};
constexpr uint16_t kSdst = 20, kMaskSource = 40;

struct Shape {
  Opcode opcode;
  vector::Type dst;
  vector::Type src[3];
  bool carry = false;
};

inline Shape shapeOf(Opcode opcode) {
  const vector::Operation* op = levels()[0]->find(opcode);
  REQUIRE_MESSAGE(op, "no such operation: " << opcodeName(opcode));
  return {opcode, op->dst, {op->src[0], op->src[1], op->src[2]}, op->carry};
}

inline Instruction instructionOf(const Shape& s) {
  Instruction in;
  in.opcode = s.opcode;
  in.encoding = vector::isPacked16(s.dst) || s.dst == vector::Type::PackedF32 ? Encoding::VOP3P : Encoding::VOP3;
  in.words = 2;
  if (s.dst == vector::Type::Mask) {
    in.sdst = kSdst;
  } else {
    in.dst = vgpr(kDst);
    if (s.carry) in.sdst = kSdst;
  }
  for (unsigned i = 0; i < 3; ++i) {
    if (s.src[i] == vector::Type::None) continue;
    in.src[i] = s.src[i] == vector::Type::Mask ? kMaskSource : vgpr(kSrc[i]);
  }
  if (in.encoding == Encoding::VOP3P) in.opSelHi = 7;
  return in;
}

// What a lane should hold: the result, and the mask bit where there is one.
struct Expected {
  uint64_t value = 0;
  bool mask = false;
};
using Formula = std::function<Expected(uint64_t a, uint64_t b, uint64_t c)>;

// Operand values: the edges of the type, then random bits.
inline std::vector<uint64_t> edgesOf(vector::Type type) {
  using vector::Type;
  const auto floats = [](int fraction, uint64_t exponentMask, uint64_t sign, int bias,
                         std::initializer_list<double> values, auto convert) {
    std::vector<uint64_t> v;
    const uint64_t inf = exponentMask << fraction;
    for (const uint64_t m : {uint64_t{0}, uint64_t{1}, (uint64_t{1} << fraction) - 1, uint64_t{1} << fraction,
                             (uint64_t{1} << fraction) + 1, inf - 1, inf, inf | 1, inf | uint64_t{1} << (fraction - 1),
                             inf | uint64_t{5} << (fraction - 3), (uint64_t(bias) << fraction) + 1,
                             (uint64_t(bias) << fraction) - 1, inf - (uint64_t{1} << fraction)}) {
      v.push_back(m);
      v.push_back(m | sign);
    }
    for (const double d : values) v.push_back(convert(d)), v.push_back(convert(d) | sign);
    return v;
  };
  switch (type) {
    case Type::F32:
    case Type::Mix:
      return floats(23, 0xff, 0x80000000, 127,
                    {1, 0.5, 1.5, 2.5, 3.0, 16777216, 2147483648.0, 4294967296.0, 1e-20, 1e20, 0.1},
                    [](double d) { return uint64_t{bits(static_cast<float>(d))}; });
    case Type::F64:
      return floats(52, 0x7ff, 1ull << 63, 1023,
                    {1, 0.5, 1.5, 2.5, 3.0, 2147483648.0, 4294967296.0, 4503599627370497.0, 1e-200, 0.1},
                    [](double d) { return bits(d); });
    case Type::U64:
    case Type::I64:
      return {
          0, 1, ~0ull, 1ull << 63, (1ull << 63) - 1, 0xffffffff, 0x100000000, 0x123456789abcdef0, 0xffffffff00000000};
    case Type::U16:
    case Type::I16:
      return {0, 1, 15, 16, 17, 0x7fff, 0x8000, 0x8001, 0xffff, 0x1234, 0x5555ffff, 0xffff0001};
    case Type::F16:
    case Type::H16:
    case Type::PackedF16: {
      auto v = floats(10, 0x1f, 0x8000, 15, {}, [](double) { return uint64_t{0}; });
      for (const uint64_t h : {0x3800u, 0x3e00u, 0x4100u, 0x4200u, 0x6400u, 0x2e66u, 0x77ffu})
        v.push_back(h), v.push_back(h | 0x8000);
      return v;
    }
    case Type::PackedB16:
      return {0, 0x00010001, 0x7fff8000, 0x80007fff, 0xffffffff, 0x00ff1234, 0x000f0010};
    default:
      return {0,          1,          2,          31,         32,         33,         0x7fffffff,
              0x80000000, 0x80000001, 0xffffffff, 0x00ffffff, 0x01000000, 0x00800000, 0x12345678,
              0xdeadbeef, 0xffff0000, 0x0000ffff, 24,         16,         8};
  }
}

class Values {
 public:
  Values(vector::Type type, uint32_t seed) : edges_(edgesOf(type)), random_(seed), type_(type) {}
  size_t edges() const { return edges_.size(); }
  uint64_t edge(size_t i) const { return edges_[i % edges_.size()]; }
  uint64_t any() {
    const uint64_t r = random_();
    if (r % 4 == 0) return edge(random_() % edges_.size());
    uint64_t v = random_();
    using vector::Type;
    // Exponents near each other, so that sums do something; the full range one time in two.
    if (type_ == Type::F32 && r & 8) v = (v & 0x807fffff) | (0x3d000000 + (v >> 33 & 7) * 0x00800000);
    if (type_ == Type::F64 && r & 8) v = (v & 0x800fffffffffffff) | ((1015 + (r >> 5 & 15)) << 52);
    if (type_ == Type::PackedF16 && r & 8) v = edge(random_()) | edge(random_()) << 16;
    return vector::is64(type_) ? v : v & 0xffffffff;
  }

 private:
  std::vector<uint64_t> edges_;
  std::mt19937_64 random_;
  vector::Type type_;
};

struct Setting {
  uint32_t mode = kDefaultMode;
  Target target = Target::gfx900;
  std::function<void(Instruction&)> modify = [](Instruction&) {};
};

inline std::string hex(uint64_t v) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(v));
  return text;
}

// Compares the operation with the formula over edges and random values, on every level, with all, some and no lanes
// active.
inline void check(Opcode opcode, const Formula& formula, const Setting& setting = {}) {
  const Shape shape = shapeOf(opcode);
  Instruction in = instructionOf(shape);
  setting.modify(in);
  const bool wideDst = vector::is64(shape.dst);
  const bool writesExec = std::string(opcodeName(opcode)).starts_with("v_cmpx_");
  Values values[3] = {{shape.src[0], 1}, {shape.src[1], 2}, {shape.src[2], 3}};
  const uint64_t execs[] = {~0ull, ~0ull, ~0ull, 0x5555aaaa0f0ff001, 0, 0x8000000000000000, ~0ull, 0xfffffffffffffffe};
  for (const vector::Level* level : levels()) {
    TestWave t;
    unsigned failures = 0;
    const size_t pairs = values[0].edges() * values[1].edges();
    const size_t batches = (pairs + 63) / 64 + 24;
    for (size_t batch = 0; batch < batches && failures < 5; ++batch) {
      const uint64_t exec = execs[batch % 8], maskSource = batch * 0x9e3779b97f4a7c15;
      uint64_t operands[3][64];
      for (unsigned l = 0; l < 64; ++l) {
        const size_t n = batch * 64 + l;
        const bool edges = n < pairs;
        operands[0][l] = edges ? values[0].edge(n % values[0].edges()) : values[0].any();
        operands[1][l] = edges ? values[1].edge(n / values[0].edges()) : values[1].any();
        operands[2][l] = values[2].any();
        for (unsigned i = 0; i < 3; ++i) {
          if (shape.src[i] == vector::Type::Mask)
            operands[i][l] = maskSource >> l & 1;
          else
            t.set(kSrc[i], l, operands[i][l], vector::is64(shape.src[i]));
        }
        t.set(kDst, l, kSentinel | static_cast<uint64_t>(kSentinel) << 32, true);
      }
      t.wave->mode = setting.mode;
      t.wave->target = setting.target;
      t.wave->setExec(exec);
      t.wave->setPair(kSdst, kSentinel);
      t.wave->setPair(kMaskSource, maskSource);
      REQUIRE(t.run(*level, in, setting.target));
      const uint64_t mask = t.wave->pair(kSdst);
      // v_cmpx leaves its mask in EXEC too; nothing else touches that.
      CHECK(t.wave->exec() == (writesExec ? mask : exec));
      for (unsigned l = 0; l < 64; ++l) {
        const bool active = exec >> l & 1;
        const Expected want = formula(operands[0][l], operands[1][l], operands[2][l]);
        const std::string where = std::string(level->name) + " " + opcodeName(opcode) + " lane " + std::to_string(l) +
                                  " (" + hex(operands[0][l]) + ", " + hex(operands[1][l]) + ", " + hex(operands[2][l]) +
                                  ")";
        if (shape.dst != vector::Type::Mask) {
          const uint64_t got = wideDst ? t.v64(kDst, l) : t.v(kDst, l);
          const uint64_t old = wideDst ? kSentinel | static_cast<uint64_t>(kSentinel) << 32 : kSentinel;
          if (got != (active ? want.value : old)) {
            ++failures;
            FAIL_CHECK(where << ": got " << hex(got) << ", wanted " << hex(active ? want.value : old));
          }
        }
        if ((shape.dst == vector::Type::Mask || shape.carry) && (mask >> l & 1) != (active && want.mask)) {
          ++failures;
          FAIL_CHECK(where << ": mask bit " << (mask >> l & 1));
        }
      }
    }
  }
}

// The sixteen conditions of float comparisons, by what they say of each order of two numbers.
struct Condition {
  const char* name;
  bool less, equal, greater, unordered;

  Expected holds(double a, double b) const {
    return {0, std::isnan(a) || std::isnan(b) ? unordered : a < b ? less : a > b ? greater : equal};
  }
};
constexpr Condition kConditions[] = {
    {"f", 0, 0, 0, 0},   {"lt", 1, 0, 0, 0},  {"eq", 0, 1, 0, 0},  {"le", 1, 1, 0, 0},
    {"gt", 0, 0, 1, 0},  {"lg", 1, 0, 1, 0},  {"ge", 0, 1, 1, 0},  {"o", 1, 1, 1, 0},
    {"u", 0, 0, 0, 1},   {"nge", 1, 0, 0, 1}, {"nlg", 0, 1, 0, 1}, {"ngt", 1, 1, 0, 1},
    {"nle", 0, 0, 1, 1}, {"neq", 1, 0, 1, 1}, {"nlt", 0, 1, 1, 1}, {"tru", 1, 1, 1, 1}};
// Compares v_cmp and v_cmpx of one type under every condition; `number` reads an operand.
inline void checkComparisons(const char* type, const std::function<double(uint64_t)>& number) {
  unsigned found = 0;
  for (unsigned o = 0; o < static_cast<unsigned>(Opcode::count); ++o) {
    const std::string name = opcodeName(static_cast<Opcode>(o));
    for (const Condition& c : kConditions) {
      for (const char* prefix : {"v_cmp_", "v_cmpx_"}) {
        if (name != std::string(prefix) + c.name + "_" + type) continue;
        check(static_cast<Opcode>(o), [&](uint64_t a, uint64_t b, uint64_t) { return c.holds(number(a), number(b)); });
        ++found;
      }
    }
  }
  CHECK(found == 32);
}

// AMD's choice among NaNs, for formulas of arithmetic operations: the first NaN operand, quiet; 0xffc00000 where there
// is none (the examples of Vega ISA 12.8).
inline uint32_t nan32(float r, std::initializer_list<uint32_t> operands) {
  if (r == r) return bits(r);
  for (const uint32_t o : operands) {
    if ((o & 0x7fffffff) > 0x7f800000) return o | 0x400000;
  }
  return 0xffc00000;
}
inline uint64_t nan64(double r, std::initializer_list<uint64_t> operands) {
  if (r == r) return bits(r);
  for (const uint64_t o : operands) {
    if ((o & ~(1ull << 63)) > 0x7ff0000000000000) return o | 1ull << 51;
  }
  return 0xfff8000000000000;
}

}  // namespace softgpu::vectortest
