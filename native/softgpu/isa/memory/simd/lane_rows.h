// Questions about a row of 64 lanes, asked of all lanes at once.
#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "isa/memory/lanes.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

#if defined(__AVX512F__)
inline __m512i laneNumbers(unsigned block) {
  const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_add_epi32(numbers, _mm512_set1_epi32(static_cast<int>(16 * block)));
}
#endif

// Lanes l whose value is not start + l * step.
inline uint64_t lanesOffRamp(const uint32_t* row, uint32_t start, uint32_t step) {
  uint64_t off = 0;
#if defined(__AVX512F__)
  const __m512i steps = _mm512_set1_epi32(static_cast<int>(step));
  __m512i expected =
      _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(start)), _mm512_mullo_epi32(laneNumbers(0), steps));
  const __m512i blockStep = _mm512_slli_epi32(steps, 4);
  for (unsigned block = 0; block < 4; ++block) {
    off |= uint64_t{_mm512_cmpneq_epi32_mask(_mm512_loadu_si512(row + 16 * block), expected)} << (16 * block);
    expected = _mm512_add_epi32(expected, blockStep);
  }
#elif defined(__AVX2__)
  const __m256i steps = _mm256_set1_epi32(static_cast<int>(step));
  const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  __m256i expected = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(start)), _mm256_mullo_epi32(numbers, steps));
  const __m256i blockStep = _mm256_slli_epi32(steps, 3);
  for (unsigned block = 0; block < 8; ++block) {
    const __m256i values = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 8 * block));
    const auto equal = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(values, expected)));
    off |= uint64_t{static_cast<uint8_t>(~equal)} << (8 * block);
    expected = _mm256_add_epi32(expected, blockStep);
  }
#else
  for (unsigned lane = 0; lane < kLanes; ++lane) off |= uint64_t{row[lane] != start + lane * step} << lane;
#endif
  return off;
}

#if defined(__AVX512F__)
// How the 16 lanes of a block lie, all of them active: tiles of two dimensions are ramps or single values by rows.
enum class BlockShape : uint8_t { Uniform, Ramp, Scatter };
inline BlockShape blockShape(__m512i offsets, unsigned bytes) {
  const __m512i first = _mm512_broadcastd_epi32(_mm512_castsi512_si128(offsets));
  if (!_mm512_cmpneq_epi32_mask(offsets, first)) return BlockShape::Uniform;
  const __m512i ramp = _mm512_mullo_epi32(laneNumbers(0), _mm512_set1_epi32(static_cast<int>(bytes)));
  return _mm512_cmpneq_epi32_mask(_mm512_sub_epi32(offsets, first), ramp) ? BlockShape::Scatter : BlockShape::Ramp;
}
#endif

#if defined(__AVX2__)
// Four values of lanes, one by one: the host's own gathers are no faster, and on some processors far slower.
template <class Value>
inline __m128i gather4(unsigned lane, Value value) {
  return _mm_setr_epi32(static_cast<int>(value(lane)), static_cast<int>(value(lane + 1)),
                        static_cast<int>(value(lane + 2)), static_cast<int>(value(lane + 3)));
}
template <class Value>
inline __m256i gather8(unsigned lane, Value value) {
  return _mm256_set_m128i(gather4(lane + 4, value), gather4(lane, value));
}
#endif
#if defined(__AVX512F__)
template <class Value>
inline __m512i gather16(unsigned lane, Value value) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(gather8(lane, value)), gather8(lane + 8, value), 1);
}
#endif

// The least and the greatest value of the lanes in `exec`, which is not empty.
inline void boundsOf(const uint32_t* row, uint64_t exec, uint32_t& low, uint32_t& high) {
#if defined(__AVX512F__)
  __m512i least = _mm512_set1_epi32(-1), greatest = _mm512_setzero_si512();
  for (unsigned block = 0; block < 4; ++block) {
    const auto mask = static_cast<__mmask16>(exec >> (16 * block));
    const __m512i values = _mm512_loadu_si512(row + 16 * block);
    least = _mm512_mask_min_epu32(least, mask, least, values);
    greatest = _mm512_mask_max_epu32(greatest, mask, greatest, values);
  }
  low = _mm512_reduce_min_epu32(least);
  high = _mm512_reduce_max_epu32(greatest);
#else
  uint32_t least = ~0u, greatest = 0;
  if (exec == ~0ull) {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      least = std::min(least, row[lane]);
      greatest = std::max(greatest, row[lane]);
    }
  } else {
    forEachLane(exec, [&](unsigned lane) {
      least = std::min(least, row[lane]);
      greatest = std::max(greatest, row[lane]);
    });
  }
  low = least;
  high = greatest;
#endif
}

// Finds the shape of offsets that the lanes of `exec` use for accesses of `bytes`.
inline void findShape(Lanes& lanes, unsigned bytes) {
  const unsigned first = lanes.first();
  const uint32_t start = lanes.offset[first];
  lanes.low = lanes.high = start;
  if ((lanes.exec & (lanes.exec - 1)) == 0) {
    lanes.shape = Shape::Single;
    return;
  }
  const uint32_t end = lanes.offset[lanes.last()];
  if (!(lanesOffRamp(lanes.offset, start - first * bytes, bytes) & lanes.exec) && end > start) {
    lanes.shape = Shape::Ramp;
    lanes.high = end;
  } else if (end == start && !(lanesOffRamp(lanes.offset, start, 0) & lanes.exec)) {
    lanes.shape = Shape::Uniform;
  } else {
    lanes.shape = Shape::Scatter;
    boundsOf(lanes.offset, lanes.exec, lanes.low, lanes.high);
  }
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
