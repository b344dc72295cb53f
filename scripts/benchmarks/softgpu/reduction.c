// Compiled twice: by GCC for the GPU, and for this CPU without OpenMP.
double REDUCTION(const float* a, int count);

double REDUCTION(const float* a, int count) {
  double sum = 0;
#pragma omp target teams distribute parallel for reduction(+ : sum) map(to : a[0 : count])
  for (int i = 0; i < count; i++) sum += (double)(a[i] * a[i]) + 0.5;
  return sum;
}
