// The kernels that float.c and double.c have in common. T: the type; X(k): its k-th input; OUT: puts one; B(f): the
// builtin.
ITEM(NAME(arithmetic), KIND) {
  const T x = X(0), y = X(1), z = X(2);
  OUT(x + y), OUT(x - y), OUT(x * y), OUT(-x), OUT(x * y + z), OUT(x * y - z), OUT((x + y) + z), OUT(x * x - y * y);
  OUT(x * 2 + 1), OUT(x * (T)0.5), OUT(x * 4), OUT(-x * y), OUT(B(fabs)(x) - B(fabs)(y)), OUT(x - (T)0.1);
}

ITEM(NAME(divide), KIND) {
  const T x = X(0), y = X(1), z = X(2);
  OUT(x / y), OUT(y / x), OUT(1 / x), OUT(-1 / y), OUT(x / 3), OUT(x / (T)0.1), OUT((x + y) / z), OUT(x / y / z),
      OUT(2 / (x * y));
}

ITEM(NAME(root), KIND) {
  const T x = B(fabs)(X(0)), y = B(fabs)(X(1));
  OUT(B(sqrt)(x)), OUT(1 / B(sqrt)(x)), OUT(B(sqrt)(x * x + y * y)), OUT(B(sqrt)(B(sqrt)(y))), OUT(B(sqrt)(X(0))),
      OUT(x / B(sqrt)(y));
}

ITEM(NAME(round), KIND) {
  for (u32 k = 0; k < 2; ++k) {
    const T x = X(k);
    OUT(B(floor)(x)), OUT(B(ceil)(x)), OUT(B(trunc)(x)), OUT(B(rint)(x)), OUT(B(round)(x)), OUT(B(nearbyint)(x)),
        OUT(x - B(floor)(x));
  }
}

ITEM(NAME(compare), KIND) {
  const T x = X(0), y = X(1), z = X(2);
  PUT((x < y) | (x <= y) << 1 | (x > y) << 2 | (x >= y) << 3 | (x == y) << 4 | (x != y) << 5 | !(x < y) << 6 |
      !(x >= y) << 7 | __builtin_isunordered(x, y) << 8 | __builtin_islessgreater(x, y) << 9 | (x == 0) << 10 |
      (x < 0) << 11 | !x << 12);
  OUT(x < y ? x : y), OUT(x > y ? x : y), OUT(x < y ? z : x == y ? x : y), OUT((x < y && y < z) || z < 0 ? x : z);
  PUT((x > 0) - (x < 0)), OUT(x < -1 ? -1 : x > 1 ? 1 : x);
}

ITEM(NAME(extremes), KIND) {  // + 0: which zero is the smaller is left open
  const T x = X(0), y = X(1), z = X(2);
  OUT(B(fmin)(x, y) + 0), OUT(B(fmax)(x, y) + 0), OUT(B(fmin)(B(fmin)(x, y), z) + 0),
      OUT(B(fmax)(B(fmax)(x, y), z) + 0);
  OUT(B(fmin)(B(fmax)(x, -1), 1) + 0), OUT(B(fmax)(B(fmin)(x, 1), 0) + 0), OUT(B(fmin)(B(fabs)(x), B(fabs)(y)) + 0);
}

ITEM(NAME(fused), KIND) {
  const T x = X(0), y = X(1), z = X(2);
  OUT(B(fma)(x, y, z)), OUT(B(fma)(-x, y, z)), OUT(B(fma)(x, y, -z)), OUT(B(fma)(x, x, -x * x)),
      OUT(B(fma)(x, y, -(x * y)));
  OUT(B(fma)(B(fabs)(x), 2, 1)), OUT(B(fma)(x, (T)0.5, y));
}

ITEM(NAME(classify), KIND) {
  for (u32 k = 0; k < 3; ++k) {
    const T x = X(k);
    PUT(__builtin_isnan(x) | __builtin_isinf(x) << 1 | __builtin_isfinite(x) << 2 | __builtin_isnormal(x) << 3 |
        !!__builtin_signbit(x) << 4 | __builtin_fpclassify(1, 2, 3, 4, 5, x) << 8 | __builtin_issubnormal(x) << 12 |
        __builtin_iszero(x) << 13);
    OUT(B(copysign)(x, X(2))), OUT(B(copysign)(1, x)), OUT(-B(fabs)(x));
  }
}

#ifndef SCALED
#ifdef __clang__
#define SCALED(x, n) B(ldexp)(x, n)
#else
// GCC's programs call newlib's ldexpf, which makes zeros of the smallest denormals.
#define SCALED(x, n) (B(fabs)(B(ldexp)(x, n)) < (T)0x1p-126 ? 0 : B(ldexp)(x, n))
#endif
#endif

ITEM(NAME(exponents), KIND) {
  for (u32 k = 0; k < 3; ++k) {
    const T x = X(k);
    int e = 0;
    const T fraction = B(frexp)(x, &e);
    OUT(fraction), PUT(__builtin_isfinite(x) ? e : 0);
    const i32 n = (i32)(in[7 - k] % 600) - 300;
    OUT(SCALED(x, n)), OUT(SCALED(x, n / 8)), OUT(SCALED(x, -1));
  }
}

ITEM(NAME(polynomial), KIND) {
  T sum = 0, power = 1;
  const T x = X(0);
  for (u32 k = 1; k < 20; ++k) {
    sum += power / (T)k;
    power *= x;
  }
  OUT(sum), OUT(power);
  OUT((((x * (T)0.25 + (T)1.5) * x - (T)0.75) * x + 3) * x - 1);
}

ITEM(NAME(newton), KIND) {
  const T x = B(fabs)(X(0));
  T guess = x > 1 ? x / 2 : 1;
  for (u32 k = 0; k < 40 && guess > 0 && B(fabs)(guess * guess - x) > x * (T)1e-3; ++k)
    guess = (guess + x / guess) * (T)0.5;
  OUT(guess);
}

ITEM(NAME(compensated), KIND) {
  T sum = 0, rest = 0;
  for (u32 k = 0; k < 16; ++k) {
    const T term = X(k % 4) / (T)(k + 1), y = term - rest, t = sum + y;
    rest = (t - sum) - y;
    sum = t;
  }
  OUT(sum), OUT(rest);
}

ITEM(NAME(mandelbrot), KIND) {
  const T cx = (T)(in[0] % 3000) / 1000 - 2, cy = (T)(in[1] % 2000) / 1000 - 1;
  T x = 0, y = 0;
  u32 steps = 0;
  for (; steps < 100 && x * x + y * y < 4; ++steps) {
    const T next = x * x - y * y + cx;
    y = 2 * x * y + cy;
    x = next;
  }
  PUT(steps), OUT(x), OUT(y);
}

ITEM(NAME(complex), KIND) {
  const T a = X(0), b = X(1), c = X(2), d = X(3), scale = c * c + d * d;
  OUT(a * c - b * d), OUT(a * d + b * c), OUT((a * c + b * d) / scale), OUT((b * c - a * d) / scale),
      OUT(B(sqrt)(a * a + b * b));
}
