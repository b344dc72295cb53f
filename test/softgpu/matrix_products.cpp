// Matrix instructions against a plain product of the matrices: every instruction, block, broadcast and lane pattern.
#include "harness.h"
#include "matrix_fixture.h"

using namespace softgpu;
using namespace softgpu::matrixtest;

namespace {

constexpr Matrix kFloats[] = {
    {"v_mfma_f32_32x32x1f32", Type::F32, 32, 1, 2, 1}, {"v_mfma_f32_16x16x1f32", Type::F32, 16, 1, 4, 1},
    {"v_mfma_f32_4x4x1f32", Type::F32, 4, 1, 16, 1},   {"v_mfma_f32_32x32x2f32", Type::F32, 32, 2, 1, 1},
    {"v_mfma_f32_16x16x4f32", Type::F32, 16, 4, 1, 1},
};

}  // namespace

TEST_CASE("matrix: products of f32") {
  for (const Matrix& m : kFloats) checkAll(m);
}
