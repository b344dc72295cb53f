/* More teams than there are compute units, each with its own memory, meeting in atomic counters; a hundred regions in a
 * row. */
#include "check.h"

enum { TEAMS = 130, LAUNCHES = 100 };

int main(void) {
  static int order[TEAMS], sums[TEAMS];
  int tickets = 0, host = 1, started = 0;
#pragma omp target teams num_teams(TEAMS) thread_limit(2) map(tofrom : order, sums, tickets, host, started)
  {
    const int team = omp_get_team_num();
    int local[16];
    if (team == 0) host = on_host();
    __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
#pragma omp parallel for
    for (int i = 0; i < 16; i++) local[i] = team * i;
    const int ticket = __atomic_fetch_add(&tickets, 1, __ATOMIC_ACQ_REL);
    order[ticket] = team;
    sums[team] = 0;
    for (int i = 0; i < 16; i++) sums[team] += local[i];
  }
  check_device("target", host);
  check_int("teams", 0, started, TEAMS);
  char seen[TEAMS] = {0};
  for (int i = 0; i < TEAMS; i++) seen[order[i]]++;
  for (int i = 0; i < TEAMS; i++) {
    check_int("ticket", i, seen[i], 1);
    check_int("sum", i, sums[i], 120 * i);
  }

  long value = 0;
#pragma omp target data map(tofrom : value)
  for (int i = 1; i <= LAUNCHES; i++) {
#pragma omp target firstprivate(i) map(tofrom : value)
    value = value * 3 % 1000003 + i;
  }
  long wanted = 0;
  for (int i = 1; i <= LAUNCHES; i++) wanted = wanted * 3 % 1000003 + i;
  check_int("launches", 0, value, wanted);
  return finish();
}
