// DS atomics: returning and not, with data from registers or (SRC2) from LDS itself. A workgroup runs on one host
// thread, so plain reads and writes are atomic here.
#include "isa/lds/atomic.h"

#include <cstring>

#include "isa/lds/check.h"
#include "isa/lds/operands.h"
#include "isa/memory/arithmetic.h"
#include "isa/memory/rows.h"

namespace softgpu::lds {

namespace {

// An operation: the value that LDS gets, from what it held and the data registers.
template <class T>
using Compute = T (*)(const Wave&, T old, T data, T data2);

template <class T, class Op>
T simple(const Wave&, T old, T data, T) {
  return Op::apply(old, data);
}
template <class T>
T maskOr(const Wave&, T old, T mask, T value) {
  return (old & ~mask) | value;
}
template <class T>
T wrap(const Wave&, T old, T data, T data2) {
  return old >= data ? old - data : old + data2;
}
// Unlike buffer_atomic_cmpswap: the first data register is compared with, the second stored.
template <class T>
T compareStore(const Wave&, T old, T compare, T source) {
  return old == compare ? source : old;
}
// Two conditional exchanges of a dword each: bit 31 of the data allows the store of the other 31 bits.
uint64_t conditionalExchange(const Wave&, uint64_t old, uint64_t data, uint64_t) {
  auto half = [](uint32_t was, uint32_t with) { return with >> 31 ? with & 0x7fffffff : was; };
  return half(static_cast<uint32_t>(old), static_cast<uint32_t>(data)) |
         uint64_t{half(static_cast<uint32_t>(old >> 32), static_cast<uint32_t>(data >> 32))} << 32;
}

// MODE says which denormals the f32 and f64 units of LDS keep; the f64 adder keeps them all (CDNA2 ISA, table 43).
template <class F>
atomic::Denormals denormalsOf(const Wave& wave) {
  const unsigned bits = wave.mode >> (sizeof(F) == 8 ? 6 : 4) & 3;
  return {(bits & 1) != 0, (bits & 2) != 0};
}
template <class F, F (*Pick)(F, F, atomic::Denormals)>
BitsOf<F> floating(const Wave& wave, BitsOf<F> old, BitsOf<F> data, BitsOf<F>) {
  return toBits(Pick(fromBits<F>(old), fromBits<F>(data), denormalsOf<F>(wave)));
}
uint64_t addDouble(const Wave&, uint64_t old, uint64_t data, uint64_t) {
  return toBits(atomic::addFloat(fromBits<double>(old), fromBits<double>(data), {}));
}
// +0 equals -0, a NaN equals nothing. What is stored is flushed where inputs are.
template <class F>
BitsOf<F> compareStoreFloat(const Wave& wave, BitsOf<F> old, BitsOf<F> compare, BitsOf<F> source) {
  const auto denormals = denormalsOf<F>(wave);
  auto input = [&](BitsOf<F> bits) { return atomic::flush(fromBits<F>(bits), denormals.input); };
  return input(old) == input(compare) ? toBits(input(source)) : old;
}

struct NoRounding {
  NoRounding() {}  // not trivial, so that an unused one is no warning
};
template <bool Float>
using Rounding = std::conditional_t<Float, atomic::HostRounding, NoRounding>;

// In lane order. Out of range, nothing is stored and zero is returned.
template <class T, Compute<T> compute, bool Float = false>
const MicroOp* atomicHandler(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint32_t* data = memoryRow(wave, op->src[1].index);
  const uint32_t* data2 = op->src[2].index == kNoRow ? data : memoryRow(wave, op->src[2].index);
  uint32_t* result = op->dst == kNoRow ? nullptr : memoryRow(wave, op->dst);
  // Copies, which the stores to LDS cannot change as far as the compiler knows.
  const uint64_t limit = limitOf(wave), exec = wave.exec();
  const uint32_t offset = static_cast<uint32_t>(op->imm);
  uint8_t* const lds = wave.lds;
  if (!everyLaneAligned(wave, op, offset, sizeof(T))) return nullptr;
  Rounding<Float> rounding;
  const auto each = [&](unsigned lane) {
    const uint32_t at = address[lane] + offset;
    T old = 0;
    if (uint64_t{at} + sizeof(T) <= limit) [[likely]] {
      std::memcpy(&old, lds + at, sizeof(T));
      const T value = compute(wave, old, readRow<T>(data, lane), readRow<T>(data2, lane));
      std::memcpy(lds + at, &value, sizeof(T));
    }
    return old;
  };
  if (result) {
    forEachLane(exec, [&](unsigned lane) { writeRow<T>(result, lane, each(lane)); });
  } else if (exec == ~0ull) {
    for (unsigned lane = 0; lane < kLanes; ++lane) each(lane);
  } else {
    forEachLane(exec, each);
  }
  return next(op);
}

// DS_WRXCHG2: two exchanges at two addresses.
template <class T>
const MicroOp* exchange2Handler(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint32_t* data[2] = {memoryRow(wave, op->src[1].index), memoryRow(wave, op->src[2].index)};
  uint32_t* result = memoryRow(wave, op->dst);
  const uint32_t offset[2] = {static_cast<uint32_t>(op->imm), op->literal};
  const uint64_t limit = limitOf(wave);
  if (!everyLaneAligned(wave, op, 0, sizeof(T))) return nullptr;
  forEachLane(wave.exec(), [&](unsigned lane) {
    const uint32_t base = address[lane];  // the results may overwrite the row
    const T value[2] = {readRow<T>(data[0], lane), readRow<T>(data[1], lane)};
    for (unsigned k = 0; k < 2; ++k) {
      const uint32_t at = base + offset[k];
      T old = 0;
      if (uint64_t{at} + sizeof(T) <= limit) {
        std::memcpy(&old, wave.lds + at, sizeof(T));
        std::memcpy(wave.lds + at, value + k, sizeof(T));
      }
      writeRow<T>(result + k * sizeof(T) / 4 * kLanes, lane, old);
    }
  });
  return next(op);
}

// Vega ISA, 10.3.3 "SRC2 Ops": the data lie at a signed dword offset that the instruction or the address register
// holds.
template <class T, Compute<T> compute, bool Float = false>
const MicroOp* source2Handler(Wave& wave, const MicroOp* op) {
  const uint32_t* address = memoryRow(wave, op->src[0].index);
  const uint64_t limit = limitOf(wave);
  const bool perLane = op->imm & 0x8000;
  const uint32_t shared = static_cast<uint32_t>(op->imm << 17) >> 17;
  const uint32_t distance = (shared ^ 0x4000) - 0x4000;  // sign-extended from 15 bits
  if (!everyLaneAligned(wave, op, 0, 4)) return nullptr;
  Rounding<Float> rounding;
  forEachLane(wave.exec(), [&](unsigned lane) {
    const uint32_t word = address[lane];
    const uint32_t to = perLane ? word & 0x1ffff : word;
    const uint32_t dwords = perLane ? static_cast<uint32_t>(static_cast<int32_t>(word) >> 17) : distance;
    const uint32_t from = to + dwords * 4;
    if (uint64_t{to} + sizeof(T) > limit) return;
    T old, data = 0;
    std::memcpy(&old, wave.lds + to, sizeof(T));
    if (uint64_t{from} + sizeof(T) <= limit) std::memcpy(&data, wave.lds + from, sizeof(T));
    const T value = compute(wave, old, data, data);
    std::memcpy(wave.lds + to, &value, sizeof(T));
  });
  return next(op);
}

}  // namespace

#define RETURNING_TOO(name, type, width, T, ...) \
  case Opcode::ds_##name##_##type##width:        \
  case Opcode::ds_##name##_rtn_##type##width:    \
    return atomicHandler<T, __VA_ARGS__>;
#define SOURCE2(name, type, width, T, ...)     \
  case Opcode::ds_##name##_src2_##type##width: \
    return source2Handler<T, __VA_ARGS__>;
#define WITH_SOURCE2(name, type, width, T, ...)    \
  RETURNING_TOO(name, type, width, T, __VA_ARGS__) \
  SOURCE2(name, type, width, T, __VA_ARGS__)

#define INTEGER_ATOMICS(width, T)                                \
  WITH_SOURCE2(add, u, width, T, simple<T, atomic::Add>)         \
  WITH_SOURCE2(sub, u, width, T, simple<T, atomic::Sub>)         \
  WITH_SOURCE2(rsub, u, width, T, simple<T, atomic::ReverseSub>) \
  WITH_SOURCE2(inc, u, width, T, simple<T, atomic::Inc>)         \
  WITH_SOURCE2(dec, u, width, T, simple<T, atomic::Dec>)         \
  WITH_SOURCE2(min, i, width, T, simple<T, atomic::SMin>)        \
  WITH_SOURCE2(max, i, width, T, simple<T, atomic::SMax>)        \
  WITH_SOURCE2(min, u, width, T, simple<T, atomic::UMin>)        \
  WITH_SOURCE2(max, u, width, T, simple<T, atomic::UMax>)        \
  WITH_SOURCE2(and, b, width, T, simple<T, atomic::And>)         \
  WITH_SOURCE2(or, b, width, T, simple<T, atomic::Or>)           \
  WITH_SOURCE2(xor, b, width, T, simple<T, atomic::Xor>)         \
  RETURNING_TOO(mskor, b, width, T, maskOr<T>)                   \
  RETURNING_TOO(cmpst, b, width, T, compareStore<T>)             \
  SOURCE2(write, b, width, T, simple<T, atomic::Swap>)           \
  case Opcode::ds_wrxchg_rtn_b##width:                           \
    return atomicHandler<T, simple<T, atomic::Swap>>;            \
  case Opcode::ds_wrxchg2_rtn_b##width:                          \
  case Opcode::ds_wrxchg2st64_rtn_b##width:                      \
    return exchange2Handler<T>;

#define FLOAT_ATOMICS(width, T, F)                                       \
  WITH_SOURCE2(min, f, width, T, floating<F, atomic::minFloat<F>>, true) \
  WITH_SOURCE2(max, f, width, T, floating<F, atomic::maxFloat<F>>, true) \
  RETURNING_TOO(cmpst, f, width, T, compareStoreFloat<F>, true)

Handler atomicHandlerOf(Opcode opcode) {
  switch (opcode) {
    INTEGER_ATOMICS(32, uint32_t)
    INTEGER_ATOMICS(64, uint64_t)
    FLOAT_ATOMICS(32, uint32_t, float)
    FLOAT_ATOMICS(64, uint64_t, double)
    WITH_SOURCE2(add, f, 32, uint32_t, floating<float, atomic::addFloat<float>>, true)
    RETURNING_TOO(add, f, 64, uint64_t, addDouble, true)
    case Opcode::ds_wrap_rtn_b32:
      return atomicHandler<uint32_t, wrap<uint32_t>>;
    case Opcode::ds_condxchg32_rtn_b64:
      return atomicHandler<uint64_t, conditionalExchange>;
    default:
      return nullptr;
  }
}

}  // namespace softgpu::lds
