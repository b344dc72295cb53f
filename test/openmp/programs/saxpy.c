/* Every combined construct over one loop. */
#include "check.h"

enum { N = 3000 };

static float x[N], y[N];

static void reset(void) {
  for (int i = 0; i < N; i++) {
    x[i] = (float)(i % 97) * 0.5f;
    y[i] = (float)i;
  }
}

static void verify(const char* what, int host) {
  check_device(what, host);
  /* Small multiples of a half: exact in binary. */
  for (int i = 0; i < N; i++) check_real(what, i, y[i], (double)(i % 97) * 1.5 + i, 0);
}

int main(void) {
  int host = 1;
  const float a = 3;

  reset();
#pragma omp target map(to : x) map(tofrom : y) map(from : host)
  {
    host = omp_is_initial_device();
    for (int i = 0; i < N; i++) y[i] += a * x[i];
  }
  verify("target", host);

  reset();
#pragma omp target parallel for map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("parallel for", 0);

  reset();
#pragma omp target simd map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("simd", 0);

  reset();
#pragma omp target parallel for simd map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("parallel for simd", 0);

  reset();
#pragma omp target teams distribute num_teams(5) map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("teams distribute", 0);

  reset();
#pragma omp target teams distribute simd num_teams(3) map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("teams distribute simd", 0);

  reset();
#pragma omp target teams distribute parallel for num_teams(4) map(to : x) map(tofrom : y)
  for (int i = 0; i < N; i++) y[i] += a * x[i];
  verify("teams distribute parallel for", 0);

  reset();
  host = 1;
#pragma omp target teams num_teams(4) thread_limit(8) map(to : x) map(tofrom : y) map(from : host)
  {
    if (omp_get_team_num() == 0) host = on_host();
#pragma omp distribute parallel for simd dist_schedule(static, 64) schedule(static, 16)
    for (int i = 0; i < N; i++) y[i] += a * x[i];
  }
  verify("teams distribute parallel for simd", host);
  return finish();
}
