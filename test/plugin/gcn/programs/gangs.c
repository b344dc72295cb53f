/* options: -fopenacc
   OpenACC regions: each iteration notes the gang and worker that it fell to, and how many of them there are. */
#include <stdlib.h>

#define NOTE(i)                                        \
  do {                                                 \
    seen[4 * (i)] = __builtin_goacc_parlevel_id(0);    \
    seen[4 * (i) + 1] = __builtin_goacc_parlevel_id(1); \
    seen[4 * (i) + 2] = __builtin_goacc_parlevel_size(0); \
    seen[4 * (i) + 3] = __builtin_goacc_parlevel_size(1); \
  } while (0)

void open_dimensions(int *seen, int n) {
#pragma acc parallel loop gang worker copyout(seen[0:4 * n]) firstprivate(n)
  for (int i = 0; i < n; i++) NOTE(i);
}

void static_dimensions(int *seen, int n) {
#pragma acc parallel loop gang worker num_gangs(7) num_workers(3) copyout(seen[0:4 * n]) firstprivate(n)
  for (int i = 0; i < n; i++) NOTE(i);
}

void dynamic_dimensions(int *seen, int n, int gangs, int workers) {
#pragma acc parallel loop gang worker num_gangs(gangs) num_workers(workers) copyout(seen[0:4 * n]) firstprivate(n)
  for (int i = 0; i < n; i++) NOTE(i);
}

void dot(const double *x, const double *y, int n) {
  double sum = 0;
#pragma acc parallel loop gang vector copyin(x[0:n], y[0:n]) copy(sum) firstprivate(n) reduction(+: sum)
  for (int i = 0; i < n; i++) sum += x[i] * y[i];
}

/* Each launch takes the value that the one before it has left. */
void step(int *value, int factor) {
#pragma acc parallel num_gangs(1) copy(value[0:1]) firstprivate(factor)
  value[0] = value[0] * factor + 1;
}

void leave(int code) {
#pragma acc parallel num_gangs(1) firstprivate(code)
  exit(code);
}

int main(void) { return 0; }
