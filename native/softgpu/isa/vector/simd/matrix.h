// The loops of a matrix instruction, for any shape and arithmetic.
#pragma once

#include "isa/vector/matrix.h"
#include "isa/vector/simd/executor.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

using softgpu::vector::Element;
using softgpu::vector::MatrixShape;

template <MatrixShape S>
struct Layout {
  // Lane l has row l % size of A (column of B) of block l / size % blocks. The lanes come in groups of size * blocks,
  // each with the k that follow those of the group before; a lane holds kPerLane elements of consecutive k.
  static constexpr unsigned kGroup = S.size * S.blocks, kGroups = kLanes / kGroup, kPerLane = S.depth / kGroups;
  // C and D: so many rows lie in consecutive registers of one lane, and a register (a pair with F64) has such bands of
  // rows, of so many blocks, side by side.
  static constexpr unsigned kHeight = S.element == Element::F64 ? 1 : 4;
  static constexpr unsigned kBlocks = S.size == 4 ? kLanes * kHeight / 16 : 1;
  static constexpr unsigned kBands = kLanes / (S.size * kBlocks);
  static constexpr unsigned kPerBlock = S.size / kBands;  // registers before those of the next blocks
  static constexpr unsigned kResults = kPerBlock * S.blocks / kBlocks;
};

// A or B: element e of lane l at [e][l].
template <class T, MatrixShape S>
struct Elements {
  alignas(64) T at[Layout<S>::kPerLane][kLanes];
};

inline const uint32_t* registersOf(const Wave& wave, const Source& source) {
  return (source.kind == SourceKind::AccVgpr ? wave.accVgpr : wave.vgpr) + source.index * kLanes;
}

// The lane that a lane takes its elements of A from: neighbouring blocks share one of theirs, as AMD's calculator and
// its lab notes on matrix cores say. (CDNA 3 ISA, 7.1.5.1, differs where there are several such groups of blocks.)
template <MatrixShape S>
unsigned sourceOfA(const MicroOp* op, unsigned lane) {
  const unsigned receivers = 1u << op->extra[vector::kBroadcastSize];
  const unsigned block = lane / S.size / receivers * receivers + op->extra[vector::kBroadcastBlock];
  return block * S.size + lane % S.size;
}
// And those of B (CDNA 3 ISA, table 29).
inline unsigned sourceOfB(const MicroOp* op, unsigned lane) {
  switch (const unsigned pattern = op->extra[vector::kLanePattern]) {
    case 0:
      return lane;
    case 1:
    case 2:
      return lane % 32 + 32 * (pattern - 1);
    case 3:
      return (lane + 16) % kLanes;
    default:
      return lane % 16 + 16 * (pattern - 4);
  }
}

template <class T, MatrixShape S, class From>
void rearrange(Elements<T, S>& elements, From from) {
  for (auto& row : elements.at) {
    T old[kLanes];
    __builtin_memcpy(old, row, sizeof old);
    for (unsigned l = 0; l < kLanes; ++l) row[l] = old[from(l)];
  }
}

// Where lane `lane` of result register `n` has its row of A and its column of B: the lane of the first group of k.
template <MatrixShape S>
SIMD_INLINE unsigned rowLane(unsigned n, unsigned lane) {
  using L = Layout<S>;
  const unsigned block = n / L::kPerBlock * L::kBlocks + lane / S.size % L::kBlocks;
  const unsigned band = n % L::kPerBlock / L::kHeight * L::kBands + lane / (S.size * L::kBlocks);
  return block * S.size + band * L::kHeight + n % L::kHeight;
}
template <MatrixShape S>
SIMD_INLINE unsigned columnLane(unsigned n, unsigned lane) {
  constexpr unsigned kColumns = S.size * Layout<S>::kBlocks;
  return n / Layout<S>::kPerBlock * kColumns + lane % kColumns;
}

// One register of results: `sums` comes as C and leaves as D.
template <MatrixShape S, class Arithmetic, class T>
void multiplyRow(const Arithmetic& arithmetic, const Elements<T, S>& a, const Elements<T, S>& b, unsigned n, T* sums) {
  using V = typename Arithmetic::Vector;
  constexpr unsigned kStep = kBytes / sizeof(T);
  for (unsigned lane = 0; lane < kLanes; lane += kStep) {
    V sum;
    __builtin_memcpy(&sum, sums + lane, kBytes);
    sum = arithmetic.addend(sum);
    for (unsigned group = 0; group < kLanes; group += Layout<S>::kGroup) {
      V x[Layout<S>::kPerLane], y[Layout<S>::kPerLane];
      for (unsigned e = 0; e < Layout<S>::kPerLane; ++e) {
        if constexpr (S.size >= kStep) {
          x[e] = V{} + a.at[e][group + rowLane<S>(n, lane)];
        } else {
          for (unsigned i = 0; i < kStep; ++i) x[e][i] = a.at[e][group + rowLane<S>(n, lane + i)];
        }
        __builtin_memcpy(&y[e], &b.at[e][group + columnLane<S>(n, lane)], kBytes);
      }
      sum = arithmetic.add(sum, x, y);
    }
    __builtin_memcpy(sums + lane, &sum, kBytes);
  }
}

// EXEC has no say: every lane takes part (CDNA 3 ISA, 7.1.2; the older manuals do not speak of it).
template <MatrixShape S, class Arithmetic>
const MicroOp* multiply(Wave& wave, const MicroOp* op) {
  using T = typename Arithmetic::Scalar;
  constexpr unsigned kDwords = sizeof(T) / 4;
  const Arithmetic arithmetic(wave);
  Elements<T, S> a, b;
  arithmetic.unpack(registersOf(wave, op->src[0]), a);
  arithmetic.unpack(registersOf(wave, op->src[1]), b);
  if (op->extra[vector::kBroadcastSize]) rearrange(a, [op](unsigned l) { return sourceOfA<S>(op, l); });
  if (op->extra[vector::kLanePattern]) rearrange(b, [op](unsigned l) { return sourceOfB(op, l); });

  const Source& addend = op->src[2];
  const bool constant = addend.kind == SourceKind::Constant;
  const uint32_t* c = constant ? vector::constantRow(addend.index, Arithmetic::kConstant) : registersOf(wave, addend);
  uint32_t* d = (op->extra[vector::kAccumulators] ? wave.accVgpr : wave.vgpr) + op->dst * kLanes;
  const bool backwards = !constant && d > c;  // C and D may overlap
  for (unsigned i = 0; i < Layout<S>::kResults; ++i) {
    const unsigned n = backwards ? Layout<S>::kResults - 1 - i : i;
    alignas(64) T sums[kLanes];
    Arithmetic::read(constant ? c : c + n * kDwords * kLanes, !constant, sums);
    multiplyRow<S>(arithmetic, a, b, n, sums);
    Arithmetic::write(d + n * kDwords * kLanes, sums);
  }
  return next(op);
}

// C and D of 32 bits.
template <class T, class V>
struct Results32 {
  using Scalar = T;
  using Vector = V;
  static constexpr vector::Type kConstant = vector::Type::U32;
  static void read(const uint32_t* row, bool lanes, T* sums) {
    for (unsigned l = 0; l < kLanes; ++l) __builtin_memcpy(&sums[l], &row[lanes ? l : 0], 4);
  }
  static void write(uint32_t* row, const T* sums) { __builtin_memcpy(row, sums, kLanes * 4); }
};

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
