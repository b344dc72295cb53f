/* What is mapped when: regions, sections, pointers in structures, counts of references, the memory routines. */
#include "check.h"

enum { N = 100 };

struct matrix {
  int rows, columns;
  double* data;
};

int main(void) {
  int a[N], host = 1, here = omp_get_initial_device(), device = omp_get_default_device();
  for (int i = 0; i < N; i++) a[i] = i;
#pragma omp target data map(to : a)
  {
#pragma omp target map(tofrom : a, host)
    {
      host = omp_is_initial_device();
      for (int i = 0; i < N; i++) a[i] *= 2;
    }
    check_int("present is not copied", 0, a[5], 5);
    check_int("present", 0, omp_target_is_present(a, device), 1);
#pragma omp target update from(a[10 : 20])
    check_int("section", 0, a[9], 9);
    check_int("section", 1, a[10], 20);
    check_int("section", 2, a[29], 58);
    check_int("section", 3, a[30], 30);
#pragma omp target map(always, from : a)
    a[0] = 77;
    check_int("always", 0, a[99], 198);
    check_int("always", 1, a[0], 77);
  }
  check_device("target", host);
  check_int("absent", 0, omp_target_is_present(a, device), 0);

  int *heap = malloc(N * sizeof *heap), sum = 0;
  for (int i = 0; i < N; i++) heap[i] = i;
#pragma omp target enter data map(to : heap[20 : 50])
#pragma omp target enter data map(to : heap[20 : 50])
#pragma omp target map(tofrom : sum) map(to : heap[20 : 50])
  for (int i = 20; i < 70; i++) {
    sum += heap[i];
    heap[i] = -1;
  }
#pragma omp target exit data map(from : heap[20 : 50])
  check_int("still referenced", 0, heap[20], 20);
#pragma omp target exit data map(from : heap[20 : 50])
  check_int("copied back", 0, heap[20], -1);
  check_int("copied back", 1, heap[19], 19);
  check_int("copied back", 2, heap[70], 70);
  check_int("sum", 0, sum, 50 * 89 / 2);
  free(heap);

  struct matrix m = {6, 4, malloc(24 * sizeof(double))};
  for (int i = 0; i < 24; i++) m.data[i] = i;
#pragma omp target map(to : m.rows, m.columns, m.data) map(tofrom : m.data[0 : 24])
  for (int r = 0; r < m.rows; r++)
    for (int c = 0; c < m.columns; c++) m.data[r * m.columns + c] += r * 100;
  for (int i = 0; i < 24; i++) check_real("member", i, m.data[i], i + i / 4 * 100, 0);
  free(m.data);

  long grid[4][5] = {{0}};
#pragma omp target map(tofrom : grid[1 : 2][0 : 5])
  for (int r = 1; r < 3; r++)
    for (int c = 0; c < 5; c++) grid[r][c] = r * 10 + c;
  for (int r = 0; r < 4; r++)
    for (int c = 0; c < 5; c++) check_int("grid", r * 5 + c, grid[r][c], r == 1 || r == 2 ? r * 10 + c : 0);

  int* buffer = omp_target_alloc(N * sizeof *buffer, device);
  int back[N] = {0};
  check_int("copy", 0, omp_target_memcpy(buffer, a, N * sizeof *a, 0, 0, device, here), 0);
#pragma omp target is_device_ptr(buffer)
  for (int i = 0; i < N; i++) buffer[i] += 1;
  check_int("copy", 1,
            omp_target_memcpy(back, buffer, (N - 10) * sizeof *a, 5 * sizeof *a, 10 * sizeof *a, here, device), 0);
  for (int i = 0; i < N - 10; i++) check_int("offset copy", i, back[i + 5], a[i + 10] + 1);
  size_t volume[2] = {3, 4}, to[2] = {1, 1}, from[2] = {2, 3}, shapeTo[2] = {5, 6}, shapeFrom[2] = {10, 10};
  int rect[5][6];
  memset(rect, 0, sizeof rect);
  check_int("rect", 0,
            omp_target_memcpy_rect(rect, buffer, sizeof(int), 2, volume, to, from, shapeTo, shapeFrom, here, device),
            0);
  for (int r = 0; r < 3; r++)
    for (int c = 0; c < 4; c++) check_int("rect", r * 4 + c, rect[r + 1][c + 1], a[(r + 2) * 10 + c + 3] + 1);

  int shadow[N];
  check_int("associate", 0, omp_target_associate_ptr(shadow, buffer, sizeof shadow, 0, device), 0);
#pragma omp target map(tofrom : shadow)
  shadow[3] = 1234;
#pragma omp target update from(shadow[3 : 1])
  check_int("associated", 0, shadow[3], 1234);
  check_int("disassociate", 0, omp_target_disassociate_ptr(shadow, device), 0);
  omp_target_free(buffer, device);
  return finish();
}
