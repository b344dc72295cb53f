/*
 * Target regions, one to a function, which the tests launch with map lists in the order in which GCC 12 lays the table out (its dump of
 * what was lowered says so).
 */
#include <stddef.h>

#pragma omp declare target
int counter = 5;
double weights[4] = {0.5, 1, 1.5, 2};
#pragma omp end declare target

struct vector {
  long n;
  float *data;
};

void saxpy(float *y, const float *x, float a, int n) {
#pragma omp target teams distribute parallel for map(tofrom: y[0:n]) map(to: x[0:n]) firstprivate(a) firstprivate(n)
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void sum_squares(const int *values, int n) {
  long sum = 0;
#pragma omp target teams distribute parallel for map(to: values[0:n]) map(tofrom: sum) firstprivate(n) reduction(+: sum)
  for (int i = 0; i < n; i++) sum += (long)values[i] * values[i];
}

/* A pointer in a struct, attached: of the struct as a whole, and of its members. */
void scale_vector(struct vector v, float by) {
#pragma omp target map(to: v) map(tofrom: v.data[0:v.n]) firstprivate(by)
  for (long i = 0; i < v.n; i++) v.data[i] *= by;
}
void scale_members(struct vector v, float by) {
#pragma omp target map(to: v.n, v.data) map(tofrom: v.data[0:v.n]) firstprivate(by)
  for (long i = 0; i < v.n; i++) v.data[i] *= by;
}

/* A pointer that is used and not mapped: a zero-length section. */
void look(const int *p, long *address, int *value) {
#pragma omp target map(from: address[0:1]) map(from: value[0:1])
  {
    address[0] = (long)p;
    value[0] = 0;
  }
}
void look_into(const int *p, int *value) {
#pragma omp target map(from: value[0:1])
  value[0] = p[0];
}

/* The order of these shows in the result. */
void multiply_add(long *at, int factor, int add) {
#pragma omp target map(tofrom: at[0:1]) firstprivate(factor) firstprivate(add)
  at[0] = at[0] * factor + add;
}

void fill(int *to, int n, int value) {
#pragma omp target map(from: to[0:n]) firstprivate(n) firstprivate(value)
  for (int i = 0; i < n; i++) to[i] = value + i;
}

void count_up(double *seen) {
#pragma omp target map(from: seen[0:2])
  {
    counter += 10;
    seen[0] = counter;
    seen[1] = weights[3];
  }
}

void fail(long where) {
#pragma omp target firstprivate(where)
  *(volatile int *)where = 1;
}

int main(void) { return 0; }
