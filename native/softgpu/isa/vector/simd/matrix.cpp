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

template <Element E>
struct ArithmeticOf;
template <>
struct ArithmeticOf<Element::F32> {
  using type = Float32;
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
