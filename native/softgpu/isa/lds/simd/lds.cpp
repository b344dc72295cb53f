// DS loads and stores (Vega ISA, 10.3.3). Out of range, loads read zeros and stores vanish.
#include "isa/lds/simd/lds.h"

#include <algorithm>
#include <cstring>

#include "isa/lds/operands.h"
#include "isa/memory/simd/lane_rows.h"
#include "isa/memory/simd/move.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

namespace {

// Offsets wrap at 32 bits: a negative address plus the instruction's offset may be in range.
[[gnu::noinline]] void accessPartly(Wave& wave, Access access, uint32_t* row, const uint32_t* address, uint32_t offset,
                                    uint64_t exec) {
  alignas(64) uint32_t at[kLanes];
  uint64_t inside = 0;
  const uint64_t limit = lds::limitOf(wave);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    at[lane] = address[lane] + offset;
    inside |= uint64_t{uint64_t{at[lane]} + bytesOf(access) <= limit} << lane;
  }
  Lanes lanes;
  lanes.offset = at;
  lanes.base = reinterpret_cast<uint64_t>(wave.lds);
  lanes.exec = exec & inside;
  if (lanes.exec) {
    findShape(lanes, bytesOf(access));
    move(access, row, lanes);
  }
  lanes.exec = exec & ~inside;
  if (isLoad(access) && lanes.exec) {
    static constexpr uint8_t kNothing[16] = {};
    std::memset(at, 0, sizeof at);
    lanes.base = reinterpret_cast<uint64_t>(kNothing);
    lanes.low = lanes.high = 0;
    lanes.shape = Shape::Uniform;
    move(access, row, lanes);
  }
}

inline void access(Wave& wave, Access access, uint32_t* row, const uint32_t* address, uint32_t offset, uint64_t exec) {
  Lanes lanes;
  lanes.exec = exec;
  lanes.offset = address;
  findShape(lanes, bytesOf(access));
  if (uint64_t{lanes.high} + offset + bytesOf(access) > lds::limitOf(wave)) [[unlikely]] {
    return accessPartly(wave, access, row, address, offset, exec);
  }
  lanes.base = reinterpret_cast<uint64_t>(wave.lds) + offset;
  move(access, row, lanes);
}

#if defined(__AVX512F__)

// Dwords by blocks of sixteen lanes, each of which is mostly a single address or a ramp: tiles of two dimensions are so
// by rows. Both addresses of a double access lie in the same way.
class Blocks {
 public:
  // False where a lane may be out of range.
  bool find(const Wave& wave, const uint32_t* address, uint32_t furthest, uint64_t exec) {
    const uint64_t limit = lds::limitOf(wave), end = uint64_t{furthest} + 4;
    if (end > limit) return false;
    const __m512i last = _mm512_set1_epi32(static_cast<int>(static_cast<uint32_t>(limit - end)));
    uint64_t outside = 0;
    for (unsigned b = 0; b < 4; ++b) {
      outside |= uint64_t{_mm512_cmpgt_epu32_mask(_mm512_loadu_si512(address + 16 * b), last)} << (16 * b);
    }
    address_ = address;
    exec_ = exec;
    lds_ = wave.lds;
    return !(outside & exec);
  }

  // `use(block, mask, first address of an active lane, that lane's number in the block, shape)`
  template <class Use>
  void each(Use use) const {
    for (unsigned b = 0; b < 4; ++b) {
      const auto mask = static_cast<__mmask16>(exec_ >> (16 * b));
      if (!mask) continue;
      const unsigned lane = static_cast<unsigned>(__builtin_ctz(mask));
      const uint32_t first = address_[16 * b + lane];
      const __m512i distance = _mm512_sub_epi32(_mm512_loadu_si512(address_ + 16 * b),
                                                _mm512_set1_epi32(static_cast<int>(first - 4 * lane)));
      const __m512i ramp = _mm512_slli_epi32(laneNumbers(0), 2), same = _mm512_set1_epi32(static_cast<int>(4 * lane));
      if (!_mm512_mask_cmpneq_epi32_mask(mask, distance, ramp)) {
        use(b, mask, first - 4 * lane, BlockShape::Ramp);
      } else if (!_mm512_mask_cmpneq_epi32_mask(mask, distance, same)) {
        use(b, mask, first, BlockShape::Uniform);
      } else {
        use(b, mask, first, BlockShape::Scatter);
      }
    }
  }

  __m512i load(unsigned b, __mmask16 mask, uint32_t first, BlockShape shape, uint32_t offset) const {
    // A ramp's first lanes may be off, and lie below LDS.
    const uint8_t* at = lds_ + offset + static_cast<int32_t>(first);
    if (shape == BlockShape::Ramp) return _mm512_maskz_loadu_epi32(mask, at);
    if (shape == BlockShape::Uniform) return _mm512_set1_epi32(read(at));
    const auto dword = [&](unsigned lane) { return read(lds_ + offset + address_[16 * b + lane]); };
    if (mask == 0xffff) return gather16(0, dword);
    alignas(64) int values[16] = {};
    forEachLane(mask, [&](unsigned lane) { values[lane] = dword(lane); });
    return _mm512_load_si512(values);
  }

  // Where lanes meet at one address the highest lane's value stays.
  void store(unsigned b, __mmask16 mask, uint32_t first, BlockShape shape, uint32_t offset, const uint32_t* row) const {
    uint8_t* at = lds_ + offset + static_cast<int32_t>(first);
    if (shape == BlockShape::Ramp) return _mm512_mask_storeu_epi32(at, mask, _mm512_loadu_si512(row + 16 * b));
    const auto put = [&](unsigned lane) {
      std::memcpy(lds_ + offset + address_[16 * b + lane], row + 16 * b + lane, 4);
    };
    if (shape == BlockShape::Uniform) {
      put(31u - static_cast<unsigned>(__builtin_clz(mask)));
    } else if (mask == 0xffff) {
      for (unsigned lane = 0; lane < 16; ++lane) put(lane);
    } else {
      forEachLane(mask, put);
    }
  }

 private:
  static int read(const uint8_t* at) {
    int value;
    std::memcpy(&value, at, sizeof value);
    return value;
  }

  const uint32_t* address_ = nullptr;
  uint64_t exec_ = 0;
  uint8_t* lds_ = nullptr;
};

bool loadDwords(Wave& wave, const MicroOp* op, bool two, uint64_t exec) {
  const uint32_t offset = static_cast<uint32_t>(op->imm), offset2 = op->literal;
  Blocks blocks;
  if (!blocks.find(wave, memoryRow(wave, op->src[0].index), two ? std::max(offset, offset2) : offset, exec))
    return false;
  uint32_t* row = memoryRow(wave, op->dst);
  // A block's results may overwrite its addresses, so both are loaded first.
  blocks.each([&](unsigned b, __mmask16 mask, uint32_t first, BlockShape shape) {
    const __m512i value = blocks.load(b, mask, first, shape, offset);
    if (two) {
      _mm512_mask_storeu_epi32(row + kLanes + 16 * b, mask, blocks.load(b, mask, first, shape, offset2));
    }
    _mm512_mask_storeu_epi32(row + 16 * b, mask, value);
  });
  return true;
}

bool storeDwords(Wave& wave, const MicroOp* op, bool two, uint64_t exec) {
  const uint32_t offset = static_cast<uint32_t>(op->imm), offset2 = op->literal;
  Blocks blocks;
  if (!blocks.find(wave, memoryRow(wave, op->src[0].index), two ? std::max(offset, offset2) : offset, exec))
    return false;
  const uint32_t* row = memoryRow(wave, op->src[1].index);
  blocks.each([&](unsigned b, __mmask16 mask, uint32_t first, BlockShape shape) {
    blocks.store(b, mask, first, shape, offset, row);
  });
  if (!two) return true;
  row = memoryRow(wave, op->src[2].index);
  blocks.each([&](unsigned b, __mmask16 mask, uint32_t first, BlockShape shape) {
    blocks.store(b, mask, first, shape, offset2, row);
  });
  return true;
}

#else

bool loadDwords(Wave&, const MicroOp*, bool, uint64_t) {
  return false;
}
bool storeDwords(Wave&, const MicroOp*, bool, uint64_t) {
  return false;
}

#endif

}  // namespace

const MicroOp* ldsLoadHandler(Wave& wave, const MicroOp* op) {
  if (const uint64_t exec = wave.exec()) {
    if (static_cast<Access>(op->flags) == Access::LoadB32 && loadDwords(wave, op, false, exec)) return next(op);
    access(wave, static_cast<Access>(op->flags), memoryRow(wave, op->dst), memoryRow(wave, op->src[0].index),
           static_cast<uint32_t>(op->imm), exec);
  }
  return next(op);
}

const MicroOp* ldsStoreHandler(Wave& wave, const MicroOp* op) {
  if (const uint64_t exec = wave.exec()) {
    if (static_cast<Access>(op->flags) == Access::StoreB32 && storeDwords(wave, op, false, exec)) return next(op);
    access(wave, static_cast<Access>(op->flags), memoryRow(wave, op->src[1].index), memoryRow(wave, op->src[0].index),
           static_cast<uint32_t>(op->imm), exec);
  }
  return next(op);
}

const MicroOp* ldsLoad2Handler(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  if (!exec) return next(op);
  const Access kind = static_cast<Access>(op->flags);
  if (kind == Access::LoadB32 && loadDwords(wave, op, true, exec)) return next(op);
  alignas(64) uint32_t address[kLanes];  // the first result may overwrite the row
  std::memcpy(address, memoryRow(wave, op->src[0].index), sizeof address);
  uint32_t* row = memoryRow(wave, op->dst);
  access(wave, kind, row, address, static_cast<uint32_t>(op->imm), exec);
  access(wave, kind, row + resultRows(kind) * kLanes, address, op->literal, exec);
  return next(op);
}

const MicroOp* ldsStore2Handler(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  if (!exec) return next(op);
  const Access kind = static_cast<Access>(op->flags);
  if (kind == Access::StoreB32 && storeDwords(wave, op, true, exec)) return next(op);
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  access(wave, kind, memoryRow(wave, op->src[1].index), address, static_cast<uint32_t>(op->imm), exec);
  access(wave, kind, memoryRow(wave, op->src[2].index), address, op->literal, exec);
  return next(op);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
