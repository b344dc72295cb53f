/* options: -fopenacc
   OpenACC constructs of all kinds, one a function. Linked with lists.c, and with LISTS, the program prints what its constructs hand over. */
#include <stdlib.h>

struct list {
  int count;
  int* values;
};

void saxpy(int n, float a, const float* x, float* y) {
#pragma acc parallel loop copyin(x[0:n]) copy(y[0:n]) firstprivate(n, a)
  for (int i = 0; i < n; i++) y[i] += a * x[i];
}

void total(int n, const int* x) {
  long sum = 7;
#pragma acc parallel loop present(x[0:n]) copy(sum) reduction(+ : sum) firstprivate(n)
  for (int i = 0; i < n; i++) sum += x[i];
}

/* Each launch takes the value that the one before it has left. */
void step(int* value, int factor) {
#pragma acc parallel num_gangs(1) copy(value[0:1]) firstprivate(factor)
  value[0] = value[0] * factor + 1;
}

void fill(int n, int first, int* out) {
#pragma acc kernels create(out[0:n])
#pragma acc loop independent
  for (int i = 0; i < n; i++) out[i] = first + i;
}

void through(struct list* list) {
#pragma acc parallel loop present(list[0:1])
  for (int i = 0; i < 100; i++) list->values[i] += list->count;
}

void member(struct list list) {
#pragma acc parallel loop copy(list.count, list.values[0:100])
  for (int i = 0; i < 100; i++) list.values[i] += list.count;
}

void twice(int n, int* there) {
#pragma acc parallel loop deviceptr(there) firstprivate(n)
  for (int i = 0; i < n; i++) there[i] *= 2;
}

void maybe(int n, int* x, int* y) {
#pragma acc parallel loop no_create(x[0:n]) copyout(y[0:n]) firstprivate(n)
  for (int i = 0; i < n; i++) y[i] = x[i] + 1;
}

void count(int n) {
#pragma acc serial copy(n)
  n++;
}

void enter(struct list list) {
#pragma acc enter data copyin(list)
#pragma acc enter data copyin(list.values[0:100])
}
void leave(struct list list) {
#pragma acc exit data copyout(list.values[0:100])
#pragma acc exit data delete (list) finalize
}
void refresh(struct list list, int n, int* x) {
#pragma acc update self(x[0:n])
#pragma acc update device(x[0:n]) if_present
#pragma acc update device(list.values[0:100])
}

int main(void) {
#ifdef LISTS
  static float f[100];
  static int x[100], y[100];
  struct list list = {3, x};
  saxpy(100, 2, f, f + 50);
  total(100, x);
  step(x, 3);
  fill(100, 5, x);
  through(&list);
  member(list);
  twice(100, x);
  maybe(100, x, y);
  count(5);
  enter(list);
  leave(list);
  refresh(list, 100, x);
#endif
  return 0;
}
