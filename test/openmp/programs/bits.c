/* options: -O0
   Integers of every width, as unoptimised code handles them: conversions, shifts, bit counting, overflow, bit-fields.
 */
#include "check.h"

enum { N = 100, KINDS = 14 };

struct __attribute__((packed)) odd {
  uint8_t tag;
  uint16_t half;
  uint32_t word;
  uint64_t wide;
};
struct fields {
  unsigned a : 3;
  int b : 7;
  unsigned long c : 41;
};

#pragma omp declare target
static void compute(int64_t x, int64_t* out) {
  const uint64_t u = (uint64_t)x;
  const unsigned n = u & 63;
  out[0] = (int8_t)x + (uint8_t)x;
  out[1] = (int16_t)x * (uint16_t)(x >> 5);
  out[2] = (int64_t)(u << n) + (x >> n) + (int64_t)(u >> (63 - n));
  out[3] = __builtin_popcountll(u) + __builtin_parity((unsigned)u);
  out[4] = u ? __builtin_clzll(u) * 100 + __builtin_ctzll(u) : -1;
  out[5] = (int64_t)__builtin_bswap64(u) ^ __builtin_bswap32((uint32_t)u);
  int32_t sum;
  const int over = __builtin_add_overflow((int32_t)x, (int32_t)(x >> 32), &sum);
  out[6] = over ? -1 : sum;
  const __int128 wide = (__int128)x * 1000003 - x;
  out[7] = (int64_t)(wide >> 17);
  struct odd odd = {(uint8_t)x, (uint16_t)(x >> 3), (uint32_t)(x >> 9), u * 3};
  volatile struct odd* p = &odd;
  out[8] = (int64_t)(p->tag + p->half + p->word + p->wide);
  struct fields f = {(unsigned)x & 7, (int)(x << 25) >> 25, u & ((1ul << 41) - 1)};
  f.b = f.b / 2;
  out[9] = f.a + f.b + (int64_t)f.c;
  out[10] = (int64_t)(double)x + (int64_t)(float)(int32_t)x;
  out[11] = (int64_t)((double)u * 0.25) + (int32_t)(float)(int16_t)x;
  out[12] = (x < 0) + 2 * (u > 1u << 31) + 4 * ((int32_t)x >= 100) + 8 * ((uint16_t)x <= 32768) + 16 * (x != 0);
  switch (u % 9) {
    case 0:
      out[13] = 5;
      break;
    case 1:
      out[13] = -x;
      break;
    case 2:
    case 3:
      out[13] = ~x;
      break;
    case 7:
      out[13] = !x;
      break;
    default:
      out[13] = (int64_t)(u % 9) * 11;
      break;
  }
}
#pragma omp end declare target

int main(void) {
  static int64_t x[N], got[N][KINDS];
  for (int i = 0; i < N; i++) x[i] = (int64_t)scramble((uint64_t)i) >> (i * 7 % 61);
  x[0] = 0;
  int host = 1;
#pragma omp target teams distribute num_teams(4) map(to : x) map(from : got) map(tofrom : host)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    compute(x[i], got[i]);
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    int64_t wanted[KINDS];
    compute(x[i], wanted);
    for (int k = 0; k < KINDS; k++) check_int("kind", k * 1000 + i, got[i][k], wanted[k]);
  }
  return finish();
}
