/* Quotients and remainders of every width, which the device has no instruction for. */
#include "check.h"

enum { N = 576, KINDS = 8 };

int main(void) {
  static int64_t a[N], b[N], got[KINDS][N];
  static const int64_t edges[] = {1,
                                  -1,
                                  2,
                                  -2,
                                  3,
                                  7,
                                  -7,
                                  10,
                                  1000000007,
                                  INT32_MAX,
                                  INT32_MIN,
                                  UINT32_MAX,
                                  1L << 32,
                                  (1L << 32) - 5,
                                  INT64_MAX,
                                  INT64_MIN + 1,
                                  INT64_MIN,
                                  1L << 53,
                                  0x123456789abcdef,
                                  -0x123456789abcdef,
                                  255,
                                  65537,
                                  -1000,
                                  6};
  const int count = sizeof edges / sizeof *edges;
  for (int i = 0; i < N; i++) {
    a[i] = edges[i / count];
    b[i] = edges[i % count];
    if (a[i] == INT64_MIN && b[i] == -1) b[i] = 5; /* overflows in C */
  }
  int host = 1;
#pragma omp target teams distribute parallel for num_teams(2) map(to : a, b) map(from : got) map(tofrom : host)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    got[0][i] = a[i] / b[i];
    got[1][i] = a[i] % b[i];
    got[2][i] = (int64_t)((uint64_t)a[i] / (uint64_t)b[i]);
    got[3][i] = (int64_t)((uint64_t)a[i] % (uint64_t)b[i]);
    const int32_t c = (int32_t)(a[i] >> 1), d = (int32_t)b[i] | 1;
    got[4][i] = d == -1 ? 0 : c / d;
    got[5][i] = d == -1 ? 0 : c % d;
    got[6][i] = (uint32_t)c / (uint32_t)d;
    got[7][i] = (int64_t)((unsigned __int128)(uint64_t)a[i] * (uint64_t)b[i] >> 64);
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    const int32_t c = (int32_t)(a[i] >> 1), d = (int32_t)b[i] | 1;
    const int64_t wanted[KINDS] = {a[i] / b[i],
                                   a[i] % b[i],
                                   (int64_t)((uint64_t)a[i] / (uint64_t)b[i]),
                                   (int64_t)((uint64_t)a[i] % (uint64_t)b[i]),
                                   d == -1 ? 0 : c / d,
                                   d == -1 ? 0 : c % d,
                                   (uint32_t)c / (uint32_t)d,
                                   (int64_t)((unsigned __int128)(uint64_t)a[i] * (uint64_t)b[i] >> 64)};
    for (int k = 0; k < KINDS; k++) check_int("quotient", k * 1000 + i, got[k][i], wanted[k]);
  }
  return finish();
}
