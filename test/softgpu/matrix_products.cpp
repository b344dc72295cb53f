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

constexpr Matrix kHalves[] = {
    {"v_mfma_f32_32x32x4f16", Type::F16, 32, 4, 2, 4},   {"v_mfma_f32_16x16x4f16", Type::F16, 16, 4, 4, 4},
    {"v_mfma_f32_4x4x4f16", Type::F16, 4, 4, 16, 4},     {"v_mfma_f32_32x32x8f16", Type::F16, 32, 8, 1, 4},
    {"v_mfma_f32_16x16x16f16", Type::F16, 16, 16, 1, 4},
};

constexpr Matrix kBrains[] = {
    {"v_mfma_f32_32x32x2bf16", Type::Bf16, 32, 2, 2, 2},
    {"v_mfma_f32_16x16x2bf16", Type::Bf16, 16, 2, 4, 2},
    {"v_mfma_f32_4x4x2bf16", Type::Bf16, 4, 2, 16, 2},
    {"v_mfma_f32_32x32x4bf16", Type::Bf16, 32, 4, 1, 2},
    {"v_mfma_f32_16x16x8bf16", Type::Bf16, 16, 8, 1, 2},
    {"v_mfma_f32_32x32x4bf16_1k", Type::Bf16, 32, 4, 2, 4, false},
    {"v_mfma_f32_16x16x4bf16_1k", Type::Bf16, 16, 4, 4, 4, false},
    {"v_mfma_f32_4x4x4bf16_1k", Type::Bf16, 4, 4, 16, 4, false},
    {"v_mfma_f32_32x32x8bf16_1k", Type::Bf16, 32, 8, 1, 4, false},
    {"v_mfma_f32_16x16x16bf16_1k", Type::Bf16, 16, 16, 1, 4, false},
};

constexpr Matrix kBytes[] = {
    {"v_mfma_i32_32x32x4i8", Type::I8, 32, 4, 2, 4},   {"v_mfma_i32_16x16x4i8", Type::I8, 16, 4, 4, 4},
    {"v_mfma_i32_4x4x4i8", Type::I8, 4, 4, 16, 4},     {"v_mfma_i32_32x32x8i8", Type::I8, 32, 8, 1, 4},
    {"v_mfma_i32_16x16x16i8", Type::I8, 16, 16, 1, 4},
};

constexpr Matrix kDoubles[] = {
    {"v_mfma_f64_16x16x4f64", Type::F64, 16, 4, 1, 1, false},
    {"v_mfma_f64_4x4x4f64", Type::F64, 4, 4, 4, 1, false},
};

}  // namespace

TEST_CASE("matrix: products of f32") {
  for (const Matrix& m : kFloats) checkAll(m);
}

TEST_CASE("matrix: products of f16") {
  for (const Matrix& m : kHalves) checkAll(m);
}

TEST_CASE("matrix: products of bf16") {
  for (const Matrix& m : kBrains) checkAll(m);
}

TEST_CASE("matrix: products of i8") {
  for (const Matrix& m : kBytes) checkAll(m);
}

TEST_CASE("matrix: products of f64") {
  for (const Matrix& m : kDoubles) checkAll(m);
}
