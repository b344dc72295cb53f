// Atomic operations on global memory: atomic against host threads and every other wave, in lane order.
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "isa/memory/access.h"
#include "isa/memory/arithmetic.h"
#include "isa/memory/rows.h"

namespace softgpu {

namespace atomic {

#if defined(__SSE2__)
HostRounding::HostRounding() : saved_(_mm_getcsr()) {
  _mm_setcsr(0x1f80);
}  // nearest even, denormals kept, no traps
HostRounding::~HostRounding() {
  _mm_setcsr(saved_);
}
#else
HostRounding::HostRounding() : saved_(0) {}
HostRounding::~HostRounding() = default;
#endif

}  // namespace atomic

namespace {

template <class T, class F>
T replace(T* target, F compute) {
  T old = __atomic_load_n(target, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(target, &old, compute(old), true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  return old;
}

template <class T, class Op>
T perform(T* target, T data) {
  if constexpr (std::is_same_v<Op, atomic::Swap>) return __atomic_exchange_n(target, data, __ATOMIC_SEQ_CST);
  if constexpr (std::is_same_v<Op, atomic::Add>) return __atomic_fetch_add(target, data, __ATOMIC_SEQ_CST);
  if constexpr (std::is_same_v<Op, atomic::Sub>) return __atomic_fetch_sub(target, data, __ATOMIC_SEQ_CST);
  if constexpr (std::is_same_v<Op, atomic::And>) return __atomic_fetch_and(target, data, __ATOMIC_SEQ_CST);
  if constexpr (std::is_same_v<Op, atomic::Or>) return __atomic_fetch_or(target, data, __ATOMIC_SEQ_CST);
  if constexpr (std::is_same_v<Op, atomic::Xor>) return __atomic_fetch_xor(target, data, __ATOMIC_SEQ_CST);
  return replace(target, [data](T old) { return Op::apply(old, data); });
}

// `each` performs one lane's operation and answers what memory held before.
template <class T, class Each>
void forAllLanes(Wave& wave, const MicroOp* op, const Lanes& lanes, Each each) {
  const uint32_t* data = memoryRow(wave, op->src[1].index);
  uint32_t* result = op->dst == kNoRow ? nullptr : memoryRow(wave, op->dst);
  forEachLane(lanes.exec, [&](unsigned lane) {
    T old = each(reinterpret_cast<T*>(lanes.at(lane)), data, lane);
    if (result) writeRow<T>(result, lane, old);
  });
}

// Lanes that all count at one address: the sum is added once, and each lane sees what the lanes before it left.
template <class T>
void addTogether(Wave& wave, const MicroOp* op, const Lanes& lanes, bool negative) {
  const uint32_t* data = memoryRow(wave, op->src[1].index);
  uint32_t* result = op->dst == kNoRow ? nullptr : memoryRow(wave, op->dst);
  auto change = [&](unsigned lane) { return negative ? T(0) - readRow<T>(data, lane) : readRow<T>(data, lane); };
  T sum = 0;
  forEachLane(lanes.exec, [&](unsigned lane) { sum += change(lane); });
  T seen = __atomic_fetch_add(reinterpret_cast<T*>(lanes.at(lanes.first())), sum, __ATOMIC_SEQ_CST);
  if (!result) return;
  forEachLane(lanes.exec, [&](unsigned lane) {
    const T own = change(lane);  // the result may replace it
    writeRow<T>(result, lane, seen);
    seen += own;
  });
}

template <class T, class Op>
void integer(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  constexpr bool kSub = std::is_same_v<Op, atomic::Sub>;
  if constexpr (kSub || std::is_same_v<Op, atomic::Add>) {
    if (lanes.shape == Shape::Uniform) return addTogether<T>(wave, op, lanes, kSub);
  }
  forAllLanes<T>(wave, op, lanes, [](T* target, const uint32_t* data, unsigned lane) {
    return perform<T, Op>(target, readRow<T>(data, lane));
  });
}

// The data registers hold the new value, then the one to compare with (Vega ISA, 12.14; DS has them the other way
// round).
template <class T>
void compareSwap(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  forAllLanes<T>(wave, op, lanes, [](T* target, const uint32_t* data, unsigned lane) {
    T source = readRow<T>(data, lane), old = readRow<T>(data + sizeof(T) / 4 * kLanes, lane);
    __atomic_compare_exchange_n(target, &old, source, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return old;
  });
}

template <class F, F (*Compute)(F, F, atomic::Denormals), bool Keep>
void floating(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  using B = BitsOf<F>;
  atomic::HostRounding rounding;
  forAllLanes<B>(wave, op, lanes, [](B* target, const uint32_t* data, unsigned lane) {
    F value = fromBits<F>(readRow<B>(data, lane));
    return replace(target, [value](B old) { return toBits(Compute(fromBits<F>(old), value, {Keep, Keep})); });
  });
}

void packedAdd(Wave& wave, const MicroOp* op, const Lanes& lanes) {
  atomic::HostRounding rounding;
  forAllLanes<uint32_t>(wave, op, lanes, [](uint32_t* target, const uint32_t* data, unsigned lane) {
    return replace(target, [value = data[lane]](uint32_t old) { return atomic::packedAddHalf(old, value); });
  });
}

}  // namespace

#define BOTH_WIDTHS(T)                                                                                        \
  integer<T, atomic::Swap>, compareSwap<T>, integer<T, atomic::Add>, integer<T, atomic::Sub>,                 \
      integer<T, atomic::SMin>, integer<T, atomic::UMin>, integer<T, atomic::SMax>, integer<T, atomic::UMax>, \
      integer<T, atomic::And>, integer<T, atomic::Or>, integer<T, atomic::Xor>, integer<T, atomic::Inc>,      \
      integer<T, atomic::Dec>

// In the order of `Access`. L2 flushes the denormals of f32 additions and no others (CDNA2 ISA, table 43).
const std::array<AccessFunction, static_cast<size_t>(Access::count) - static_cast<size_t>(Access::moves)>
    kAtomicAccess = {
        BOTH_WIDTHS(uint32_t),
        BOTH_WIDTHS(uint64_t),
        floating<float, atomic::addFloat<float>, false>,
        packedAdd,
        floating<double, atomic::addFloat<double>, true>,
        floating<double, atomic::minFloat<double>, true>,
        floating<double, atomic::maxFloat<double>, true>,
};

}  // namespace softgpu
