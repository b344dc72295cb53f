/* Complex arithmetic, whose multiplication and division are calls into the compiler's library. */
#include <complex.h>

#include "check.h"

enum { N = 64 };

int main(void) {
  static double complex a[N], b[N], product[N], quotient[N], power[N];
  static float complex f[N];
  double lengths[N];
  int host = 1;
  for (int i = 0; i < N; i++) {
    a[i] = (i - 20) + (i * 7 % 31 - 15) * 0.5 * I;
    b[i] = (i * 3 % 17 + 1) - (i % 9) * 0.25 * I;
  }
#pragma omp target teams distribute parallel for num_teams(2) map(to : a, b) \
    map(from : product, quotient, power, f, lengths) map(tofrom : host)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    product[i] = a[i] * b[i];
    quotient[i] = a[i] / b[i];
    power[i] = 1;
    for (int k = 0; k < 5; k++) power[i] *= conj(b[i]);
    f[i] = (float complex)a[i] * (float complex)b[i];
    lengths[i] = cabs(a[i]);
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    const double x = creal(a[i]), y = cimag(a[i]), u = creal(b[i]), v = cimag(b[i]);
    check_real("product", 2 * i, creal(product[i]), x * u - y * v, 0); /* small dyadic numbers: exact */
    check_real("product", 2 * i + 1, cimag(product[i]), x * v + y * u, 0);
    check_real("float product", 2 * i, crealf(f[i]), x * u - y * v, 0);
    check_real("float product", 2 * i + 1, cimagf(f[i]), x * v + y * u, 0);
    /* The quotient, back again. */
    const double complex back = quotient[i] * b[i];
    check_real("quotient", i, cabs(back - a[i]) < 1e-13 * (1 + cabs(a[i])), 1, 0);
    double angle = atan2(-v, u) * 5;
    angle = remainder(angle - carg(power[i]), 2 * M_PI);
    check_real("power", 2 * i, cabs(power[i]), pow(u * u + v * v, 2.5), 1e-13);
    check_real("power", 2 * i + 1, fabs(angle) < 1e-12, 1, 0);
    check_real("length", i, lengths[i], hypot(x, y), 1e-15);
  }
  return finish();
}
