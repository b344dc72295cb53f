/* Locks of the library, and critical sections that exclude threads of other teams. */
#include "check.h"

int main(void) {
  int host = 1, simple = 0, nested = 0, tried = 0, deepest = 0;
#pragma omp target map(tofrom : host, simple, nested, tried, deepest)
  {
    host = omp_is_initial_device();
    omp_lock_t lock;
    omp_nest_lock_t nest;
    omp_init_lock(&lock);
    omp_init_nest_lock(&nest);
#pragma omp parallel
    {
      for (int i = 0; i < 20; i++) {
        omp_set_lock(&lock);
        const int was = simple;
        simple = was + 1;
        omp_unset_lock(&lock);
      }
      for (int i = 0; i < 5; i++) {
        omp_set_nest_lock(&nest);
        omp_set_nest_lock(&nest);
        const int depth = omp_test_nest_lock(&nest);
        if (depth > deepest) deepest = depth;
        nested += depth;
        omp_unset_nest_lock(&nest);
        omp_unset_nest_lock(&nest);
        omp_unset_nest_lock(&nest);
      }
      while (!omp_test_lock(&lock)) {
      }
      tried++;
      omp_unset_lock(&lock);
    }
    omp_destroy_nest_lock(&nest);
    omp_destroy_lock(&lock);
    simple = simple * 1000 / tried; /* per thread */
    nested = nested * 1000 / tried;
  }
  check_device("target", host);
  check_int("lock", 0, simple, 20 * 1000);
  check_int("nest lock", 0, nested, 15 * 1000);
  check_int("depth", 0, deepest, 3);

  long sum = 0;
  int entries = 0, together = 0, worst = 0;
#pragma omp target teams num_teams(6) thread_limit(4) map(tofrom : sum, entries, together, worst)
#pragma omp parallel for
  for (int i = 0; i < 40; i++) {
#pragma omp critical(one)
    {
      together++;
      if (together > worst) worst = together;
      sum += i;
      entries++;
      together--;
    }
  }
  check_int("critical over teams", 0, sum, 6 * 780);
  check_int("entries", 0, entries, 240);
  check_int("at a time", 0, worst, 1);
  return finish();
}
