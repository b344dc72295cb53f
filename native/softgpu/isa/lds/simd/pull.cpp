// Lanes that fetch from each other.
#include <cstring>

#include "isa/lds/simd/lds.h"
#include "isa/memory/simd/lane_rows.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

void pullLanes(uint32_t* result, const uint32_t* data, const uint32_t* from, uint64_t exec) {
#if defined(__AVX512F__)
  __m512i visible[4];
  for (unsigned block = 0; block < 4; ++block) {
    visible[block] = _mm512_maskz_loadu_epi32(static_cast<__mmask16>(exec >> (16 * block)), data + 16 * block);
  }
  __m512i pulled[4];
  for (unsigned block = 0; block < 4; ++block) {
    const __m512i lanes = _mm512_loadu_si512(from + 16 * block);
    const __m512i low = _mm512_permutex2var_epi32(visible[0], lanes, visible[1]);
    const __m512i high = _mm512_permutex2var_epi32(visible[2], lanes, visible[3]);
    pulled[block] = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(lanes, _mm512_set1_epi32(32)), low, high);
  }
  for (unsigned block = 0; block < 4; ++block) {
    _mm512_mask_storeu_epi32(result + 16 * block, static_cast<__mmask16>(exec >> (16 * block)), pulled[block]);
  }
#else
  uint32_t visible[kLanes], pulled[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) visible[lane] = exec >> lane & 1 ? data[lane] : 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) pulled[lane] = visible[from[lane] % kLanes];
  if (exec == ~0ull) {
    std::memcpy(result, pulled, sizeof pulled);
  } else {
    forEachLane(exec, [&](unsigned lane) { result[lane] = pulled[lane]; });
  }
#endif
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
