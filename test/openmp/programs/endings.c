/* How a kernel that ends the program does so: exit(7) in a target region makes 7 the program's status, abort() aborts
   it. The test says which, and looks at the status. */
#include "check.h"

int main(int count, char** words) {
  const int aborts = count > 1 && strcmp(words[1], "abort") == 0;
  int host = 1;
#pragma omp target map(from : host)
  host = omp_is_initial_device();
  check_device("target", host);
  if (count < 2) return finish();
/* One thread: further ones would miss it, and abort. */
#pragma omp target teams num_teams(1) thread_limit(1) firstprivate(aborts)
  {
    if (aborts) abort();
    exit(7);
  }
  return 3;
}
