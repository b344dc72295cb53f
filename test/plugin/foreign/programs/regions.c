/* Regions for a C plugin: one that does nothing, one that copies what lies behind an address, and some that compute. */
#pragma omp declare target
long total = 40;
#pragma omp end declare target

void nothing(void) {
#pragma omp target
  ;
}

void copy(long* to, const long* from, int n) {
#pragma omp target map(from : to[0 : n]) map(to : from[0 : n]) firstprivate(n)
  for (int i = 0; i < n; i++) to[i] = from[i];
}

void saxpy(float* y, const float* x, float a, int n) {
#pragma omp target teams distribute parallel for map(tofrom : y[0 : n]) map(to : x[0 : n]) firstprivate(a) \
    firstprivate(n)
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void count(long by) {
#pragma omp target firstprivate(by)
  total += by;
}

int main(void) {
  return 0;
}
