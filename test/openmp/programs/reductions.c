/* Reductions by every operator, over several types, in teams, threads and lanes at once. */
#include <complex.h>

#include "check.h"

enum { N = 1500 };

int main(void) {
  static int v[N];
  static double d[N];
  for (int i = 0; i < N; i++) {
    v[i] = (int)(scramble((uint64_t)i) >> 40) - (1 << 23);
    d[i] = v[i] * 0.25;
  }

  long sum = 7, wantedSum = 7;
  int low = 1 << 30, high = -(1 << 30), wantedLow = low, wantedHigh = high;
  unsigned all = ~0u, any = 0, odd = 0, wantedAll = ~0u, wantedAny = 0, wantedOdd = 0;
  int every = 1, some = 0, host = 1;
  double total = 0.5, wantedTotal = 0.5;
#pragma omp target map(from : host)
  host = omp_is_initial_device();
  check_device("target", host);
#pragma omp target teams distribute parallel for simd num_teams(3) map(to : v, d) reduction(+ : sum, total) \
    reduction(min : low) reduction(max : high) reduction(& : all) reduction(| : any) reduction(^ : odd)     \
    reduction(&& : every) reduction(|| : some) map(tofrom : sum, total, low, high, all, any, odd, every, some)
  for (int i = 0; i < N; i++) {
    sum += v[i];
    total += d[i];
    if (v[i] < low) low = v[i];
    if (v[i] > high) high = v[i];
    all &= (unsigned)v[i] | 0xff00ff00u;
    any |= (unsigned)v[i] & 0x0ff00ff0u;
    odd ^= (unsigned)v[i];
    every = every && v[i] != 1 << 29;
    some = some || v[i] == 1 << 29;
  }
  for (int i = 0; i < N; i++) {
    wantedSum += v[i];
    wantedTotal += d[i];
    if (v[i] < wantedLow) wantedLow = v[i];
    if (v[i] > wantedHigh) wantedHigh = v[i];
    wantedAll &= (unsigned)v[i] | 0xff00ff00u;
    wantedAny |= (unsigned)v[i] & 0x0ff00ff0u;
    wantedOdd ^= (unsigned)v[i];
  }
  check_int("sum", 0, sum, wantedSum);
  check_real("total", 0, total, wantedTotal, 0); /* quarters: every order is exact */
  check_int("min", 0, low, wantedLow);
  check_int("max", 0, high, wantedHigh);
  check_int("and", 0, all, wantedAll);
  check_int("or", 0, any, wantedAny);
  check_int("xor", 0, odd, wantedOdd);
  check_int("every", 0, every, 1);
  check_int("some", 0, some, 0);

  /* 30 factors of -1, 2 and 1/2 */
  double product = 1;
#pragma omp target parallel for reduction(* : product) map(tofrom : product)
  for (int i = 0; i < 30; i++) product *= i % 3 == 0 ? -1.0 : i % 3 == 1 ? 2.0 : 0.5;
  check_real("product", 0, product, 1, 0);

  float largest = -1e30f;
#pragma omp target teams distribute parallel for num_teams(2) reduction(max : largest) map(to : d) map(tofrom : largest)
  for (int i = 0; i < N; i++) {
    float f = (float)d[i] * 0.5f;
    if (f > largest) largest = f;
  }
  check_real("float max", 0, largest, wantedHigh * 0.125, 0);

  int bins[8] = {0}, wantedBins[8] = {0};
#pragma omp target parallel for reduction(+ : bins[ : 8]) map(to : v) map(tofrom : bins)
  for (int i = 0; i < N; i++) bins[v[i] & 7] += i;
  for (int i = 0; i < N; i++) wantedBins[v[i] & 7] += i;
  for (int i = 0; i < 8; i++) check_int("bins", i, bins[i], wantedBins[i]);

  double complex z = 0;
#pragma omp target parallel for reduction(+ : z) map(tofrom : z)
  for (int i = 0; i < 100; i++) z += i + i * 2.0 * I;
  check_real("complex", 0, creal(z), 4950, 0);
  check_real("complex", 1, cimag(z), 9900, 0);
  return finish();
}
