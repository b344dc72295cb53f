// Loads and stores of checked lanes: one block of memory where the addresses form a ramp, a broadcast where they are
// all the same, else lane by lane or with the host's gathers.
#include "isa/memory/simd/move.h"

#include <cstring>

#include "isa/memory/simd/lane_rows.h"
#include "isa/memory/simd/transpose.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

namespace {

constexpr uint64_t kAllLanes = ~0ull;

template <class T>
T read(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

void fill(uint32_t* row, uint64_t exec, uint32_t value) {
#if defined(__AVX512F__)
  const __m512i values = _mm512_set1_epi32(static_cast<int>(value));
  for (unsigned block = 0; block < 4; ++block) {
    _mm512_mask_storeu_epi32(row + 16 * block, static_cast<__mmask16>(exec >> (16 * block)), values);
  }
#else
  if (exec == kAllLanes) {
    for (unsigned lane = 0; lane < kLanes; ++lane) row[lane] = value;
  } else {
    forEachLane(exec, [&](unsigned lane) { row[lane] = value; });
  }
#endif
}

// The address of lane 0, were it active, of a ramp.
uint8_t* rampStart(const Lanes& lanes, unsigned bytes) {
  const unsigned first = lanes.first();
  return lanes.at(first) - first * bytes;
}

// 64 values side by side, extended as T says.
template <class T>
void extendBlock(uint32_t* row, const uint8_t* from) {
#if defined(__AVX512F__)
  for (unsigned block = 0; block < 4; ++block) {
    const uint8_t* at = from + 16 * sizeof(T) * block;
    __m512i values;
    if constexpr (sizeof(T) == 1) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      values = T(-1) < T(0) ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes);
    } else {
      const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
      values = T(-1) < T(0) ? _mm512_cvtepi16_epi32(words) : _mm512_cvtepu16_epi32(words);
    }
    _mm512_storeu_si512(row + 16 * block, values);
  }
#else
  T block[kLanes];
  std::memcpy(block, from, sizeof block);
  for (unsigned lane = 0; lane < kLanes; ++lane) row[lane] = static_cast<uint32_t>(static_cast<int32_t>(block[lane]));
#endif
}

// The dwords (or what `value` makes of them) of lanes that lie anywhere.
template <class Value>
void gatherRow(uint32_t* row, Value value) {
#if defined(__AVX512F__)
  for (unsigned lane = 0; lane < kLanes; lane += 16) _mm512_storeu_si512(row + lane, gather16(lane, value));
#elif defined(__AVX2__)
  for (unsigned lane = 0; lane < kLanes; lane += 8) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(row + lane), gather8(lane, value));
  }
#else
  for (unsigned lane = 0; lane < kLanes; ++lane) row[lane] = value(lane);
#endif
}

// Sub-dword loads, extended as T says.
template <class T>
void loadNarrow(uint32_t* row, const Lanes& lanes) {
  auto extended = [](const uint8_t* at) { return static_cast<uint32_t>(static_cast<int32_t>(read<T>(at))); };
  if (lanes.shape == Shape::Uniform) return fill(row, lanes.exec, extended(lanes.at(lanes.first())));
  if (lanes.shape == Shape::Ramp && lanes.exec == kAllLanes) {
    extendBlock<T>(row, rampStart(lanes, sizeof(T)));
    return;
  }
  if (lanes.exec == kAllLanes) {
    const auto* base = reinterpret_cast<const uint8_t*>(lanes.base);
    const uint32_t* offset = lanes.offset;
    return gatherRow(row, [&](unsigned lane) { return extended(base + offset[lane]); });
  }
  forEachLane(lanes.exec, [&](unsigned lane) { row[lane] = extended(lanes.at(lane)); });
}

template <class T, bool High>
void loadHalf(uint32_t* row, const Lanes& lanes) {
  forEachLane(lanes.exec, [&](unsigned lane) {
    const uint32_t value = static_cast<uint16_t>(static_cast<int16_t>(read<T>(lanes.at(lane))));
    row[lane] = High ? (row[lane] & 0xffff) | value << 16 : (row[lane] & 0xffff0000) | value;
  });
}

void loadDword(uint32_t* row, const Lanes& lanes) {
  switch (lanes.shape) {
    case Shape::Single:
      row[lanes.first()] = read<uint32_t>(lanes.at(lanes.first()));
      return;
    case Shape::Uniform:
      fill(row, lanes.exec, read<uint32_t>(lanes.at(lanes.first())));
      return;
    case Shape::Ramp: {
      const uint8_t* from = rampStart(lanes, 4);  // before `row` is written: it may hold the offsets
      if (lanes.exec == kAllLanes) {
        std::memcpy(row, from, 4 * kLanes);
        return;
      }
#if defined(__AVX512F__)
      for (unsigned block = 0; block < 4; ++block) {
        const auto mask = static_cast<__mmask16>(lanes.exec >> (16 * block));
        _mm512_mask_storeu_epi32(row + 16 * block, mask, _mm512_maskz_loadu_epi32(mask, from + 64 * block));
      }
      return;
#else
      break;
#endif
    }
    case Shape::Scatter:
      break;
  }
  const auto* base = reinterpret_cast<const uint8_t*>(lanes.base);
  const uint32_t* offset = lanes.offset;
  const auto dword = [&](unsigned lane) { return read<uint32_t>(base + offset[lane]); };
#if defined(__AVX512F__)
  for (unsigned block = 0; block < 4; ++block) {
    const auto mask = static_cast<__mmask16>(lanes.exec >> (16 * block));
    if (mask != 0xffff) {
      forEachLane(mask, [&](unsigned lane) { row[16 * block + lane] = dword(16 * block + lane); });
      continue;
    }
    const BlockShape shape = blockShape(_mm512_loadu_si512(offset + 16 * block), 4);
    __m512i values;
    if (shape == BlockShape::Uniform) {
      values = _mm512_set1_epi32(static_cast<int>(dword(16 * block)));
    } else if (shape == BlockShape::Ramp) {
      values = _mm512_loadu_si512(base + offset[16 * block]);
    } else {
      values = gather16(16 * block, dword);
    }
    _mm512_storeu_si512(row + 16 * block, values);
  }
  return;
#endif
  if (lanes.exec == kAllLanes) return gatherRow(row, dword);
  forEachLane(lanes.exec, [&](unsigned lane) { row[lane] = read<uint32_t>(lanes.at(lane)); });
}

template <unsigned Dwords>
void loadDwords(uint32_t* row, const Lanes& lanes) {
  if (lanes.shape == Shape::Uniform) {
    uint32_t values[Dwords];
    std::memcpy(values, lanes.at(lanes.first()), sizeof values);
    for (unsigned k = 0; k < Dwords; ++k) fill(row + k * kLanes, lanes.exec, values[k]);
    return;
  }
  if (lanes.exec == kAllLanes) {
    if (lanes.shape == Shape::Ramp) return rowsFromRecords<Dwords>(row, rampStart(lanes, 4 * Dwords));
    // Reads the four lanes' offsets before it writes their columns: the offsets may be one of the rows.
    for (unsigned lane = 0; lane < kLanes; lane += 4) {
      columnsFromRecords<Dwords>(row + lane, lanes.at(lane), lanes.at(lane + 1), lanes.at(lane + 2),
                                 lanes.at(lane + 3));
    }
    return;
  }
  forEachLane(lanes.exec, [&](unsigned lane) {
    uint32_t values[Dwords];
    std::memcpy(values, lanes.at(lane), sizeof values);
    for (unsigned k = 0; k < Dwords; ++k) row[k * kLanes + lane] = values[k];
  });
}

template <class T, unsigned Shift>
void storeNarrow(const uint32_t* row, const Lanes& lanes) {
  if (lanes.shape == Shape::Ramp && lanes.exec == kAllLanes) {
    T block[kLanes];
    for (unsigned lane = 0; lane < kLanes; ++lane) block[lane] = static_cast<T>(row[lane] >> Shift);
    std::memcpy(rampStart(lanes, sizeof(T)), block, sizeof block);
    return;
  }
  auto* base = reinterpret_cast<uint8_t*>(lanes.base);
  const uint32_t* offset = lanes.offset;
  const auto put = [&](unsigned lane) {
    const T value = static_cast<T>(row[lane] >> Shift);
    std::memcpy(base + offset[lane], &value, sizeof value);
  };
  if (lanes.exec == kAllLanes) {
    for (unsigned lane = 0; lane < kLanes; ++lane) put(lane);
  } else {
    forEachLane(lanes.exec, put);
  }
}

// Where lanes meet at one address the highest lane's value stays.
void storeDword(const uint32_t* row, const Lanes& lanes) {
  if (lanes.shape == Shape::Ramp) {
    if (lanes.exec == kAllLanes) {
      std::memcpy(rampStart(lanes, 4), row, 4 * kLanes);
      return;
    }
#if defined(__AVX512F__)
    for (unsigned block = 0; block < 4; ++block) {
      const auto mask = static_cast<__mmask16>(lanes.exec >> (16 * block));
      _mm512_mask_storeu_epi32(rampStart(lanes, 4) + 64 * block, mask, _mm512_loadu_si512(row + 16 * block));
    }
    return;
#endif
  }
  auto* base = reinterpret_cast<uint8_t*>(lanes.base);
  const uint32_t* offset = lanes.offset;
  const auto put = [&](unsigned lane) { std::memcpy(base + offset[lane], row + lane, 4); };
  if (lanes.exec == kAllLanes) {
    for (unsigned block = 0; block < 4; ++block) {
#if defined(__AVX512F__)
      if (blockShape(_mm512_loadu_si512(offset + 16 * block), 4) == BlockShape::Ramp) {
        _mm512_storeu_si512(base + offset[16 * block], _mm512_loadu_si512(row + 16 * block));
        continue;
      }
#endif
      for (unsigned lane = 16 * block; lane < 16 * block + 16; ++lane) put(lane);
    }
    return;
  }
  forEachLane(lanes.exec, put);
}

template <unsigned Dwords>
void storeDwords(const uint32_t* row, const Lanes& lanes) {
  if (lanes.exec == kAllLanes) {
    if (lanes.shape == Shape::Ramp) return recordsFromRows<Dwords>(rampStart(lanes, 4 * Dwords), row);
    for (unsigned lane = 0; lane < kLanes; lane += 4) {
      recordsFromColumns<Dwords>(row + lane, lanes.at(lane), lanes.at(lane + 1), lanes.at(lane + 2),
                                 lanes.at(lane + 3));
    }
    return;
  }
  forEachLane(lanes.exec, [&](unsigned lane) {
    uint32_t values[Dwords];
    for (unsigned k = 0; k < Dwords; ++k) values[k] = row[k * kLanes + lane];
    std::memcpy(lanes.at(lane), values, sizeof values);
  });
}

// Dwords that lie apart (swizzled private memory): each is an access of its own.
void moveApart(Access access, uint32_t* row, const Lanes& lanes) {
  const unsigned dwords = bytesOf(access) / 4;
  alignas(64) uint32_t offset[kLanes];
  std::memcpy(offset, lanes.offset, sizeof offset);  // may be a row that the first dword overwrites
  Lanes part = lanes;
  part.offset = offset;
  for (unsigned k = 0; k < dwords; ++k) {
    move(isLoad(access) ? Access::LoadB32 : Access::StoreB32, row + k * kLanes, part);
    part.base += lanes.stride;
  }
}

}  // namespace

void move(Access access, uint32_t* row, const Lanes& lanes) {
  if (lanes.stride != 4 && bytesOf(access) > 4) return moveApart(access, row, lanes);
  switch (access) {
    case Access::LoadU8:
      return loadNarrow<uint8_t>(row, lanes);
    case Access::LoadS8:
      return loadNarrow<int8_t>(row, lanes);
    case Access::LoadU16:
      return loadNarrow<uint16_t>(row, lanes);
    case Access::LoadS16:
      return loadNarrow<int16_t>(row, lanes);
    case Access::LoadU8Low:
      return loadHalf<uint8_t, false>(row, lanes);
    case Access::LoadU8High:
      return loadHalf<uint8_t, true>(row, lanes);
    case Access::LoadS8Low:
      return loadHalf<int8_t, false>(row, lanes);
    case Access::LoadS8High:
      return loadHalf<int8_t, true>(row, lanes);
    case Access::LoadB16Low:
      return loadHalf<uint16_t, false>(row, lanes);
    case Access::LoadB16High:
      return loadHalf<uint16_t, true>(row, lanes);
    case Access::LoadB32:
      return loadDword(row, lanes);
    case Access::LoadB64:
      return loadDwords<2>(row, lanes);
    case Access::LoadB96:
      return loadDwords<3>(row, lanes);
    case Access::LoadB128:
      return loadDwords<4>(row, lanes);
    case Access::StoreB8:
      return storeNarrow<uint8_t, 0>(row, lanes);
    case Access::StoreB8High:
      return storeNarrow<uint8_t, 16>(row, lanes);
    case Access::StoreB16:
      return storeNarrow<uint16_t, 0>(row, lanes);
    case Access::StoreB16High:
      return storeNarrow<uint16_t, 16>(row, lanes);
    case Access::StoreB32:
      return storeDword(row, lanes);
    case Access::StoreB64:
      return storeDwords<2>(row, lanes);
    case Access::StoreB96:
      return storeDwords<3>(row, lanes);
    case Access::StoreB128:
      return storeDwords<4>(row, lanes);
    default:
      return;
  }
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
