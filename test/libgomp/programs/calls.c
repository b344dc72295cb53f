/*
 * Target regions, one to a function, that tests launch through the real libgomp with map lists in the order in which GCC 12 lays the table
 * out (its dump of what was lowered says so).
 */
#include <omp.h>
#include <stdlib.h>

#pragma omp declare target
int counter = 5;
double weights[4] = {0.5, 1, 1.5, 2};
#pragma omp end declare target
int linked[16];
#pragma omp declare target link(linked)

void saxpy(float *y, const float *x, float a, int n) {
#pragma omp target teams distribute parallel for map(tofrom: y[0:n]) map(to: x[0:n]) firstprivate(a) firstprivate(n)
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void sum_squares(const int *values, int n) {
  long sum = 0;
#pragma omp target teams distribute parallel for map(to: values[0:n]) map(tofrom: sum) firstprivate(n) reduction(+: sum)
  for (int i = 0; i < n; i++) sum += (long)values[i] * values[i];
}

void who(int *seen, int most) {
#pragma omp target teams map(from: seen[0:most]) firstprivate(most)
  {
#pragma omp parallel
    if (omp_get_thread_num() == 0 && omp_get_team_num() < most)
      seen[omp_get_team_num()] = omp_get_num_teams() * 1000 + omp_get_num_threads();
  }
}

void which_device(int *seen) {
#pragma omp target map(from: seen[0:1])
  seen[0] = omp_get_device_num();
}

/* The order of these shows in the result. */
void multiply_add(long *at, int factor, int add) {
#pragma omp target map(tofrom: at[0:1]) firstprivate(factor) firstprivate(add)
  at[0] = at[0] * factor + add;
}

/* So long that a launch that does not wait for it is over before. */
void slow_add(long *at, const long *from, int rounds) {
#pragma omp target map(tofrom: at[0:1]) map(to: from[0:1]) firstprivate(rounds)
  {
    volatile int turn = 0;
    for (int k = 0; k < rounds; k++) turn += 1;
    at[0] += from[0] + turn - rounds;
  }
}

void fill(int *to, int n, int value) {
#pragma omp target map(from: to[0:n]) firstprivate(n) firstprivate(value)
  for (int i = 0; i < n; i++) to[i] = value + i;
}

struct parts {
  int numbers[4];
};
void private_copy(struct parts p, int *sum) {
#pragma omp target firstprivate(p) map(from: sum[0:1])
  {
    p.numbers[0] *= 10;
    sum[0] = p.numbers[0] + p.numbers[1] + p.numbers[2] + p.numbers[3];
  }
}

struct vector {
  long n;
  float *data;
};
/* A pointer in a struct, attached. */
void scale_vector(struct vector v, float by) {
#pragma omp target map(to: v) map(tofrom: v.data[0:v.n]) firstprivate(by)
  for (long i = 0; i < v.n; i++) v.data[i] *= by;
}

void use_variables(double *seen, int step) {
#pragma omp target map(from: seen[0:3]) firstprivate(step)
  {
    counter += step;
    seen[0] = counter;
    seen[1] = weights[3];
    seen[2] = linked[3];
    weights[0] = -counter;
    linked[3] = 4711;
  }
}

void store(long where) {
#pragma omp target firstprivate(where)
  *(volatile int *)where = 1;
}

void trap(void) {
#pragma omp target
  __builtin_trap();
}

void leave(int code) {
#pragma omp target firstprivate(code)
  exit(code);
}

void give_up(void) {
#pragma omp target
  abort();
}

void spin(volatile int *on) {
#pragma omp target map(to: on[0:1])
  while (on[0])
    ;
}

int main(void) {
  return 0;
}
