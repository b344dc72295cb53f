/* The device's C library against the host's: a few units in the last place. */
#include "check.h"

enum { N = 256, FUNCTIONS = 16 };

static const char* const names[FUNCTIONS] = {"sin",  "cos",  "tan",  "exp", "log",    "pow",   "atan", "asin",
                                             "sinh", "exp2", "cbrt", "erf", "lgamma", "log10", "fmod", "hypot"};

int main(void) {
  static double x[N], got[FUNCTIONS][N];
  static float single[8][N];
  for (int i = 0; i < N; i++) x[i] = (double)(int64_t)scramble((uint64_t)i) * 0x1p-63 * (i < 128 ? 1 : 20) + 1e-9;
  int host = 1;
#pragma omp target parallel for map(to : x) map(from : got, single) map(tofrom : host)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    const double v = x[i], size = fabs(v), unit = v / (1 + size);
    got[0][i] = sin(v);
    got[1][i] = cos(v);
    got[2][i] = tan(v);
    got[3][i] = exp(v);
    got[4][i] = log(size);
    got[5][i] = pow(size, 1.75);
    got[6][i] = atan(v);
    got[7][i] = asin(unit);
    got[8][i] = sinh(v);
    got[9][i] = exp2(v);
    got[10][i] = cbrt(v);
    got[11][i] = erf(v);
    got[12][i] = lgamma(size + 3);
    got[13][i] = log10(size);
    got[14][i] = fmod(v * 1e3, 0.7);
    got[15][i] = hypot(v, 3);
    const float f = (float)v;
    single[0][i] = sinf(f);
    single[1][i] = cosf(f);
    single[2][i] = expf(f);
    single[3][i] = logf(fabsf(f));
    single[4][i] = powf(fabsf(f), 1.75f);
    single[5][i] = atanf(f);
    single[6][i] = sqrtf(fabsf(f));
    single[7][i] = tanhf(f);
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    const double v = x[i], size = fabs(v), unit = v / (1 + size);
    const double wanted[FUNCTIONS] = {
        sin(v),  cos(v),  tan(v), exp(v),           log(size),   pow(size, 1.75),    atan(v),    asin(unit), sinh(v),
        exp2(v), cbrt(v), erf(v), lgamma(size + 3), log10(size), fmod(v * 1e3, 0.7), hypot(v, 3)};
    for (int k = 0; k < FUNCTIONS; k++) check_real(names[k], i, got[k][i], wanted[k], k == 14 ? 0 : 8 * 0x1p-53);
    const float f = (float)v;
    const float wantedSingle[8] = {sinf(f),  cosf(f),         expf(f), logf(fabsf(f)), powf(fabsf(f), 1.75f),
                                   atanf(f), sqrtf(fabsf(f)), tanhf(f)};
    for (int k = 0; k < 8; k++)
      check_real("float", k * 1000 + i, single[k][i], wantedSingle[k], k == 6 ? 0 : 8 * 0x1p-24);
  }
  return finish();
}
