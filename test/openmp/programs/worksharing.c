/* Loops of every schedule, sections, single, master, critical, ordered, barriers. */
#include "check.h"

enum { N = 200 };

int main(void) {
  int marks[6][N], host = 1;
  memset(marks, 0, sizeof marks);
#pragma omp target map(tofrom : marks, host)
  {
    host = omp_is_initial_device();
#pragma omp parallel
    {
#pragma omp for schedule(static, 3)
      for (int i = 0; i < N; i++) marks[0][i] += i;
#pragma omp for schedule(dynamic)
      for (int i = 0; i < N; i++) marks[1][i] += i;
#pragma omp for schedule(dynamic, 7) nowait
      for (int i = N - 1; i >= 0; i--) marks[2][i] += i;
#pragma omp for schedule(guided, 2)
      for (int i = 0; i < N; i++) marks[3][i] += i;
#pragma omp for schedule(auto)
      for (int i = 1; i < N; i += 3) marks[4][i] += i;
#pragma omp for collapse(2)
      for (int i = 0; i < 10; i++)
        for (int j = 0; j < 20; j++) marks[5][i * 20 + j] += i * j;
    }
  }
  check_device("target", host);
  for (int i = 0; i < N; i++) {
    for (int kind = 0; kind < 4; kind++) check_int("schedule", kind * 1000 + i, marks[kind][i], i);
    check_int("step", i, marks[4][i], i % 3 == 1 ? i : 0);
    check_int("collapse", i, marks[5][i], i / 20 * (i % 20));
  }

  int sections[3] = {0}, singles = 0, masters = 0, inside = 0, order[N], next = 0, copied = 0, last = -1;
  long guarded = 0;
#pragma omp target map(tofrom : sections, singles, masters, guarded, order, next, copied, last, inside)
#pragma omp parallel
  {
#pragma omp sections
    {
#pragma omp section
      sections[0]++;
#pragma omp section
      sections[1] += 2;
#pragma omp section
      sections[2] += 3;
    }
    int given = 0;
#pragma omp single copyprivate(given)
    {
      singles++;
      given = 41;
    }
#pragma omp atomic
    copied += given == 41;
#pragma omp master
    {
      masters++;
      inside = omp_get_num_threads();
    }
#pragma omp barrier
#pragma omp for
    for (int i = 0; i < N; i++) {
#pragma omp critical(sum)
      guarded += i;
    }
#pragma omp for ordered schedule(dynamic)
    for (int i = 0; i < N; i++) {
#pragma omp ordered
      order[next++] = i;
    }
#pragma omp for lastprivate(last)
    for (int i = 0; i < N; i++) last = i * 2;
  }
  check_int("section", 0, sections[0], 1);
  check_int("section", 1, sections[1], 2);
  check_int("section", 2, sections[2], 3);
  check_int("single", 0, singles, 1);
  check_int("master", 0, masters, 1);
  check_int("copyprivate", 0, copied, inside);
  check_int("critical", 0, guarded, N * (N - 1) / 2);
  for (int i = 0; i < N; i++) check_int("ordered", i, order[i], i);
  check_int("lastprivate", 0, last, 2 * (N - 1));
  return finish();
}
