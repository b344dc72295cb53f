/* options: -O3
   A product of matrices, two loops collapsed over teams and threads, the innermost one over lanes. */
#include "check.h"

enum { N = 40 };

int main(void) {
  static double a[N][N], b[N][N], c[N][N];
  static float f[N][N];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (i * 3 + j) % 13 - 6;
      b[i][j] = (i + j * 5) % 11 - 5;
    }
  int host = 1;
#pragma omp target data map(to : a, b) map(from : c, f)
  {
#pragma omp target teams distribute parallel for collapse(2) num_teams(4) map(tofrom : host)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
        if (i + j == 0) host = omp_is_initial_device();
      }
#pragma omp target teams distribute parallel for num_teams(4)
    for (int i = 0; i < N; i++) {
#pragma omp simd
      for (int j = 0; j < N; j++) {
        float sum = 0;
        for (int k = 0; k < N; k++) sum += (float)a[i][k] * (float)b[k][j];
        f[i][j] = sum;
      }
    }
  }
  check_device("target", host);
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      check_real("double", i * N + j, c[i][j], sum, 0);
      check_real("float", i * N + j, f[i][j], sum, 0);
    }
  return finish();
}
