/* options: -fopenacc
   OpenACC's queues: work in several at once, waits of the host and between queues, copies that do not wait. */
#include <openacc.h>

#include "check.h"

enum { N = 600, QUEUES = 4 };

int main(void) {
  static int a[QUEUES][N], total[N];
  int host = 1;
#pragma acc parallel copyout(host)
  host = acc_on_device(acc_device_host);
  check_device("parallel", host);

  memset(a, 0, sizeof a);
#pragma acc enter data copyin(a, total)
  /* No region uses a variable that changes before the region has run: GCC 12 copies a firstprivate one only then. */
  for (int round = 1; round <= 3; round++) {
#pragma acc parallel loop async(0) present(a)
    for (int i = 0; i < N; i++) a[0][i] = a[0][i] * 10 + 1;
#pragma acc parallel loop async(1) present(a)
    for (int i = 0; i < N; i++) a[1][i] = a[1][i] * 10 + 2;
#pragma acc parallel loop async(2) present(a)
    for (int i = 0; i < N; i++) a[2][i] = a[2][i] * 10 + 3;
#pragma acc parallel loop async(3) present(a)
    for (int i = 0; i < N; i++) a[3][i] = a[3][i] * 10 + 4;
  }
#pragma acc parallel loop async(9) wait(0, 1, 2, 3) present(a, total)
  for (int i = 0; i < N; i++) {
    total[i] = i;
    for (int q = 0; q < QUEUES; q++) total[i] += a[q][i];
  }
#pragma acc update self(total) async(9)
#pragma acc wait(9)
  check_int("idle", 0, acc_async_test(9), 1);
#pragma acc update self(a) async(2)
  acc_wait(2);
  for (int q = 0; q < QUEUES; q++) check_int("rounds", q, a[q][N - 1], (q + 1) * 111);
  for (int i = 0; i < N; i++) check_int("total", i, total[i], i + 10 * 111);
#pragma acc wait
  check_int("all idle", 0, acc_async_test_all(), 1);
#pragma acc exit data delete (a, total)

  float *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
  for (int i = 0; i < N; i++) x[i] = (float)i;
#pragma acc data copyin(x[0 : N]) copyout(y[0 : N])
  {
#pragma acc parallel loop async
    for (int i = 0; i < N; i++) y[i] = x[i] * 2;
#pragma acc parallel loop async
    for (int i = 0; i < N; i++) y[i] += 1;
#pragma acc wait
  }
  for (int i = 0; i < N; i++) check_real("default queue", i, y[i], i * 2.0 + 1, 0);

  /* Data that goes to the device, is worked on and comes back, all in one queue. */
  acc_copyin_async(x, N * sizeof *x, 5);
#pragma acc parallel loop async(5) present(x[0 : N])
  for (int i = 0; i < N; i++) x[i] += 0.5f;
  acc_copyout_async(x, N * sizeof *x, 5);
  acc_wait_all();
  for (int i = 0; i < N; i++) check_real("one queue", i, x[i], i + 0.5, 0);
  acc_wait_async(5, 6);
  acc_wait_all_async(7);
  acc_wait_all();
  free(x);
  free(y);
  return finish();
}
