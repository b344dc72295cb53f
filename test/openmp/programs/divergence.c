/* options: -O3
   Lanes that go different ways for different times: Collatz, Mandelbrot, and a search that ends early. */
#include "check.h"

enum { N = 192, SIDE = 16 };

#pragma omp declare target
static int collatz(unsigned long n) {
  int steps = 0;
  while (n != 1) {
    n = n & 1 ? 3 * n + 1 : n / 2;
    steps++;
  }
  return steps;
}
static int escape(double x, double y) {
  double u = 0, v = 0;
  int n = 0;
  while (n < 100 && u * u + v * v < 4) {
    const double t = u * u - v * v + x;
    v = 2 * u * v + y;
    u = t;
    n++;
  }
  return n;
}
#pragma omp end declare target

int main(void) {
  static int steps[N], picture[SIDE][SIDE], divisors[N];
  int host = 1;
#pragma omp target teams num_teams(2) map(from : steps, picture, divisors) map(tofrom : host)
  {
    if (omp_get_team_num() == 0) host = on_host();
#pragma omp distribute parallel for simd
    for (int i = 0; i < N; i++) steps[i] = collatz((unsigned)i + 1);
#pragma omp distribute parallel for collapse(2)
    for (int r = 0; r < SIDE; r++)
      for (int c = 0; c < SIDE; c++) picture[r][c] = escape(c * 0.1875 - 2, r * 0.15625 - 1.25);
#pragma omp distribute parallel for
    for (int i = 0; i < N; i++) {
      divisors[i] = i + 2;
      for (int d = 2; d * d <= i + 2; d++)
        if ((i + 2) % d == 0) {
          divisors[i] = d;
          break;
        }
    }
  }
  check_device("target", host);
  check_int("collatz of 27", 0, steps[26], 111);
  for (int i = 0; i < N; i++) {
    check_int("collatz", i, steps[i], collatz((unsigned)i + 1));
    int wanted = 2;
    while ((i + 2) % wanted) wanted++;
    check_int("least divisor", i, divisors[i], wanted);
  }
  /* Coordinates and their squares are exact for a few steps only: compare points away from the boundary. */
  check_int("inside", 0, picture[8][10], 100);
  check_int("outside", 0, picture[0][0], escape(-2, -1.25));
  for (int r = 0; r < SIDE; r++) check_int("right edge", r, picture[r][15] < 100, 1);
  return finish();
}
