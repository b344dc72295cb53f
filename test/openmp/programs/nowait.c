/* Target regions as tasks: in order where they depend on each other, at once where they do not. */
#include "check.h"

enum { N = 300, STEPS = 6 };

int main(void) {
  static int a[N], b[N], c[4][50];
  int host = 1;
  /* Host tasks between regions. First of all, since a team of several threads is not safe in GCC 12 after a task
     outside of any team: libgomp keeps the team of one that it makes for such a task (gomp_create_artificial_team),
     and its gomp_team_end then frees later teams while their threads are still leaving the last barrier. */
  int x = 1, y = 0;
#pragma omp parallel num_threads(2)
#pragma omp single
  {
#pragma omp task depend(out : x) shared(x)
    x = 20;
#pragma omp target nowait depend(inout : x) map(tofrom : x, host)
    {
      host = omp_is_initial_device();
      x *= 2;
    }
#pragma omp task depend(in : x) depend(out : y) shared(x, y)
    y = x + 1;
#pragma omp target nowait depend(inout : y) map(tofrom : y)
    y *= 3;
#pragma omp taskwait
  }
  check_device("nowait", host);
  check_int("host and device", 0, x, 40);
  check_int("host and device", 1, y, 123);

  for (int i = 0; i < N; i++) a[i] = i;
#pragma omp target enter data map(to : a) map(alloc : b)
  for (int step = 0; step < STEPS; step++) {
#pragma omp target nowait depend(in : a) depend(out : b) map(tofrom : a, b)
    for (int i = 0; i < N; i++) b[i] = a[i] * 2 + step;
#pragma omp target nowait depend(in : b) depend(out : a) map(tofrom : a, b)
    for (int i = 0; i < N; i++) a[i] = b[i] % 1009;
  }
#pragma omp taskwait
#pragma omp target exit data map(from : a) map(delete : b)
  for (int i = 0; i < N; i++) {
    int wanted = i;
    for (int step = 0; step < STEPS; step++) wanted = (wanted * 2 + step) % 1009;
    check_int("chain", i, a[i], wanted);
  }

  for (int k = 0; k < 4; k++) {
#pragma omp target nowait map(from : c[k]) firstprivate(k)
    for (int i = 0; i < 50; i++) c[k][i] = k * 1000 + i;
  }
#pragma omp taskwait
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < 50; i++) check_int("independent", k, c[k][i], k * 1000 + i);

  /* An update and a data region that do not wait either. */
  int v = 1;
#pragma omp target enter data map(to : v) nowait depend(out : v)
#pragma omp target nowait depend(inout : v) map(v)
  v += 5;
#pragma omp target update from(v) nowait depend(inout : v)
#pragma omp taskwait
  check_int("update", 0, v, 6);
#pragma omp target exit data map(release : v)
  return finish();
}
