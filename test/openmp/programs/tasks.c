/* Tasks inside of a target region, within two limits of GCC 12's libgomp, which hardware has as well. Its barrier lets
   a waiting thread be woken a hundred times (config/gcn/bar.c), once for each task that is made while it waits: a
   hundred tasks must pass. And whoever makes a task, or readies two by ending one, waits at s_barrier for all threads,
   which one in a taskwait does not reach: tasks that are waited for make none themselves, except in a team of one
   thread. */
#include "check.h"

enum { TASKS = 100 };

#pragma omp declare target
static int fibonacci(int n) {
  if (n < 2) return n;
  int a = 0, b = 0;
#pragma omp task shared(a)
  a = fibonacci(n - 1);
#pragma omp task shared(b)
  b = fibonacci(n - 2);
#pragma omp taskwait
  return a + b;
}
#pragma omp end declare target

int main(void) {
  int done[TASKS], host = 1;
  memset(done, 0, sizeof done);
#pragma omp target map(tofrom : done, host)
  {
    host = omp_is_initial_device();
#pragma omp parallel
#pragma omp single
    for (int i = 0; i < TASKS; i++) {
#pragma omp task firstprivate(i) shared(done)
      done[i] += i + 1;
    }
  }
  check_device("target", host);
  for (int i = 0; i < TASKS; i++) check_int("task", i, done[i], i + 1);

  int value = 0;
#pragma omp target map(from : value)
#pragma omp parallel num_threads(1)
#pragma omp single
  value = fibonacci(6);
  check_int("fibonacci", 0, value, 8);

  /* The order that dependences ask for. */
  int chain[2] = {0};
#pragma omp target map(tofrom : chain)
#pragma omp parallel
#pragma omp single
  {
    int x = 1, y = 1;
#pragma omp task depend(out : x) shared(x)
    x = 5;
#pragma omp task depend(in : x) depend(out : y) shared(x, y)
    y = x * 3;
#pragma omp task depend(inout : y) shared(y)
    y += 1;
#pragma omp task depend(in : y) shared(x, y, chain)
    chain[0] = x + y;
#pragma omp taskwait
    chain[1] = x * y;
  }
  check_int("depend", 0, chain[0], 21);
  check_int("depend", 1, chain[1], 80);

  int grouped = 0, seen = 0;
#pragma omp target map(tofrom : grouped, seen)
#pragma omp parallel
#pragma omp single
  {
#pragma omp taskgroup
    for (int i = 0; i < 40; i++) {
#pragma omp task shared(grouped)
#pragma omp atomic
      grouped++;
    }
    seen = grouped;
  }
  check_int("taskgroup", 0, seen, 40);

  long sum = 0;
#pragma omp target map(tofrom : sum)
#pragma omp parallel
#pragma omp single
#pragma omp taskloop grainsize(50) shared(sum)
  for (int i = 0; i < 1000; i++) {
#pragma omp atomic
    sum += i;
  }
  check_int("taskloop", 0, sum, 499500);
  return finish();
}
