/* Teams, threads and levels: who runs what. */
#include "check.h"

enum { TEAMS = 5, SLOTS = 64 };

int main(void) {
  int host[TEAMS], teams[TEAMS], threads[TEAMS], visits[TEAMS][SLOTS];
  memset(visits, 0, sizeof visits);
  for (int i = 0; i < TEAMS; i++) host[i] = 1;
#pragma omp target teams num_teams(TEAMS) thread_limit(8) map(tofrom : host, visits) map(from : teams, threads)
  {
    const int team = omp_get_team_num();
    host[team] = on_host();
    teams[team] = omp_get_num_teams();
    threads[team] = 0;
#pragma omp parallel
    {
      const int thread = omp_get_thread_num();
#pragma omp atomic
      visits[team][thread]++;
#pragma omp single
      threads[team] = omp_get_num_threads();
    }
#pragma omp parallel num_threads(3)
    {
#pragma omp atomic
      visits[team][32 + omp_get_thread_num()]++;
    }
  }
  for (int team = 0; team < TEAMS; team++) {
    check_device("teams", host[team]);
    check_int("number of teams", team, teams[team], TEAMS);
    if (threads[team] < 1 || threads[team] > 8) check_int("number of threads", team, threads[team], 8);
    for (int i = 0; i < 32; i++) check_int("threads of a team", team * SLOTS + i, visits[team][i], i < threads[team]);
    int seen = 0;
    for (int i = 32; i < SLOTS; i++) seen += visits[team][i];
    check_int("three threads", team, seen, 3);
  }

  /* A nested region has one thread here, but it is a level, and it runs once for each outer thread. */
  int inner = 0, outer = 0, level = 0, active = 0, ancestors = 0;
#pragma omp target map(tofrom : inner, outer, level, active, ancestors)
#pragma omp parallel num_threads(4)
  {
#pragma omp atomic
    outer++;
    const int mine = omp_get_thread_num();
#pragma omp parallel num_threads(2)
    {
#pragma omp atomic
      inner += omp_get_num_threads();
      if (omp_get_thread_num() == 0) {
#pragma omp atomic
        level += omp_get_level();
#pragma omp atomic
        active += omp_in_parallel();
#pragma omp atomic
        ancestors += omp_get_ancestor_thread_num(1) == mine;
      }
    }
  }
  check_int("outer threads", 0, outer, 4);
  if (inner != 4 && inner != 16) check_int("inner threads", 0, inner, 4);
  check_int("levels", 0, level, 8);
  check_int("in parallel", 0, active, 4);
  check_int("ancestors", 0, ancestors, 4);
  return finish();
}
