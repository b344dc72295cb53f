/* options: -O3
   Loops whose iterations are the lanes of a wave: reductions, conditions, strides, gathers, scans, functions of lanes.
 */
#include "check.h"

enum { N = 500 };

#pragma omp declare target
#pragma omp declare simd uniform(scale) notinbranch
static int scaled(int x, int scale) {
  return x * scale + (x >> 3);
}
#pragma omp end declare target

int main(void) {
  static int a[N], b[N], indices[N], gathered[N], scattered[N], scanned[N], called[N];
  static double d[N];
  static signed char bytes[N];
  static short shorts[N];
  for (int i = 0; i < N; i++) {
    a[i] = (int)(scramble((uint64_t)i) >> 50);
    indices[i] = i * 7 % N;
    bytes[i] = (signed char)(i * 3);
  }
  int host = 1, positive = 0, last = 0, linear = 10, narrow = 0, low = 1 << 30;
  double sum = 0;
#pragma omp target map(to : a, indices, bytes) map(from : b, gathered, scattered, scanned, called, d, shorts) \
    map(tofrom : host, positive, last, linear, sum, narrow, low)
  {
    host = omp_is_initial_device();
#pragma omp simd
    for (int i = 0; i < N; i++) b[i] = a[i] > 8000 ? a[i] * 3 : a[i] & 2 ? -a[i] : a[i] / 7;
#pragma omp simd reduction(+ : sum, positive)
    for (int i = 0; i < N; i++) {
      d[i] = a[i] * 0.5;
      sum += d[i];
      if (b[i] > 0) positive++;
    }
#pragma omp simd reduction(min : low)
    for (int i = 0; i < N; i++) low = a[i] < low ? a[i] : low;
#pragma omp simd
    for (int i = 0; i < N; i++) gathered[i] = a[indices[i]];
#pragma omp simd
    for (int i = 0; i < N; i++) scattered[indices[i]] = i;
#pragma omp simd lastprivate(last) linear(linear : 3)
    for (int i = 0; i < N; i++) {
      last = a[i] + i;
      linear += 3;
    }
    int running = 0;
#pragma omp simd reduction(inscan, + : running)
    for (int i = 0; i < N; i++) {
      running += a[i];
#pragma omp scan inclusive(running)
      scanned[i] = running;
    }
#pragma omp simd
    for (int i = 0; i < N; i++) called[i] = scaled(a[i], 5);
#pragma omp simd reduction(+ : narrow)
    for (int i = 0; i < N; i++) {
      shorts[i] = (short)(bytes[i] * 5);
      narrow += shorts[i];
    }
#pragma omp simd safelen(4)
    for (int i = 8; i < N; i++) d[i] = d[i - 8] + 1;
  }
  check_device("target", host);
  double wantedSum = 0;
  int wantedPositive = 0, running = 0, wantedNarrow = 0, wantedLow = 1 << 30;
  for (int i = 0; i < N; i++) {
    const int wanted = a[i] > 8000 ? a[i] * 3 : a[i] & 2 ? -a[i] : a[i] / 7;
    check_int("select", i, b[i], wanted);
    wantedSum += a[i] * 0.5;
    wantedPositive += wanted > 0;
    if (a[i] < wantedLow) wantedLow = a[i];
    check_int("gather", i, gathered[i], a[i * 7 % N]);
    check_int("scatter", i, scattered[i * 7 % N], i);
    check_int("scan", i, scanned[i], running += a[i]);
    check_int("call", i, called[i], a[i] * 5 + (a[i] >> 3));
    check_int("narrow", i, shorts[i], (signed char)(i * 3) * 5);
    wantedNarrow += (signed char)(i * 3) * 5;
    check_real("distance", i, d[i], a[i % 8] * 0.5 + i / 8, 0);
  }
  check_real("sum", 0, sum, wantedSum, 0);
  check_int("positive", 0, positive, wantedPositive);
  check_int("min", 0, low, wantedLow);
  check_int("last", 0, last, a[N - 1] + N - 1);
  check_int("linear", 0, linear, 10 + 3 * N);
  check_int("narrow sum", 0, narrow, wantedNarrow);
  return finish();
}
