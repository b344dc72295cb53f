// Between memory order (a lane's dwords side by side) and register order (a row per dword).
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "wave/wave.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

// A function that -msse2 code and wider code both need must not be shared between levels: all of this is per level.

#if defined(__SSE2__)

inline __m128i loadRecord2(const uint8_t* at) {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
}
inline __m128i loadRecord3(const uint8_t* at) {
  int last;
  std::memcpy(&last, at + 8, 4);
  return _mm_unpacklo_epi64(loadRecord2(at), _mm_cvtsi32_si128(last));
}
inline __m128i loadRecord4(const uint8_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

template <unsigned Dwords>
__m128i loadRecord(const uint8_t* at) {
  return Dwords == 2 ? loadRecord2(at) : Dwords == 3 ? loadRecord3(at) : loadRecord4(at);
}

template <unsigned Dwords>
void storeRecord(uint8_t* at, __m128i record) {
  if (Dwords == 4) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), record);
    return;
  }
  _mm_storel_epi64(reinterpret_cast<__m128i*>(at), record);
  if (Dwords == 3) {
    const int last = _mm_cvtsi128_si32(_mm_unpackhi_epi64(record, record));
    std::memcpy(at + 8, &last, 4);
  }
}

// Four lanes' records to the same four lanes of consecutive rows.
template <unsigned Dwords>
void columnsFromRecords(uint32_t* row, const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d) {
  const __m128i ra = loadRecord<Dwords>(a), rb = loadRecord<Dwords>(b), rc = loadRecord<Dwords>(c),
                rd = loadRecord<Dwords>(d);
  const __m128i ab = _mm_unpacklo_epi32(ra, rb), cd = _mm_unpacklo_epi32(rc, rd);
  auto put = [row](unsigned k, __m128i column) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(row + k * kLanes), column);
  };
  put(0, _mm_unpacklo_epi64(ab, cd));
  put(1, _mm_unpackhi_epi64(ab, cd));
  if (Dwords > 2) {
    const __m128i abHigh = _mm_unpackhi_epi32(ra, rb), cdHigh = _mm_unpackhi_epi32(rc, rd);
    put(2, _mm_unpacklo_epi64(abHigh, cdHigh));
    if (Dwords > 3) put(3, _mm_unpackhi_epi64(abHigh, cdHigh));
  }
}

template <unsigned Dwords>
void recordsFromColumns(const uint32_t* row, uint8_t* a, uint8_t* b, uint8_t* c, uint8_t* d) {
  auto get = [row](unsigned k) {
    return k < Dwords ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + k * kLanes)) : _mm_setzero_si128();
  };
  const __m128i x = get(0), y = get(1), z = get(2), w = get(3);
  const __m128i xyLow = _mm_unpacklo_epi32(x, y), xyHigh = _mm_unpackhi_epi32(x, y);
  const __m128i zwLow = _mm_unpacklo_epi32(z, w), zwHigh = _mm_unpackhi_epi32(z, w);
  storeRecord<Dwords>(a, _mm_unpacklo_epi64(xyLow, zwLow));
  storeRecord<Dwords>(b, _mm_unpackhi_epi64(xyLow, zwLow));
  storeRecord<Dwords>(c, _mm_unpacklo_epi64(xyHigh, zwHigh));
  storeRecord<Dwords>(d, _mm_unpackhi_epi64(xyHigh, zwHigh));
}

#else

template <unsigned Dwords>
void columnsFromRecords(uint32_t* row, const uint8_t* a, const uint8_t* b, const uint8_t* c, const uint8_t* d) {
  const uint8_t* records[4] = {a, b, c, d};
  for (unsigned lane = 0; lane < 4; ++lane) {
    for (unsigned k = 0; k < Dwords; ++k) std::memcpy(row + k * kLanes + lane, records[lane] + 4 * k, 4);
  }
}

template <unsigned Dwords>
void recordsFromColumns(const uint32_t* row, uint8_t* a, uint8_t* b, uint8_t* c, uint8_t* d) {
  uint8_t* records[4] = {a, b, c, d};
  for (unsigned lane = 0; lane < 4; ++lane) {
    for (unsigned k = 0; k < Dwords; ++k) std::memcpy(records[lane] + 4 * k, row + k * kLanes + lane, 4);
  }
}

#endif

// All 64 lanes, records side by side.
template <unsigned Dwords>
void rowsFromRecords(uint32_t* row, const uint8_t* from) {
#if defined(__AVX512F__)
  if constexpr (Dwords == 2) {
    const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    for (unsigned block = 0; block < 4; ++block) {
      const __m512i a = _mm512_loadu_si512(from + 128 * block), b = _mm512_loadu_si512(from + 128 * block + 64);
      _mm512_storeu_si512(row + 16 * block, _mm512_permutex2var_epi32(a, even, b));
      _mm512_storeu_si512(row + kLanes + 16 * block, _mm512_permutex2var_epi32(a, odd, b));
    }
    return;
  }
#endif
  for (unsigned lane = 0; lane < kLanes; lane += 4) {
    const uint8_t* at = from + lane * 4 * Dwords;
    columnsFromRecords<Dwords>(row + lane, at, at + 4 * Dwords, at + 8 * Dwords, at + 12 * Dwords);
  }
}

template <unsigned Dwords>
void recordsFromRows(uint8_t* to, const uint32_t* row) {
#if defined(__AVX512F__)
  if constexpr (Dwords == 2) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    for (unsigned block = 0; block < 4; ++block) {
      const __m512i x = _mm512_loadu_si512(row + 16 * block), y = _mm512_loadu_si512(row + kLanes + 16 * block);
      _mm512_storeu_si512(to + 128 * block, _mm512_permutex2var_epi32(x, low, y));
      _mm512_storeu_si512(to + 128 * block + 64, _mm512_permutex2var_epi32(x, high, y));
    }
    return;
  }
#endif
  for (unsigned lane = 0; lane < kLanes; lane += 4) {
    uint8_t* at = to + lane * 4 * Dwords;
    recordsFromColumns<Dwords>(row + lane, at, at + 4 * Dwords, at + 8 * Dwords, at + 12 * Dwords);
  }
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
