// The executor for every modifier and MODE: the operation computes into a spare row, and what the instruction or MODE
// wants done to the result is done on the way to the register.
#include "isa/vector/dpp.h"
#include "isa/vector/simd/executor.h"
#include "isa/vector/simd/registry.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {
namespace {

using namespace softgpu::vector;

// The host's rounding mode for the length of one operation. Outside of it the host rounds to the nearest, and nothing
// needs to be set for operations that do so too.
class Rounding {
 public:
  explicit Rounding(unsigned mode) : differs_((mode & 3) != 0) {
    if (!differs_) return;
    constexpr unsigned host[] = {_MM_ROUND_NEAREST, _MM_ROUND_UP, _MM_ROUND_DOWN, _MM_ROUND_TOWARD_ZERO};
    saved_ = _mm_getcsr();
    _mm_setcsr((saved_ & ~_MM_ROUND_MASK) | host[mode & 3]);
  }
  ~Rounding() {
    if (differs_) _mm_setcsr(saved_);
  }
  Rounding(const Rounding&) = delete;
  Rounding& operator=(const Rounding&) = delete;

 private:
  bool differs_;
  unsigned saved_ = 0;
};

// MODE's fields for a type: bit 0 of a denormal field lets denormals in, bit 1 lets them out.
struct FloatMode {
  unsigned round, denormals;
  FloatMode(uint32_t mode, Type type)
      : round(followsMode64(type) ? mode >> 2 & 3 : mode & 3),
        denormals(followsMode64(type)   ? mode >> 6 & 3
                  : followsMode32(type) ? mode >> 4 & 3
                                        : 3) {}
};

void copyFields(const MicroOp& from, MicroOp& to) {
  to.opcode = from.opcode;
  to.words = from.words;
  to.flags = from.flags;
  to.literal = from.literal;
  to.imm = from.imm;
  to.dst = from.dst;
  to.sdst = from.sdst;
  for (unsigned i = 0; i < 4; ++i) to.src[i] = from.src[i];
  to.neg = from.neg, to.abs = from.abs, to.omod = from.omod, to.clamp = from.clamp;
  to.opSel = from.opSel, to.opSelHi = from.opSelHi;
  for (unsigned i = 0; i < sizeof(to.extra); ++i) to.extra[i] = from.extra[i];
}

u32x flushHalf(u32x v) {
  return (v & 0x7c00) == 0 ? v & 0x8000 : v;
}

// omod and clamp on a float. Output modifiers turn -0 to +0 (Vega ISA, 6.2.2); clamp turns NaN to 0 where DX10_CLAMP is
// set, and -0 too.
template <class V>
V modifyFloat(V v, unsigned omod, bool clamp, bool dx10) {
  const V zero{};
  const V one = zero + 1;
  if (omod) {
    constexpr float factor[] = {1, 2, 4, 0.5f};
    v = v * (zero + factor[omod]);
    v = flush(v);
    v = v == zero ? zero : v;
  }
  if (clamp) {
    V r = v > zero ? v : zero;
    r = r < one ? r : one;
    v = v != v ? (dx10 ? zero : v) : r;
  }
  return v;
}

class Finish {
 public:
  Finish(const Wave& wave, const MicroOp* op, Type type) : op_(op), type_(type) {
    const FloatMode mode(wave.mode, type);
    flush_ = !(mode.denormals & 2) && !(op->flags & kKeepsDenormals);
    omod_ = flush_ && !(wave.mode & mode::kIeee) ? op->omod : 0;
    clamp_ = op->clamp && (followsMode32(type) || followsMode64(type));
    dx10_ = (wave.mode & mode::kDx10Clamp) != 0;
  }

  // The result as its type alone asks for it.
  u32x value(u32x v) const {
    if (!flush_ && !clamp_) return v;
    switch (type_) {
      case Type::F32:
        return (u32x)modifyFloat(flush_ ? flush((f32x)v) : (f32x)v, omod_, clamp_, dx10_);
      case Type::F16:
      case Type::H16:
        return half(v);
      case Type::PackedF16:
        return half(v & 0xffff) | half(v >> 16) << 16;
      default:
        return v;
    }
  }
  void value64(u32x& lo, u32x& hi) const {
    if (!flush_ && !clamp_) return;
    if (type_ == Type::PackedF32) {
      lo = (u32x)modifyFloat(flush_ ? flush((f32x)lo) : (f32x)lo, 0, clamp_, dx10_);
      hi = (u32x)modifyFloat(flush_ ? flush((f32x)hi) : (f32x)hi, 0, clamp_, dx10_);
    } else if (type_ == Type::F64) {
      const u64x a = each((f64x)first(lo, hi)), b = each((f64x)second(lo, hi));
      lo = evens(a, b);
      hi = odds(a, b);
    }
  }

  // Its place in the register, whose contents are `old`.
  u32x placed(u32x v, u32x old) const {
    if (op_->flags & kSdwa) return sdwa(v, old);
    if (op_->flags & kHighHalf) return (old & 0xffff) | v << 16;
    if (op_->flags & kPreserve) return (old & 0xffff0000) | (v & 0xffff);
    return v;
  }

 private:
  u32x half(u32x v) const {
    if (flush_) v = flushHalf(v);
    return omod_ || clamp_ ? floatToHalf(modifyFloat(halfToFloat(v), omod_, clamp_, dx10_)) : v;
  }
  u64x each(f64x v) const { return (u64x)modifyFloat(flush_ ? flush(v) : v, omod_, clamp_, dx10_); }

  u32x sdwa(u32x v, u32x old) const {
    const unsigned selector = op_->extra[kSdwaResult] & 7, unused = op_->extra[kSdwaResult] >> 3;
    if (selector == 6) return v;
    const unsigned width = selector < 4 ? 8 : 16, shift = selector < 4 ? 8 * selector : 16 * (selector - 4);
    const uint32_t field = (width == 8 ? 0xffu : 0xffffu) << shift;
    const u32x placed = v << shift & field;
    if (unused == 2) return (old & ~field) | placed;
    if (unused == 1) return (u32x)((i32x)(v << (32 - width)) >> (32 - width)) << shift;
    return placed;
  }

  const MicroOp* op_;
  Type type_;
  bool flush_, clamp_, dx10_;
  unsigned omod_;
};

void writeBack(Wave& wave, const MicroOp* op, Type type, const uint32_t* result, uint64_t written) {
  const Finish finish(wave, op, type);
  uint32_t* dst = wave.row(op->dst);
  for (unsigned c = 0; c < kChunks; ++c) {
    const LaneMask active{static_cast<uint32_t>(written >> (c * kWidth)) & static_cast<uint32_t>((1ull << kWidth) - 1)};
    uint32_t* to = dst + c * kWidth;
    u32x lo = load(result + c * kWidth);
    if (is64(type)) {
      u32x hi = load(result + kLanes + c * kWidth);
      finish.value64(lo, hi);
      store(to + kLanes, select(active, hi, load(to + kLanes)));
      store(to, select(active, lo, load(to)));
    } else {
      const u32x old = load(to);
      store(to, select(active, finish.placed(finish.value(lo), old), old));
    }
  }
}

}  // namespace

const MicroOp* general(Wave& wave, const MicroOp* op) {
  const Operation& operation = *find(op->opcode);
  Compute compute = op->flags & kSaturate ? operation.saturated : operation.compute;

  // MODE: input denormals are the operands' affair.
  MicroOp flushing;
  const MicroOp* source = op;
  const bool flushes = !(op->flags & kKeepsDenormals) && (wave.mode & (1u << 4 | 1u << 6)) != (1u << 4 | 1u << 6);
  if (flushes && operation.flushing && (wave.mode & (mode::kDenorm32 | mode::kDenorm64)) == mode::kDenorm64) {
    compute = operation.flushing;
  } else if (flushes) {
    copyFields(*op, flushing);
    for (unsigned i = 0; i < 3; ++i) {
      if (operation.src[i] == Type::Mix || !(FloatMode(wave.mode, operation.src[i]).denormals & 1)) {
        flushing.src[i].modifiers |= kFlush;
      }
    }
    source = &flushing;
  }

  const Type type = operation.dst;
  // Conversions between widths round as their result's type says; where the result is no float, as their source's.
  const Type rounded = followsMode32(type) || followsMode64(type) ? type : operation.src[0];
  const uint64_t exec = wave.exec();
  const uint64_t written = op->flags & kDpp ? dppWritten(op, exec) : exec;
  uint32_t* result = wave.temp[6];
  uint64_t mask;
  {
    const Rounding rounding(FloatMode(wave.mode, rounded).round);
    mask = compute(wave, source, result, ~0ull) & written;
    if (wave.mode & mode::kFp16Overflow && (type == Type::F16 || type == Type::PackedF16)) {
      // Only what overflowed differs between this rounding and rounding towards zero by more than a unit: it becomes
      // the largest number there, while true infinities stay.
      const Rounding towardsZero(3);
      compute(wave, source, wave.temp[7], ~0ull);
      for (unsigned l = 0; l < kLanes; ++l) {
        for (const uint32_t h : {0xffffu, 0xffff0000u}) {
          if ((result[l] & 0x7fff7fff & h) == (0x7c007c00 & h)) result[l] = (result[l] & ~h) | (wave.temp[7][l] & h);
        }
      }
    }
  }
  if (type == Type::Mask) {
    wave.setPair(op->sdst, mask);
    if (op->flags & kWritesExec) wave.setExec(mask);
    return next(op);
  }
  writeBack(wave, op, type, result, written);
  if (operation.carry) wave.setPair(op->sdst, mask);
  return next(op);
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
