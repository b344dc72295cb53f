/* options: -fopenacc
   OpenACC's loops over gangs, workers and vectors, its reductions and routines. */
#include <openacc.h>

#include "check.h"

enum { N = 1000 };

#pragma acc routine seq
static int square(int x) {
  return x * x;
}

#pragma acc routine vector
static void fill(int* row, int count, int value) {
#pragma acc loop vector
  for (int i = 0; i < count; i++) row[i] = value + i;
}

#pragma acc routine worker
static void fill_rows(int (*rows)[40], int count, int value) {
#pragma acc loop worker
  for (int r = 0; r < count; r++) {
#pragma acc loop vector
    for (int i = 0; i < 40; i++) rows[r][i] = value * 1000 + r * 40 + i;
  }
}

int main(void) {
  static int a[N], b[N], rows[20][40], planes[4][6][40];
  static double d[N];
  int host = 1;
  for (int i = 0; i < N; i++) {
    a[i] = (int)(scramble((uint64_t)i) >> 48);
    d[i] = a[i] * 0.25;
  }
#pragma acc parallel copyout(host)
  host = acc_on_device(acc_device_host);
  check_device("parallel", host);

  int sum = 0, most = 0;
  double total = 0;
#pragma acc parallel loop gang worker vector copyin(a, d) copyout(b) reduction(+ : sum, total) reduction(max : most)
  for (int i = 0; i < N; i++) {
    b[i] = square(a[i] & 255) + i;
    sum += a[i] & 15;
    total += d[i];
    if (a[i] > most) most = a[i];
  }
  int wantedSum = 0, wantedMost = 0;
  double wantedTotal = 0;
  for (int i = 0; i < N; i++) {
    check_int("loop", i, b[i], (a[i] & 255) * (a[i] & 255) + i);
    wantedSum += a[i] & 15;
    wantedTotal += d[i];
    if (a[i] > wantedMost) wantedMost = a[i];
  }
  check_int("sum", 0, sum, wantedSum);
  check_real("total", 0, total, wantedTotal, 0);
  check_int("max", 0, most, wantedMost);

#pragma acc parallel loop gang num_gangs(5) vector_length(64) copyout(rows)
  for (int r = 0; r < 20; r++) fill(rows[r], 40, r * 100);
  for (int r = 0; r < 20; r++)
    for (int i = 0; i < 40; i++) check_int("vector routine", r * 40 + i, rows[r][i], r * 100 + i);

#pragma acc parallel loop gang num_gangs(4) num_workers(4) copyout(planes)
  for (int p = 0; p < 4; p++) fill_rows(planes[p], 6, p);
  for (int p = 0; p < 4; p++)
    for (int r = 0; r < 6; r++)
      for (int i = 0; i < 40; i++) check_int("worker routine", r * 40 + i, planes[p][r][i], p * 1000 + r * 40 + i);

  /* A sum in each gang over its workers' and vectors' sums. */
  long sums[8];
#pragma acc parallel loop gang num_gangs(8) num_workers(4) copyout(sums)
  for (int g = 0; g < 8; g++) {
    long mine = 0;
#pragma acc loop worker reduction(+ : mine)
    for (int w = 0; w < 10; w++) {
      long inner = 0;
#pragma acc loop vector reduction(+ : inner)
      for (int v = 0; v < 100; v++) inner += g * w + v;
      mine += inner;
    }
    sums[g] = mine;
  }
  for (int g = 0; g < 8; g++) check_int("nested sums", g, sums[g], g * 45L * 100 + 10L * 4950);

#pragma acc kernels copyin(a) copyout(b)
  {
#pragma acc loop independent
    for (int i = 0; i < N; i++) b[i] = a[i] ^ i;
#pragma acc loop independent
    for (int i = 0; i < N; i++) b[i] += 1;
  }
  for (int i = 0; i < N; i++) check_int("kernels", i, b[i], (a[i] ^ i) + 1);

  int count = 0;
#pragma acc parallel num_gangs(6) copy(count)
  {
#pragma acc atomic
    count += 1;
  }
  check_int("gangs", 0, count, 6);

#pragma acc serial copy(count)
  count = count * 7;
  check_int("serial", 0, count, 42);

  int tiled[30][30];
#pragma acc parallel loop tile(4, 8) copyout(tiled)
  for (int r = 0; r < 30; r++)
    for (int c = 0; c < 30; c++) tiled[r][c] = r * 30 + c;
  for (int i = 0; i < 900; i++) check_int("tile", i, tiled[i / 30][i % 30], i);
  return finish();
}
