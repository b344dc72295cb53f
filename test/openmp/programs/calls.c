/* Calls through pointers, and recursion: direct, mutual, deep, with arrays in each frame. */
#include "check.h"

#pragma omp declare target
typedef long (*operation)(long, long);
__attribute__((noinline)) static long add(long a, long b) {
  return a + b;
}
__attribute__((noinline)) static long subtract(long a, long b) {
  return a - b;
}
__attribute__((noinline)) static long multiply(long a, long b) {
  return a * b;
}
__attribute__((noinline)) static long twice(operation f, long a, long b) {
  return f(f(a, b), b);
}

__attribute__((noinline)) static int ackermann(int m, int n) {
  if (m == 0) return n + 1;
  return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static int is_odd(int n);
__attribute__((noinline)) static int is_even(int n) {
  return n == 0 ? 1 : is_odd(n - 1);
}
__attribute__((noinline)) static int is_odd(int n) {
  return n == 0 ? 0 : is_even(n - 1);
}

__attribute__((noinline)) static void hanoi(int n, int from, int to, int* moves, int* heights) {
  if (n == 0) return;
  hanoi(n - 1, from, 3 - from - to, moves, heights);
  ++*moves;
  heights[from]--;
  heights[to]++;
  hanoi(n - 1, 3 - from - to, to, moves, heights);
}

__attribute__((noinline)) static int digits(int n, int* sum) {
  int here[8];
  for (int i = 0; i < 8; i++) here[i] = n * i;
  const int below = n > 0 ? digits(n - 1, sum) : 0;
  *sum += here[n & 7];
  return below + 1;
}

static int compare(const void* a, const void* b) {
  const int x = *(const int*)a, y = *(const int*)b;
  return (x > y) - (x < y);
}
#pragma omp end declare target

int main(void) {
  long results[6];
  int host = 1, depth = 0, sum = 0, even[2], moves = 0, heights[3] = {7, 0, 0}, value = 0, sorted[50], found = -1;
  int which = 1;
  for (int i = 0; i < 50; i++) sorted[i] = i * 37 % 50;
#pragma omp target map(from : results, even, value) map(tofrom : host, depth, sum, moves, heights, sorted, found) \
    map(to : which)
  {
    host = omp_is_initial_device();
    operation table[3] = {add, subtract, multiply};
    for (int i = 0; i < 3; i++) {
      results[i] = table[(i + which) % 3](1L << 40, 3);
      results[3 + i] = twice(table[i], 10, 7);
    }
    even[0] = is_even(30);
    even[1] = is_even(31);
    hanoi(7, 0, 2, &moves, heights);
    depth = digits(60, &sum);
    value = ackermann(2, 5);
    qsort(sorted, 50, sizeof(int), compare);
    const int wanted = 33;
    const int* at = bsearch(&wanted, sorted, 50, sizeof(int), compare);
    found = at ? (int)(at - sorted) : -1;
  }
  check_device("target", host);
  check_int("subtract", 0, results[0], (1L << 40) - 3);
  check_int("multiply", 0, results[1], 3L << 40);
  check_int("add", 0, results[2], (1L << 40) + 3);
  check_int("twice", 0, results[3], 24);
  check_int("twice", 1, results[4], -4);
  check_int("twice", 2, results[5], 490);
  check_int("even", 0, even[0], 1);
  check_int("even", 1, even[1], 0);
  check_int("hanoi", 0, moves, 127);
  check_int("hanoi", 1, heights[2], 7);
  check_int("depth", 0, depth, 61);
  int wanted = 0;
  for (int n = 0; n <= 60; n++) wanted += n * (n & 7);
  check_int("frames", 0, sum, wanted);
  check_int("ackermann", 0, value, 13);
  for (int i = 0; i < 50; i++) check_int("qsort", i, sorted[i], i);
  check_int("bsearch", 0, found, 33);

  /* Each thread recurses on a stack of its own. */
  int each[16];
#pragma omp target parallel for map(from : each)
  for (int i = 0; i < 16; i++) {
    int own = 0;
    digits(i + 5, &own);
    each[i] = own;
  }
  for (int i = 0; i < 16; i++) {
    wanted = 0;
    for (int n = 0; n <= i + 5; n++) wanted += n * (n & 7);
    check_int("stacks", i, each[i], wanted);
  }
  return finish();
}
