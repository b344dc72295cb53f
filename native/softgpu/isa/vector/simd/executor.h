// How an operation becomes a handler. An operation states its types and one expression over vectors; operand fetch and
// write-back are here, once, and whatever modifies them is behind `fetchModified` and `general`.
#pragma once

#include <type_traits>

#include "isa/vector/constants.h"
#include "isa/vector/operation.h"
#include "isa/vector/simd/float_rules.h"
#include "isa/vector/simd/lanes.h"

namespace softgpu::SOFTGPU_SIMD_LEVEL {

using softgpu::vector::Compute;
using softgpu::vector::is64;
using softgpu::vector::Operation;
using softgpu::vector::Type;

// Rows as the loops see them: a register (stride of one vector) or a broadcast value (stride 0). A 64-bit operand's
// high row lies 64 dwords behind its low row in both cases.
struct Row {
  const uint32_t* lanes;
  size_t stride;
};

Row fetchModified(Wave& wave, const MicroOp* op, unsigned i, Type type);
uint64_t fetchMask(Wave& wave, const MicroOp* op, unsigned i);
const MicroOp* general(Wave& wave, const MicroOp* op);

SIMD_INLINE Row fetch(Wave& wave, const MicroOp* op, unsigned i, Type type) {
  static_assert(sizeof(Source) == 4 && offsetof(Source, kind) == 2 && offsetof(Source, modifiers) == 3);
  uint32_t source;
  __builtin_memcpy(&source, &op->src[i], 4);
  if (source >> 16 == static_cast<uint32_t>(SourceKind::Vgpr)) [[likely]] {
    return {wave.vgpr + (source & 0xffff) * kLanes, kWidth};
  }
  if (source >> 16 == static_cast<uint32_t>(SourceKind::Constant)) {
    return {vector::constantRow(source & 0xffff, type), 0};
  }
  if (source >> 16 == static_cast<uint32_t>(SourceKind::Sgpr) && !is64(type)) {
    store(wave.temp[2 * i], splat(wave.sgpr[source & 0xffff]));
    return {wave.temp[2 * i], 0};
  }
  if (source >> 16 == static_cast<uint32_t>(SourceKind::Literal) && !is64(type)) {
    store(wave.temp[2 * i], splat(op->literal));
    return {wave.temp[2 * i], 0};
  }
  return fetchModified(wave, op, i, type);
}

// What an expression may know beside its operands.
struct Env {
  bool ieee;
  uint64_t vcc;
  unsigned lane = 0;      // the vector's first lane
  bool inSecond = false;  // 64-bit lanes: those of `second`

  SIMD_INLINE bool anyVcc() const { return (vcc >> lane & ((1ull << kWidth) - 1)) != 0; }
  SIMD_INLINE i32x vcc32() const { return expand({static_cast<uint32_t>(vcc >> lane)}); }
  SIMD_INLINE i64x vcc64() const {
    const u32x m = (u32x)vcc32();
    return (i64x)(inSecond ? second(m, m) : first(m, m));
  }
};

// A first attempt: `arith` only notes that a result is a NaN, and the executor goes over those lanes again. Calls to
// what mends them would cost every operation the saving of its vectors.
struct QuickEnv : Env {
  mutable bool sawNan = false;
};
// What an expression calls as `arith`.
template <class E>
struct Arith {
  const E& e;
  template <class V, class... Operands>
  SIMD_INLINE V operator()(V r, Operands... operands) const {
    if constexpr (__is_same(E, QuickEnv)) {
      e.sawNan |= anyNan(r);
      return r;
    } else {
      return SOFTGPU_SIMD_LEVEL::arith(r, operands...);
    }
  }
};

// A result with a lane mask beside it.
template <class V, class M>
struct Carried {
  V value;
  M carry;
};
template <class V, class M>
Carried(V, M) -> Carried<V, M>;

SIMD_INLINE LaneMask toMask(LaneMask m) {
  return m;
}
SIMD_INLINE LaneMask toMask(i32x m) {
  return collect(m);
}
SIMD_INLINE LaneMask toMask(i64x first, i64x second) {
  return collect((i32x)evens((u64x)first, (u64x)second));
}

// 32-bit lanes: what the expression sees of a row, and back.
template <Type T>
SIMD_INLINE auto unpack32(u32x v) {
  if constexpr (T == Type::I32)
    return (i32x)v;
  else if constexpr (T == Type::F32 || T == Type::Mix)
    return (f32x)v;
  else if constexpr (T == Type::F16)
    return halfToFloat(v);
  else if constexpr (T == Type::U16 || T == Type::H16)
    return v & 0xffff;
  else if constexpr (T == Type::I16)
    return (i32x)(v << 16) >> 16;
  else
    return v;
}
template <Type T, class V>
SIMD_INLINE u32x pack32(V v) {
  if constexpr (T == Type::F16) {
    static_assert(__is_same(V, f32x));
    return floatToHalf(v);
  } else if constexpr (T == Type::U16 || T == Type::I16 || T == Type::H16) {
    return (u32x)v & 0xffff;
  } else {
    static_assert((T == Type::F32) == __is_same(V, f32x));
    return (u32x)v;
  }
}

// 64-bit lanes, in the order of `first` and `second`. 32-bit operands come widened, f32 as f64.
template <class V>
struct Pair {
  V first, second;
};
template <class V>
Pair(V, V) -> Pair<V>;
SIMD_INLINE f64x widenFloat(u64x v) {
  return __builtin_convertvector((f32h)narrow(v), f64x);
}
SIMD_INLINE u64x narrowFloat(f64x v) {
  return widen((u32h) __builtin_convertvector(v, f32h));
}
template <Type T>
SIMD_INLINE auto unpack64(u32x lo, u32x hi) {
  if constexpr (T == Type::U64)
    return Pair{first(lo, hi), second(lo, hi)};
  else if constexpr (T == Type::I64)
    return Pair{(i64x)first(lo, hi), (i64x)second(lo, hi)};
  else if constexpr (T == Type::F64)
    return Pair{(f64x)first(lo, hi), (f64x)second(lo, hi)};
  else if constexpr (T == Type::PackedF32)
    return Pair{(f32x)first(lo, hi), (f32x)second(lo, hi)};
}
template <Type T>
SIMD_INLINE auto widen64(u32x v) {
  const u32x sign = (u32x)((i32x)v >> 31);
  if constexpr (T == Type::I32 || T == Type::I32Wide)
    return Pair{(i64x)first(v, sign), (i64x)second(v, sign)};
  else if constexpr (T == Type::F32)
    return Pair{widenFloat(first(v, v)), widenFloat(second(v, v))};
  else
    return Pair{first(v, splat(0)), second(v, splat(0))};
}
template <Type T, class V>
SIMD_INLINE u64x pack64(V v) {
  if constexpr (T == Type::F32) {
    static_assert(__is_same(V, f64x));
    return narrowFloat(v);
  } else {
    static_assert((T == Type::F64) == __is_same(V, f64x));
    return (u64x)v;
  }
}

template <class F, Type D, bool kCarry, Type A, Type B, Type C>
struct Executor {
  static constexpr bool kWide = is64(D) || is64(A) || is64(B) || is64(C) || A == Type::I32Wide || B == Type::I32Wide;
  static constexpr unsigned kArity = C != Type::None ? 3 : B != Type::None ? 2 : A != Type::None ? 1 : 0;
  static constexpr bool k32 = followsMode32(D) || followsMode32(A) || followsMode32(B) || followsMode32(C);
  static constexpr bool k64 = followsMode64(D) || followsMode64(A) || followsMode64(B) || followsMode64(C);
  static constexpr bool kHalf = D == Type::F16 || D == Type::PackedF16;
  static constexpr uint32_t kModeMask = (k32 ? mode::kRound32 | mode::kDenorm32 : 0) |
                                        (k64 ? mode::kRound64 | mode::kDenorm64 : 0) |
                                        (kHalf ? mode::kFp16Overflow : 0);
  static constexpr uint32_t kModeWanted = kModeMask & mode::kFloatDefault;
  // MODE as compilers set it where a kernel need not keep the denormals of f32.
  static constexpr uint32_t kModeFlushing = kModeWanted & ~mode::kDenorm32;
  static constexpr bool has(Type t) { return D == t || A == t || B == t || C == t; }
  static constexpr bool kFlushable = has(Type::F32) && !has(Type::Mix) && !has(Type::PackedF32);

  struct Operands {
    Row rows[3];
    uint64_t masks[3];
  };
  // The first source is one value for all lanes, and stays in a register.
  struct UniformOperands : Operands {
    u32x first;
  };

  template <Type T>
  SIMD_INLINE static void prepare(Operands& o, Wave& wave, const MicroOp* op, unsigned i) {
    if constexpr (T == Type::Mask)
      o.masks[i] = fetchMask(wave, op, i);
    else if constexpr (T != Type::None)
      o.rows[i] = fetch(wave, op, i, T);
  }
  SIMD_INLINE static LaneMask maskAt(const Operands& o, unsigned i, unsigned chunk) {
    return {static_cast<uint32_t>(o.masks[i] >> (chunk * kWidth))};
  }
  template <bool Flush, Type T>
  SIMD_INLINE static u32x flushed(u32x v) {
    if constexpr (Flush && T == Type::F32) return (u32x)flush((f32x)v);
    return v;
  }
  template <bool Flush, Type T, class O>
  SIMD_INLINE static auto at(const O& o, unsigned i, unsigned chunk) {
    if constexpr (__is_same(O, UniformOperands) && T != Type::Mask) {
      if (i == 0) return unpack32<T>(flushed<Flush, T>(o.first));
    }
    if constexpr (T == Type::Mask) {
      if constexpr (kWide) {
        const u32x m = (u32x)expand(maskAt(o, i, chunk));
        return Pair{(i64x)first(m, m), (i64x)second(m, m)};
      } else {
        return maskAt(o, i, chunk);
      }
    } else {
      const uint32_t* lanes = o.rows[i].lanes + chunk * o.rows[i].stride;
      if constexpr (is64(T))
        return unpack64<T>(load(lanes), load(lanes + kLanes));
      else if constexpr (kWide)
        return widen64<T>(flushed<Flush, T>(load(lanes)));
      else
        return unpack32<T>(flushed<Flush, T>(load(lanes)));
    }
  }

  // The result of one vector of lanes.
  struct Result {
    u32x lo, hi;
    uint32_t mask;
    bool again = false;
  };
  template <class V>
  SIMD_INLINE static void value32(Result& r, V v) {
    r.lo = pack32<D>(v);
  }
  template <class V>
  SIMD_INLINE static void value64(Result& r, V p, V q) {
    const u64x a = pack64<D>(p), b = pack64<D>(q);
    r.lo = evens(a, b);
    if constexpr (is64(D)) r.hi = odds(a, b);
  }
  template <bool Flush, class E, class O>
  SIMD_INLINE static Result evaluate(const E& env, const O& o, unsigned c) {
    Result r;
    if constexpr (kWide) {
      E other = env;
      other.inSecond = true;
      const auto apply = [&]() SIMD_ALWAYS {
        const auto a = at<Flush, A>(o, 0, c);
        if constexpr (kArity == 1) {
          return Pair{F{}(env, a.first), F{}(other, a.second)};
        } else {
          const auto b = at<Flush, B>(o, 1, c);
          if constexpr (kArity == 2) {
            return Pair{F{}(env, a.first, b.first), F{}(other, a.second, b.second)};
          } else {
            const auto d = at<Flush, C>(o, 2, c);
            return Pair{F{}(env, a.first, b.first, d.first), F{}(other, a.second, b.second, d.second)};
          }
        }
      };
      const auto v = apply();
      if constexpr (D == Type::Mask) {
        r.mask = toMask(v.first, v.second).bits;
      } else if constexpr (kCarry) {
        value64(r, v.first.value, v.second.value);
        r.mask = toMask(v.first.carry, v.second.carry).bits;
      } else {
        value64(r, v.first, v.second);
      }
      if constexpr (__is_same(E, QuickEnv)) r.again = env.sawNan || other.sawNan;
    } else {
      const auto apply = [&]() SIMD_ALWAYS {
        if constexpr (kArity == 0)
          return F{}(env);
        else if constexpr (kArity == 1)
          return F{}(env, at<Flush, A>(o, 0, c));
        else if constexpr (kArity == 2)
          return F{}(env, at<Flush, A>(o, 0, c), at<Flush, B>(o, 1, c));
        else
          return F{}(env, at<Flush, A>(o, 0, c), at<Flush, B>(o, 1, c), at<Flush, C>(o, 2, c));
      };
      const auto v = apply();
      if constexpr (D == Type::Mask) {
        r.mask = toMask(v).bits;
      } else if constexpr (kCarry) {
        value32(r, v.value);
        r.mask = toMask(v.carry).bits;
      } else {
        value32(r, v);
      }
      if constexpr (__is_same(E, QuickEnv)) r.again = env.sawNan;
    }
    if constexpr (D != Type::Mask) r.lo = flushed<Flush, D>(r.lo);
    return r;
  }

  // From vector `c` on; what lies before it has been stored, and may have overwritten its operands.
  template <bool Flush>
  SIMD_INLINE static uint64_t again(Wave& wave, const MicroOp* op, uint32_t* dst, uint64_t exec, unsigned c) {
    return compute<Flush>(wave, op, dst, exec & ~0ull << (c * kWidth));
  }

  template <bool Flush, class E, class O>
  SIMD_INLINE static uint64_t execute(Wave& wave, const MicroOp* op, const O& o, uint32_t* dst, uint64_t exec) {
    E env{};
    env.ieee = (wave.mode & mode::kIeee) != 0;
    env.vcc = wave.vcc();
    uint64_t mask = 0;
    // Lanes never depend on each other here and a vector's operands are all read before its results are written, so
    // that a destination may overlap the sources.
    if (D == Type::Mask || exec == ~0ull) [[likely]] {
#pragma GCC unroll(kChunks <= 4 ? kChunks : 1)
      for (unsigned c = 0; c < kChunks; ++c) {
        env.lane = c * kWidth;
        const Result r = evaluate<Flush>(env, o, c);
        if (r.again) [[unlikely]]
          return again<Flush>(wave, op, dst, exec, c);
        if constexpr (D != Type::Mask) store(dst + c * kWidth, r.lo);
        if constexpr (is64(D)) store(dst + kLanes + c * kWidth, r.hi);
        if constexpr (D == Type::Mask || kCarry) mask |= static_cast<uint64_t>(r.mask) << (c * kWidth);
      }
      return mask;
    }
    for (unsigned c = 0; c < kChunks; ++c) {
      const LaneMask active{static_cast<uint32_t>(exec >> (c * kWidth)) & static_cast<uint32_t>((1ull << kWidth) - 1)};
      if (active.bits == 0) continue;
      env.lane = c * kWidth;
      const Result r = evaluate<Flush>(env, o, c);
      if (r.again) [[unlikely]]
        return again<Flush>(wave, op, dst, exec, c);
      uint32_t* at = dst + c * kWidth;
      if constexpr (D != Type::Mask) store(at, select(active, r.lo, load(at)));
      if constexpr (is64(D)) store(at + kLanes, select(active, r.hi, load(at + kLanes)));
      if constexpr (kCarry) mask |= static_cast<uint64_t>(r.mask) << (c * kWidth);
    }
    return mask;
  }

  template <bool Flush>
  __attribute__((noinline)) static uint64_t compute(Wave& wave, const MicroOp* op, uint32_t* dst, uint64_t exec) {
    Operands o;
    prepare<A>(o, wave, op, 0);
    prepare<B>(o, wave, op, 1);
    prepare<C>(o, wave, op, 2);
    return execute<Flush, Env>(wave, op, o, dst, exec);
  }

  template <bool Flush>
  SIMD_INLINE static uint64_t attempt(Wave& wave, const MicroOp* op, uint32_t* dst, uint64_t exec) {
    Operands o;
    prepare<A>(o, wave, op, 0);
    prepare<B>(o, wave, op, 1);
    prepare<C>(o, wave, op, 2);
    return execute<Flush, QuickEnv>(wave, op, o, dst, exec);
  }

  // Runs `produce` into the destination and writes the lane mask, if there is one.
  template <class Produce>
  SIMD_INLINE static const MicroOp* deliver(Wave& wave, const MicroOp* op, Produce produce) {
    const uint64_t exec = wave.exec();
    if constexpr (D == Type::Mask) {
      const uint64_t mask = produce(nullptr, exec) & exec;
      wave.setPair(op->sdst, mask);
      if (op->flags & vector::kWritesExec) wave.setExec(mask);
    } else {
      const uint64_t mask = produce(wave.row(op->dst), exec) & exec;
      if constexpr (kCarry) wave.setPair(op->sdst, mask);
    }
    return next(op);
  }

  // What MODE asks for beside the default: flushing is common, and has code of its own.
  static const MicroOp* otherMode(Wave& wave, const MicroOp* op) {
    if constexpr (kFlushable) {
      if ((wave.mode & kModeMask) == kModeFlushing) {
        if (op->flags & vector::kKeepsDenormals) {
          return deliver(wave, op, [&](uint32_t* dst, uint64_t exec) { return compute<false>(wave, op, dst, exec); });
        }
        return deliver(wave, op,
                       [&](uint32_t* dst, uint64_t exec) SIMD_ALWAYS { return attempt<true>(wave, op, dst, exec); });
      }
    }
    return general(wave, op);
  }

  template <class Produce>
  SIMD_INLINE static const MicroOp* handle(Wave& wave, const MicroOp* op, Produce produce) {
    if constexpr (kModeMask != 0) {
      if ((wave.mode & kModeMask) != kModeWanted) [[unlikely]]
        return otherMode(wave, op);
    }
    return deliver(wave, op, produce);
  }

  static const MicroOp* plain(Wave& wave, const MicroOp* op) {
    return handle(wave, op,
                  [&](uint32_t* dst, uint64_t exec) SIMD_ALWAYS { return attempt<false>(wave, op, dst, exec); });
  }

  template <Type T>
  SIMD_INLINE static void prepareRegister(Operands& o, const Wave& wave, const MicroOp* op, unsigned i) {
    if constexpr (T == Type::Mask)
      o.masks[i] = wave.pair(op->src[i].index);
    else if constexpr (T != Type::None)
      o.rows[i] = {wave.vgpr + op->src[i].index * kLanes, kWidth};
  }
  // Every operand a vector register: nothing to ask, nothing to call.
  static const MicroOp* registers(Wave& wave, const MicroOp* op) {
    return handle(wave, op, [&](uint32_t* dst, uint64_t exec) SIMD_ALWAYS {
      Operands o;
      prepareRegister<A>(o, wave, op, 0);
      prepareRegister<B>(o, wave, op, 1);
      prepareRegister<C>(o, wave, op, 2);
      return execute<false, QuickEnv>(wave, op, o, dst, exec);
    });
  }

  static const MicroOp* uniform(Wave& wave, const MicroOp* op) {
    return handle(wave, op, [&](uint32_t* dst, uint64_t exec) SIMD_ALWAYS {
      UniformOperands o;
      o.first = splat(op->src[0].kind == SourceKind::Sgpr ? wave.sgpr[op->src[0].index] : op->literal);
      prepareRegister<B>(o, wave, op, 1);
      prepareRegister<C>(o, wave, op, 2);
      return execute<false, QuickEnv>(wave, op, o, dst, exec);
    });
  }
};

template <Type D, bool kCarry, Type A, Type B, Type C, class F>
constexpr Operation makeOperation(Opcode opcode, F) {
  using E = Executor<F, D, kCarry, A, B, C>;
  Operation operation{opcode, D, {A, B, C}, kCarry, &E::plain, &E::registers, nullptr, &E::template compute<false>};
  if constexpr (!E::kWide && E::kArity > 0 && A != Type::Mask) operation.uniform = &E::uniform;
  if constexpr (E::kFlushable) operation.flushing = &E::template compute<true>;
  return operation;
}
constexpr Operation withSaturation(Operation op, const Operation& saturated) {
  op.saturated = saturated.compute;
  return op;
}

#define WITH_ARITH(...)                                                    \
  [[maybe_unused]] const Arith<std::remove_cvref_t<decltype(e)>> arith{e}; \
  return __VA_ARGS__;
// An operation's row in a table: OP2(v_add_f32, F32, F32, F32, arith(a + b, a, b)). `e` is the Env.
#define OP1(name, D, A, ...)                                      \
  makeOperation<Type::D, false, Type::A, Type::None, Type::None>( \
      Opcode::name,                                               \
      []([[maybe_unused]] const auto& e, [[maybe_unused]] auto a) SIMD_ALWAYS { WITH_ARITH(__VA_ARGS__) })
#define OP2(name, D, A, B, ...)                                                                          \
  makeOperation<Type::D, false, Type::A, Type::B, Type::None>(                                           \
      Opcode::name, []([[maybe_unused]] const auto& e, [[maybe_unused]] auto a, [[maybe_unused]] auto b) \
                        SIMD_ALWAYS { WITH_ARITH(__VA_ARGS__) })
#define OP3(name, D, A, B, C, ...)                                                                       \
  makeOperation<Type::D, false, Type::A, Type::B, Type::C>(                                              \
      Opcode::name, []([[maybe_unused]] const auto& e, [[maybe_unused]] auto a, [[maybe_unused]] auto b, \
                       [[maybe_unused]] auto c) SIMD_ALWAYS { WITH_ARITH(__VA_ARGS__) })
// With a lane mask beside the result: the expression is a Carried.
#define CARRY2(name, D, A, B, ...)                                                                       \
  makeOperation<Type::D, true, Type::A, Type::B, Type::None>(                                            \
      Opcode::name, []([[maybe_unused]] const auto& e, [[maybe_unused]] auto a, [[maybe_unused]] auto b) \
                        SIMD_ALWAYS { return __VA_ARGS__; })
#define CARRY3(name, D, A, B, C, ...)                                                                    \
  makeOperation<Type::D, true, Type::A, Type::B, Type::C>(                                               \
      Opcode::name, []([[maybe_unused]] const auto& e, [[maybe_unused]] auto a, [[maybe_unused]] auto b, \
                       [[maybe_unused]] auto c) SIMD_ALWAYS { return __VA_ARGS__; })

struct OperationList {
  const Operation* rows;
  size_t count;
};
template <size_t N>
constexpr OperationList listOf(const Operation (&rows)[N]) {
  return {rows, N};
}

}  // namespace softgpu::SOFTGPU_SIMD_LEVEL
