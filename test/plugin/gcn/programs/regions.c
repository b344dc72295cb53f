/*
 * Target regions, one to a function, which the tests launch with tables of variables that they fill themselves: a section or a scalar
 * that is mapped is an address, an integer that is firstprivate stands in the table itself, anything else firstprivate is an address.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma omp declare target
int counter = 5;
double weights[8] = {0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4};
static short hidden[3] = {7, 8, 9};
#pragma omp end declare target
int linked[16];
#pragma omp declare target link(linked)

void sum_over_teams(const int *values, int n) {
  long sum = 0;
#pragma omp target teams distribute parallel for map(to: values[0:n]) map(tofrom: sum) firstprivate(n) reduction(+: sum)
  for (int i = 0; i < n; i++) sum += values[i];
}

void largest_of_teams(const double *values, int n) {
  double largest = -1;
#pragma omp target teams distribute parallel for map(to: values[0:n]) map(tofrom: largest) firstprivate(n) reduction(max: largest)
  for (int i = 0; i < n; i++)
    if (values[i] > largest) largest = values[i];
}

void scale(float *y, const float *x, double a, int n) {
#pragma omp target teams distribute parallel for map(from: y[0:n]) map(to: x[0:n]) firstprivate(a) firstprivate(n)
  for (int i = 0; i < n; i++) y[i] = (float)(a * x[i] + 1);
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

void print_lines(int n) {
#pragma omp target firstprivate(n)
  for (int i = 0; i < n; i++) printf("line %d\n", i);
}

void print_and_wait(volatile int *on, int n) {
#pragma omp target map(to: on[0:1]) firstprivate(n)
  {
    for (int i = 0; i < n; i++) printf("line %d\n", i);
    while (on[0])
      ;
  }
}

#define UMLAUTS "\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc\u00df\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc\u00df\u00e4\u00f6\u00fc\u00c4\u00d6\u00dc\u00df"
void print_formats(long what) {
#pragma omp target firstprivate(what)
  {
    printf("plain\n");
    printf("%d %u %x %c %s|%5d|%-5d|%05d\n", -3, 4000000000u, 255, 'z', "text", 42, 42, 42);
    printf("%ld %lx %lld %p\n", what, what, (long long)what, (void *)0x1234);
    printf("%f %.3f %e %g\n", 1.5, 2.0 / 3, 12345.678, 0.0001);
    printf("no newline, ");
    puts("puts");
    printf("%s\n",
           "a line that is longer than the 128 bytes of an entry's text: 0123456789 0123456789 0123456789 0123456789 "
           "0123456789 0123456789 0123456789 0123456789 0123456789");
    for (int i = 0; i < 5; i++) /* Characters of two bytes, some of which lie on the entries' edges. */
      printf("%d: %s%s%s%s\n", i, UMLAUTS, UMLAUTS, " " + (i & 1), UMLAUTS);
    fflush(NULL);
    write(1, "written\n", 8);
  }
}

void allocate(long *sums, int n) {
#pragma omp target teams distribute parallel for map(from: sums[0:n]) firstprivate(n)
  for (int i = 0; i < n; i++) {
    int *own = malloc((i + 1) * sizeof *own);
    sums[i] = -1;
    if (own == NULL) continue;
    for (int k = 0; k <= i; k++) own[k] = k;
    long sum = 0;
    for (int k = 0; k <= i; k++) sum += own[k];
    sums[i] = sum;
    free(own);
  }
}

void allocate_once(long *found, long bytes) {
#pragma omp target map(from: found[0:1]) firstprivate(bytes)
  {
    char *block = malloc(bytes);
    if (block != NULL) block[bytes - 1] = 1;
    found[0] = block != NULL;
    free(block);
  }
}

void use_variables(double *before) {
#pragma omp target map(from: before[0:4])
  {
    before[0] = counter;
    before[1] = weights[7];
    before[2] = hidden[2];
    before[3] = linked[3];
    counter += 100;
    weights[0] = -counter;
    linked[3] = 4711;
  }
}

void leave(int code) {
#pragma omp target firstprivate(code)
  {
    printf("leaving with %d\n", code);
    exit(code);
  }
}

void give_up(void) {
#pragma omp target
  {
    printf("giving up\n");
    abort();
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

void spin(volatile int *on) {
#pragma omp target map(to: on[0:1])
  while (on[0]) ;
}

void slow_copy(int *to, int n, int rounds) {
#pragma omp target map(from: to[0:n]) firstprivate(n) firstprivate(rounds)
  {
    volatile int turn = 0;
    for (int k = 0; k < rounds; k++) turn += 1;
    for (int i = 0; i < n; i++) to[i] = i + turn - rounds;
  }
}

/* Run on the host, without a device, it shows what its own C library prints. */
int main(int argc, char **argv) {
  if (argc > 1) print_formats(atol(argv[1]));
  return 0;
}
