/* options: -O3 -ffp-contract=off
   Correctly rounded operations: every bit as the host's. */
#include <float.h>

#include "check.h"

enum { N = 512, OPERATIONS = 10 };

int main(void) {
  static double a[N], b[N], got[OPERATIONS][N];
  static float c[N], d[N], single[OPERATIONS][N];
  static const double edges[] = {
      0.0,     -0.0,        1.0,      -1.0,      0.5,      3.0,       1e308,  -1e308,
      DBL_MIN, DBL_MIN / 3, 4.9e-324, -4.9e-324, INFINITY, -INFINITY, 1e-160, 1.7976931348623157e308,
      0.1,     1.0 / 3};
  const int count = sizeof edges / sizeof *edges;
  for (int i = 0; i < N; i++) {
    if (i < count * count) {
      a[i] = edges[i / count];
      b[i] = edges[i % count];
    } else {
      const uint64_t x = scramble((uint64_t)i), y = scramble(x);
      a[i] = ldexp((double)(int64_t)x, (int)(y % 400) - 200);
      b[i] = ldexp((double)(int64_t)y, (int)(x % 300) - 150);
    }
    c[i] = (float)a[i];
    d[i] = (float)b[i];
  }
  int host = 1;
#pragma omp target parallel for map(to : a, b, c, d) map(from : got, single) map(tofrom : host)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    const double x = a[i], y = b[i];
    got[0][i] = x + y;
    got[1][i] = x - y;
    got[2][i] = x * y;
    got[3][i] = x / y;
    got[4][i] = sqrt(fabs(x));
    got[5][i] = __builtin_fma(x, y, 1.5);
    got[6][i] = floor(x * 1e-3);
    got[7][i] = trunc(x) + ceil(y);
    got[8][i] = (double)(float)x;
    got[9][i] = x < y ? fmin(x, y) : fmax(x, y);
    const float u = c[i], v = d[i];
    single[0][i] = u + v;
    single[1][i] = u - v;
    single[2][i] = u * v;
    single[3][i] = u / v;
    single[4][i] = sqrtf(fabsf(u));
    single[5][i] = __builtin_fmaf(u, v, 1.5f);
    single[6][i] = floorf(u * 1e-3f);
    single[7][i] = truncf(u) + ceilf(v);
    single[8][i] = (float)(int)fmaxf(-1e9f, fminf(1e9f, u));
    single[9][i] = u < v ? fminf(u, v) : fmaxf(u, v);
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    const double x = a[i], y = b[i];
    const double wanted[OPERATIONS] = {x + y,
                                       x - y,
                                       x * y,
                                       x / y,
                                       sqrt(fabs(x)),
                                       fma(x, y, 1.5),
                                       floor(x * 1e-3),
                                       trunc(x) + ceil(y),
                                       (double)(float)x,
                                       x < y ? fmin(x, y) : fmax(x, y)};
    const float u = c[i], v = d[i];
    const float wantedSingle[OPERATIONS] = {u + v,
                                            u - v,
                                            u * v,
                                            u / v,
                                            sqrtf(fabsf(u)),
                                            fmaf(u, v, 1.5f),
                                            floorf(u * 1e-3f),
                                            truncf(u) + ceilf(v),
                                            (float)(int)fmaxf(-1e9f, fminf(1e9f, u)),
                                            u < v ? fminf(u, v) : fmaxf(u, v)};
    for (int k = 0; k < OPERATIONS; k++) {
      /* Of two zeros, fmin and fmax may answer either (C11, F.10.9.2). */
      const int either = k == 9;
      check_real("f64", k * 1000 + i, either ? got[k][i] + 0.0 : got[k][i], either ? wanted[k] + 0.0 : wanted[k], 0);
      check_real("f32", k * 1000 + i, either ? single[k][i] + 0.0f : single[k][i],
                 either ? wantedSingle[k] + 0.0f : wantedSingle[k], 0);
    }
  }
  return finish();
}
