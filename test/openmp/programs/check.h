/* How a program of this folder tells what it found: 0 and "ok" where every check held, else 1 and the first few that
   did not. Wanted values are computed by the host's compiler, or stated by a formula. */
#ifndef CHECK_H
#define CHECK_H

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static inline void fail(const char* what, long at, const char* got, const char* wanted) {
  if (failures++ < 8) fprintf(stderr, "%s [%ld]: %s, not %s\n", what, at, got, wanted);
}

static inline void check_int(const char* what, long at, long long got, long long wanted) {
  if (got == wanted) return;
  char texts[2][32];
  snprintf(texts[0], sizeof texts[0], "%lld", got);
  snprintf(texts[1], sizeof texts[1], "%lld", wanted);
  fail(what, at, texts[0], texts[1]);
}

/* Bits must agree, but a NaN is a NaN and, with a tolerance, a value that is nearer than that relative to `wanted`. */
static inline void check_real(const char* what, long at, double got, double wanted, double tolerance) {
  if (isnan(got) && isnan(wanted)) return;
  if (memcmp(&got, &wanted, sizeof got) == 0) return;
  if (tolerance > 0 && fabs(got - wanted) <= tolerance * fabs(wanted)) return;
  char texts[2][32];
  snprintf(texts[0], sizeof texts[0], "%a", got);
  snprintf(texts[1], sizeof texts[1], "%a", wanted);
  fail(what, at, texts[0], texts[1]);
}

/* `host`: what omp_is_initial_device() said inside of the target region. */
static inline void check_device(const char* what, int host) {
  if (host) fail(what, 0, "ran on the host", "on the device");
}

static inline int finish(void) {
  if (failures == 0)
    puts("ok");
  else
    fprintf(stderr, "%d checks failed\n", failures);
  return failures != 0;
}

#pragma omp declare target
/* omp_is_initial_device(), which GCC does not let a teams region call by itself. */
static inline int on_host(void) {
  return omp_is_initial_device();
}

/* A number from a number, the same on host and device (Marsaglia, "Xorshift RNGs"). */
static inline uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x * 0x2545f4914f6cdd1du;
}
#pragma omp end declare target

#endif
