// Operand fetch: everything that is not a plain register row, and every modifier of a source.
#include "isa/scalar/operands.h"
#include "isa/vector/constants.h"
#include "isa/vector/dpp.h"
#include "isa/vector/simd/executor.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

using namespace softgpu::vector;

Row broadcast(uint32_t* temp, Type type, uint64_t value) {
  store(temp, splat(static_cast<uint32_t>(value)));
  if (is64(type)) store(temp + kLanes, splat(static_cast<uint32_t>(value >> 32)));
  return {temp, 0};
}

uint64_t literalOf(const MicroOp* op, Type type) {
  const uint64_t low = op->literal;
  switch (type) {  // Vega ISA, "Literal Expansion to 64 bits"
    case Type::F64:
      return low << 32;
    case Type::I64:
      return static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(op->literal)));
    case Type::PackedF32:
      return low | low << 32;
    default:
      return low;
  }
}

__attribute__((noinline)) Row plainRow(Wave& wave, const MicroOp* op, const Source& s, uint32_t* temp, Type type) {
  switch (s.kind) {
    case SourceKind::Vgpr:
      return {wave.row(s.index), kWidth};
    case SourceKind::AccVgpr:
      return {wave.accVgpr + s.index * kLanes, kWidth};
    case SourceKind::Sgpr: {
      uint64_t value = wave.sgpr[s.index];
      if (is64(type)) value |= static_cast<uint64_t>(wave.sgpr[(s.index + 1) & 127]) << 32;
      return broadcast(temp, type, value);
    }
    case SourceKind::Constant:
      return {constantRow(s.index, type), 0};
    case SourceKind::Literal:
      return broadcast(temp, type, literalOf(op, type));
    default:
      return broadcast(temp, type, scalar::readSpecial(wave, s.index));
  }
}

u32x selectSdwa(u32x v, unsigned field) {
  const unsigned selector = field & 7;
  if (selector == 6) return v;
  const unsigned width = selector < 4 ? 8 : 16, shift = selector < 4 ? 8 * selector : 16 * (selector - 4);
  const u32x top = v << (32 - width - shift);
  return field & 8 ? (u32x)((i32x)top >> (32 - width)) : top >> (32 - width);
}

// Applied in the order in which the hardware has them: lane, part of the register, absolute value, sign, denormals.
struct Modified {
  Wave& wave;
  const MicroOp* op;
  unsigned i;
  Type type;
  uint8_t modifiers;

  u32x select(u32x v) const {
    if (modifiers & kSelect) v = selectSdwa(v, op->extra[kSdwaSource0 + i]);
    if (modifiers & kHigh) v = v >> 16;
    if (modifiers & kHalves) {
      const u32x low = op->opSel >> i & 1 ? v >> 16 : v & 0xffff;
      const u32x high = op->opSelHi >> i & 1 ? v & 0xffff0000 : v << 16;
      v = low | high;
    }
    return v;
  }

  // Sign and denormals of one dword that is, or holds at its top, a float.
  u32x sign(u32x v) const {
    if (modifiers & kHalves) {
      return v ^ splat((op->neg >> i & 1 ? 0x8000u : 0) | (op->abs >> i & 1 ? 0x80000000u : 0));
    }
    const uint32_t bit = is16(type) ? 0x8000 : 0x80000000;
    if (modifiers & kAbsolute) v = v & ~splat(bit);
    if (modifiers & kNegate) v = v ^ splat(bit);
    return v;
  }

  u32x flushed(u32x v) const {
    if (!(modifiers & kFlush)) return v;
    if (type == Type::F32) return (u32x)flush((f32x)v);
    if (isHalfFloat(type)) return (v & 0x7c00) == 0 ? v & 0x8000 : v;
    if (type == Type::PackedF16) {
      const u32x low = (v & 0x7c00) == 0 ? v & 0x8000 : v & 0xffff;
      const u32x high = (v & 0x7c000000) == 0 ? v & 0x80000000 : v & 0xffff0000;
      return low | high;
    }
    return v;
  }

  // mad_mix: one float, from all of the register or from a half of it.
  u32x mixed(u32x v) const {
    if (op->opSelHi >> i & 1) {
      v = op->opSel >> i & 1 ? v >> 16 : v & 0xffff;
      if (modifiers & kFlush && !(wave.mode & 1u << 6)) v = (v & 0x7c00) == 0 ? v & 0x8000 : v;
      v = (u32x)halfToFloat(v);
    } else if (modifiers & kFlush && !(wave.mode & 1u << 4)) {
      v = (u32x)flush((f32x)v);
    }
    if (op->abs >> i & 1) v = v & 0x7fffffff;
    if (op->neg >> i & 1) v = v ^ 0x80000000;
    return v;
  }

  u32x apply(u32x v) const { return modifiers & kMixed ? mixed(v) : flushed(sign(select(v))); }

  void apply64(u32x& lo, u32x& hi) const {
    if (type == Type::PackedF32) {
      if (modifiers & kHalves) {
        const u32x l = op->opSel >> i & 1 ? hi : lo, h = op->opSelHi >> i & 1 ? hi : lo;
        lo = op->neg >> i & 1 ? l ^ 0x80000000 : l;
        hi = op->abs >> i & 1 ? h ^ 0x80000000 : h;
      }
      if (modifiers & kFlush) lo = (u32x)flush((f32x)lo), hi = (u32x)flush((f32x)hi);
      return;
    }
    hi = sign(hi);
    if (modifiers & kFlush && type == Type::F64) {
      const i32x tiny = (hi & 0x7ff00000) == 0;
      lo = tiny ? splat(0) : lo;
      hi = tiny ? hi & 0x80000000 : hi;
    }
  }
};

// A permuted copy; lanes without a source read 0 (only bound_ctrl lets them be written).
void permute(const DppPattern& pattern, uint64_t valid, const uint32_t* from, uint32_t* to) {
#if defined(__AVX512F__)
  const __m512i row0 = (__m512i)load(from), row1 = (__m512i)load(from + 16), row2 = (__m512i)load(from + 32),
                row3 = (__m512i)load(from + 48);
  for (unsigned c = 0; c < kChunks; ++c) {
    const __m512i lanes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)(pattern.from + 16 * c)));
    const __m512i low = _mm512_permutex2var_epi32(row0, lanes, row1);
    const __m512i high = _mm512_permutex2var_epi32(row2, lanes, row3);
    const __m512i moved = _mm512_mask_blend_epi32(_mm512_test_epi32_mask(lanes, _mm512_set1_epi32(32)), low, high);
    store(to + 16 * c, (u32x)_mm512_maskz_mov_epi32(static_cast<__mmask16>(valid >> (16 * c)), moved));
  }
#else
  for (unsigned l = 0; l < kLanes; ++l) to[l] = from[pattern.from[l]];
  if (valid == ~0ull) return;
  for (unsigned c = 0; c < kChunks; ++c) {
    const LaneMask mask{static_cast<uint32_t>(valid >> (c * kWidth)) & ((1u << kWidth) - 1)};
    store(to + c * kWidth, select(mask, load(to + c * kWidth), splat(0)));
  }
#endif
}

}  // namespace

namespace {

// The commonest modifiers, signs alone.
__attribute__((noinline)) Row signedRow(Wave& wave, const MicroOp* op, unsigned i, Type type) {
  const Source s = op->src[i];
  uint32_t* temp = wave.temp[2 * i];
  const Row row = plainRow(wave, op, s, temp, type);
  const uint32_t bit = is16(type) ? 0x8000 : 0x80000000;
  const u32x kept = splat(s.modifiers & kAbsolute ? ~bit : ~0u), flipped = splat(s.modifiers & kNegate ? bit : 0);
  // A broadcast needs one vector only, and may lie in the row that is written.
  const unsigned chunks = row.stride == 0 ? 1 : kChunks, signs = is64(type) ? kLanes : 0;
  for (unsigned c = 0; c < chunks; ++c) {
    const uint32_t* from = row.lanes + c * row.stride;
    uint32_t* to = temp + c * kWidth;
    if (is64(type)) store(to, load(from));
    store(to + signs, (load(from + signs) & kept) ^ flipped);
  }
  return {temp, row.stride};
}

// A byte or a half of each lane, and no more: to the top of the dword, then down again with the sign or zeros.
__attribute__((noinline)) Row selectedRow(Wave& wave, const MicroOp* op, unsigned i, Type type) {
  const Source s = op->src[i];
  uint32_t* temp = wave.temp[2 * i];
  const Row row = plainRow(wave, op, s, temp, type);
  const unsigned field = op->extra[kSdwaSource0 + i], selector = field & 7;
  if (selector == 6) return row;
  const unsigned width = selector < 4 ? 8 : 16, shift = selector < 4 ? 8 * selector : 16 * (selector - 4);
  const unsigned up = 32 - width - shift, down = 32 - width, chunks = row.stride == 0 ? 1 : kChunks;
  const bool isSigned = field & 8;
  for (unsigned c = 0; c < chunks; ++c) {
    const u32x top = load(row.lanes + c * row.stride) << up;
    store(temp + c * kWidth, isSigned ? (u32x)((i32x)top >> static_cast<int>(down)) : top >> down);
  }
  return {temp, row.stride};
}

__attribute__((noinline)) Row modifiedRow(Wave& wave, const MicroOp* op, unsigned i, Type type) {
  const Source s = op->src[i];
  uint32_t* temp = wave.temp[2 * i];
  Row row = plainRow(wave, op, s, temp, type);
  if (s.modifiers & kPermute) {
    const DppPattern& pattern = dppPattern(op);
    const uint64_t valid = dppValid(pattern, wave.exec());
    permute(pattern, valid, row.lanes, temp);
    if (is64(type)) permute(pattern, valid, row.lanes + kLanes, temp + kLanes);
    row = {temp, kWidth};
    if (s.modifiers == kPermute) return row;
  }
  const Modified m{wave, op, i, type, s.modifiers};
  const unsigned chunks = row.stride == 0 ? 1 : kChunks;
  for (unsigned c = 0; c < chunks; ++c) {
    const uint32_t* from = row.lanes + c * row.stride;
    uint32_t* to = temp + c * kWidth;
    if (is64(type)) {
      u32x lo = load(from), hi = load(from + kLanes);
      m.apply64(lo, hi);
      store(to, lo);
      store(to + kLanes, hi);
    } else {
      store(to, m.apply(load(from)));
    }
  }
  return {temp, row.stride};
}

}  // namespace

Row fetchModified(Wave& wave, const MicroOp* op, unsigned i, Type type) {
  const uint8_t modifiers = op->src[i].modifiers;
  if (modifiers == 0) return plainRow(wave, op, op->src[i], wave.temp[2 * i], type);
  if ((modifiers & ~(kNegate | kAbsolute)) == 0) return signedRow(wave, op, i, type);
  if (modifiers == kSelect && !is64(type)) return selectedRow(wave, op, i, type);
  return modifiedRow(wave, op, i, type);
}

uint64_t fetchMask(Wave& wave, const MicroOp* op, unsigned i) {
  const Source& s = op->src[i];
  if (s.kind == SourceKind::Sgpr)
    return wave.sgpr[s.index] | static_cast<uint64_t>(wave.sgpr[(s.index + 1) & 127]) << 32;
  return s.kind == SourceKind::Constant ? constant64(s.index) : scalar::readSpecial(wave, s.index);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
