/* The least image: one region, which needs nothing of the C library. */
void fill(int *to, int n, int value) {
#pragma omp target map(from: to[0:n]) firstprivate(n) firstprivate(value)
  for (int i = 0; i < n; i++) to[i] = value + i;
}

int main(void) { return 0; }
