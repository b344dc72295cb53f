/* malloc, calloc, realloc and free on the device, by threads of several teams; arrays on the stack. */
#include "check.h"

enum { N = 64 };

struct node {
  struct node* next;
  int value;
};

int main(void) {
  int sums[N], dirty = 0, moved = 0, host = 1, missing = 0;
#pragma omp target teams distribute parallel for num_teams(3) map(from : sums) map(tofrom : dirty, moved, host, missing)
  for (int i = 0; i < N; i++) {
    if (i == 0) host = omp_is_initial_device();
    struct node* head = NULL;
    for (int k = 0; k <= i; k++) {
      struct node* node = malloc(sizeof *node);
      if (!node) {
#pragma omp atomic
        missing++;
        continue;
      }
      node->next = head;
      node->value = k;
      head = node;
    }
    sums[i] = 0;
    while (head) {
      struct node* next = head->next;
      sums[i] += head->value;
      free(head);
      head = next;
    }
    char* zeros = calloc(10, 13);
    for (int k = 0; k < 130; k++) {
      if (zeros[k] != 0) {
#pragma omp atomic
        dirty++;
      }
      zeros[k] = (char)(k + i);
    }
    zeros = realloc(zeros, 5000);
    memset(zeros + 130, 1, 5000 - 130);
    for (int k = 0; k < 130; k++) {
      if (zeros[k] != (char)(k + i)) {
#pragma omp atomic
        moved++;
      }
    }
    free(zeros);
  }
  check_device("target", host);
  check_int("missing", 0, missing, 0);
  for (int i = 0; i < N; i++) check_int("list", i, sums[i], i * (i + 1) / 2);
  check_int("calloc", 0, dirty, 0);
  check_int("realloc", 0, moved, 0);

  int n = 17, total = 0;
  int row[n];
  for (int i = 0; i < n; i++) row[i] = i;
#pragma omp target map(tofrom : total) firstprivate(row)
  {
    int copy[n * 2];
    for (int i = 0; i < n; i++) {
      row[i] += 1;
      copy[i] = copy[2 * n - 1 - i] = row[i] * row[i];
    }
    for (int i = 0; i < 2 * n; i++) total += copy[i];
  }
  check_int("variable length", 0, total, 2 * 17 * 18 * 35 / 6);
  check_int("firstprivate", 0, row[16], 16);
  return finish();
}
