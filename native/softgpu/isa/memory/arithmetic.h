// The arithmetic of atomic operations, on values. Global memory, LDS and DS instructions share it.
// Floats: CDNA2 ISA, 9.5 "Float Memory Atomics".
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "isa/memory/bits.h"
#include "isa/memory/half.h"

namespace softgpu::atomic {

struct Swap {
  template <class T>
  static T apply(T, T data) {
    return data;
  }
};
struct Add {
  template <class T>
  static T apply(T old, T data) {
    return old + data;
  }
};
struct Sub {
  template <class T>
  static T apply(T old, T data) {
    return old - data;
  }
};
struct ReverseSub {
  template <class T>
  static T apply(T old, T data) {
    return data - old;
  }
};
struct UMin {
  template <class T>
  static T apply(T old, T data) {
    return data < old ? data : old;
  }
};
struct UMax {
  template <class T>
  static T apply(T old, T data) {
    return data > old ? data : old;
  }
};
struct SMin {
  template <class T>
  static T apply(T old, T data) {
    using S = std::make_signed_t<T>;
    return static_cast<S>(data) < static_cast<S>(old) ? data : old;
  }
};
struct SMax {
  template <class T>
  static T apply(T old, T data) {
    using S = std::make_signed_t<T>;
    return static_cast<S>(data) > static_cast<S>(old) ? data : old;
  }
};
struct And {
  template <class T>
  static T apply(T old, T data) {
    return old & data;
  }
};
struct Or {
  template <class T>
  static T apply(T old, T data) {
    return old | data;
  }
};
struct Xor {
  template <class T>
  static T apply(T old, T data) {
    return old ^ data;
  }
};
struct Inc {
  template <class T>
  static T apply(T old, T data) {
    return old >= data ? T(0) : T(old + 1);
  }
};
struct Dec {
  template <class T>
  static T apply(T old, T data) {
    return old == 0 || old > data ? data : T(old - 1);
  }
};

// What MODE.fp_denorm allows; a flushed denormal keeps its sign.
struct Denormals {
  bool input = true, output = true;
};

template <class F>
F flush(F value, bool keep) {
  return !keep && std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(F(0), value) : value;
}

template <class F>
F quiet(F value) {
  using B = BitsOf<F>;
  return fromBits<F>(toBits(value) | (B(1) << (MantissaBits<F> - 1)));
}

template <class F>
bool isSignaling(F value) {
  return std::isnan(value) && !(toBits(value) >> (MantissaBits<F> - 1) & 1);
}

// `old` is the first operand, whose NaN wins. Infinity minus infinity is the NaN that VALU operations make too.
template <class F>
F addFloat(F old, F data, Denormals denormals) {
  old = flush(old, denormals.input);
  data = flush(data, denormals.input);
  if (std::isnan(old)) return quiet(old);
  if (std::isnan(data)) return quiet(data);
  if (std::isinf(old) && std::isinf(data) && std::signbit(old) != std::signbit(data)) {
    return quiet(fromBits<F>(toBits(-std::numeric_limits<F>::infinity())));
  }
  return flush<F>(old + data, denormals.output);
}

// -0 is less than +0 and a number wins over a quiet NaN. The chosen operand is stored as it was, denormal or not.
template <class F, bool Max>
F pickFloat(F old, F data, Denormals denormals) {
  if (isSignaling(old)) return quiet(old);
  if (isSignaling(data)) return quiet(data);
  if (std::isnan(old)) return data;
  if (std::isnan(data)) return old;
  F a = flush(old, denormals.input), b = flush(data, denormals.input);
  bool less = b < a || (b == a && std::signbit(b) && !std::signbit(a));
  bool greater = b > a || (b == a && !std::signbit(b) && std::signbit(a));
  return (Max ? greater : less) ? data : old;
}
template <class F>
F minFloat(F old, F data, Denormals d) {
  return pickFloat<F, false>(old, data, d);
}
template <class F>
F maxFloat(F old, F data, Denormals d) {
  return pickFloat<F, true>(old, data, d);
}

// Each half is added exactly in f32 and rounded once: 24 bits hold twice 11 and two more.
inline uint32_t packedAddHalf(uint32_t old, uint32_t data) {
  auto add = [](uint16_t a, uint16_t b) { return floatToHalf(addFloat(halfToFloat(a), halfToFloat(b), {})); };
  return add(uint16_t(old), uint16_t(data)) | uint32_t(add(uint16_t(old >> 16), uint16_t(data >> 16))) << 16;
}

// Float atomics round to nearest even whatever the wave's MODE is, and the host's own modes may follow the wave's.
class HostRounding {
 public:
  HostRounding();
  ~HostRounding();
  HostRounding(const HostRounding&) = delete;
  HostRounding& operator=(const HostRounding&) = delete;

 private:
  uint32_t saved_;
};

}  // namespace softgpu::atomic
