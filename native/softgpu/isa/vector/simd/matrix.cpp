// The arithmetic of matrix instructions. The manuals say that products are added by fused multiply-adds and which
// instructions flush denormals (CDNA 2 ISA, 7.1), and nothing of the order or of roundings in between. What is done
// here is what measurements found (Xie et al., "MMA-Sim", arXiv 2511.10909): always to the nearest even, whatever MODE
// says.
#include "isa/vector/simd/matrix.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

// One product after the other, fused; denormals as MODE has them.
struct Float32 : Results32<float, f32x> {
  bool flushIn, flushOut;
  explicit Float32(const Wave& wave) : flushIn(!(wave.mode & 1u << 4)), flushOut(!(wave.mode & 1u << 5)) {}

  template <MatrixShape S>
  void unpack(const uint32_t* row, Elements<float, S>& to) const {
    for (unsigned l = 0; l < kLanes; l += kWidth) {
      const f32x v = addend((f32x)load(row + l));
      __builtin_memcpy(&to.at[0][l], &v, kBytes);
    }
  }
  f32x addend(f32x v) const { return flushIn ? flush(v) : v; }
  f32x add(f32x sum, const f32x (&a)[1], const f32x (&b)[1]) const {
    const f32x r = arith(fma(a[0], b[0], sum), a[0], b[0], sum);
    return flushOut ? flush(r) : r;
  }
};

// The products of a lane each by itself, their sums by pairs, and that to the sum. gfx90a takes denormals for zeros, in
// and out, whatever MODE says (CDNA 2 ISA, 7.1); gfx908 keeps them.
template <Element E>
struct Halves : Results32<float, f32x> {
  bool flushes;
  explicit Halves(const Wave& wave) : flushes(wave.target == Target::gfx90a) {}

  template <MatrixShape S>
  void unpack(const uint32_t* rows, Elements<float, S>& to) const {
    constexpr float kSmallest = E == Element::F16 ? 0x1p-14f : 0x1p-126f;
    for (unsigned e = 0; e < Layout<S>::kPerLane; ++e) {
      for (unsigned l = 0; l < kLanes; l += kWidth) {
        const u32x bits = load(rows + e / 2 * kLanes + l) >> 16 * (e % 2);
        f32x v = E == Element::F16 ? halfToFloat(bits) : (f32x)(bits << 16);
        if (flushes) v = absolute(v) < kSmallest ? f32x{} : v;
        __builtin_memcpy(&to.at[e][l], &v, kBytes);
      }
    }
  }
  f32x addend(f32x v) const { return flushes ? (absolute(v) < 0x1p-126f ? f32x{} : v) : v; }
  f32x flushed(f32x v) const { return flushes ? flush(v) : v; }
  f32x plus(f32x a, f32x b) const { return flushed(arith(a + b, a, b)); }
  template <size_t N>
  f32x add(f32x sum, const f32x (&a)[N], const f32x (&b)[N]) const {
    f32x sums[N];
    for (size_t i = 0; i < N; ++i) sums[i] = flushed(arith(fma(a[i], b[i], f32x{}), a[i], b[i]));
    for (size_t n = N / 2; n > 0; n /= 2) {
      for (size_t i = 0; i < n; ++i) sums[i] = plus(sums[2 * i], sums[2 * i + 1]);
    }
    return plus(sum, sums[0]);
  }
};

// Exact, modulo 2^32.
struct Bytes : Results32<uint32_t, u32x> {
  explicit Bytes(const Wave&) {}

  template <MatrixShape S>
  void unpack(const uint32_t* row, Elements<uint32_t, S>& to) const {
    for (unsigned e = 0; e < Layout<S>::kPerLane; ++e) {
      for (unsigned l = 0; l < kLanes; l += kWidth) {
        const i32x v = (i32x)(load(row + l) << (24 - 8 * e)) >> 24;
        __builtin_memcpy(&to.at[e][l], &v, kBytes);
      }
    }
  }
  u32x addend(u32x v) const { return v; }
  u32x add(u32x sum, const u32x (&a)[4], const u32x (&b)[4]) const {
    for (unsigned e = 0; e < 4; ++e) sum += a[e] * b[e];
    return sum;
  }
};

// One product after the other, fused; denormals are kept whatever MODE says (CDNA 2 ISA, 7.1).
struct Float64 {
  using Scalar = double;
  using Vector = f64x;
  static constexpr vector::Type kConstant = vector::Type::F64;
  explicit Float64(const Wave&) {}

  static void read(const uint32_t* rows, bool lanes, double* values) {
    for (unsigned l = 0; l < kLanes; ++l) {
      const uint32_t* low = rows + (lanes ? l : 0);
      values[l] = __builtin_bit_cast(double, low[0] | static_cast<uint64_t>(low[kLanes]) << 32);
    }
  }
  static void write(uint32_t* rows, const double* values) {
    for (unsigned l = 0; l < kLanes; ++l) {
      const auto bits = __builtin_bit_cast(uint64_t, values[l]);
      rows[l] = static_cast<uint32_t>(bits);
      rows[kLanes + l] = static_cast<uint32_t>(bits >> 32);
    }
  }
  template <MatrixShape S>
  void unpack(const uint32_t* rows, Elements<double, S>& to) const {
    read(rows, true, to.at[0]);
  }
  f64x addend(f64x v) const { return v; }
  f64x add(f64x sum, const f64x (&a)[1], const f64x (&b)[1]) const {
    return arith(fma(a[0], b[0], sum), a[0], b[0], sum);
  }
};

template <Element E>
struct ArithmeticOf;
template <>
struct ArithmeticOf<Element::F32> {
  using type = Float32;
};
template <>
struct ArithmeticOf<Element::F16> {
  using type = Halves<Element::F16>;
};
template <>
struct ArithmeticOf<Element::Bf16> {
  using type = Halves<Element::Bf16>;
};
template <>
struct ArithmeticOf<Element::I8> {
  using type = Bytes;
};
template <>
struct ArithmeticOf<Element::F64> {
  using type = Float64;
};

#define MATRIX(name, element, size, depth, blocks) \
  {Opcode::name,                                   \
   &multiply<MatrixShape{Opcode::name, Element::element, size, depth, blocks}, ArithmeticOf<Element::element>::type>},
constexpr vector::Special kMatrixOperations[] = {
#include "isa/tables/matrix.def"
};
#undef MATRIX

}  // namespace

const vector::Special* matrixOperations(size_t& count) {
  count = sizeof kMatrixOperations / sizeof kMatrixOperations[0];
  return kMatrixOperations;
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
