/* printf in a target region reaches the host's standard output, whole lines in each thread's order. */
#include <unistd.h>

#include "check.h"

int main(void) {
  char name[] = "/tmp/gcn-offload-print-XXXXXX";
  const int file = mkstemp(name), before = dup(1);
  fflush(stdout);
  dup2(file, 1);
  int host = 1;
#pragma omp target map(from : host)
  {
    host = omp_is_initial_device();
    printf("integers %d %ld %u %x %c %s\n", -5, 1234567890123L, 4000000000u, 0xbeef, 'q', "text");
    printf("reals %.3f %e %g\n", 3.14159, 1.5e-10, 1e20);
    printf("%5d|%-5d|%05d|%+d|%%|%10.4s|\n", 42, 42, 42, 42, "truncated");
  }
#pragma omp target parallel num_threads(3)
  for (int i = 0; i < 4; i++) printf("thread %d line %d\n", omp_get_thread_num(), i);
  fflush(stdout);
  dup2(before, 1);
  check_device("target", host);

  static char text[4096];
  const ssize_t length = pread(file, text, sizeof text - 1, 0);
  unlink(name);
  const char* const fixed =
      "integers -5 1234567890123 4000000000 beef q text\n"
      "reals 3.142 1.500000e-10 1e+20\n"
      "   42|42   |00042|+42|%|      trun|\n";
  check_int("formatted", length, strncmp(text, fixed, strlen(fixed)), 0);
  int next[3] = {0}, lines = 0;
  for (char* line = strtok(text + strlen(fixed), "\n"); line; line = strtok(NULL, "\n"), lines++) {
    int thread = -1, number = -1, end = 0;
    sscanf(line, "thread %d line %d%n", &thread, &number, &end);
    if (thread < 0 || thread > 2 || line[end] != 0)
      fail("line", lines, line, "a thread's line");
    else
      check_int("order", lines, number, next[thread]++);
  }
  check_int("lines", 0, lines, 12);
  return finish();
}
