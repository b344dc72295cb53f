/* Heat that spreads over a grid in many steps, the data staying on the device; each step's change by a reduction. */
#include "check.h"

enum { SIDE = 34, STEPS = 12 };

static float now[SIDE][SIDE], then[SIDE][SIDE], check[2][SIDE][SIDE];

int main(void) {
  for (int i = 0; i < SIDE; i++) now[0][i] = then[0][i] = check[0][0][i] = check[1][0][i] = 64;
  int host = 1;
  double changes[STEPS];
#pragma omp target data map(tofrom : now, then) map(from : changes)
  for (int step = 0; step < STEPS; step++) {
    double change = 0;
#pragma omp target teams distribute parallel for num_teams(2) reduction(+ : change) map(tofrom : change, host)
    for (int r = 1; r < SIDE - 1; r++) {
      if (r == 1) host = omp_is_initial_device();
      for (int c = 1; c < SIDE - 1; c++) {
        then[r][c] = 0.25f * (now[r - 1][c] + now[r + 1][c] + now[r][c - 1] + now[r][c + 1]);
        change += fabsf(then[r][c] - now[r][c]);
      }
    }
#pragma omp target teams distribute parallel for num_teams(2) collapse(2) map(to : change)
    for (int r = 1; r < SIDE - 1; r++)
      for (int c = 1; c < SIDE - 1; c++) {
        now[r][c] = then[r][c];
        if (r == 1 && c == 1) changes[step] = change;
      }
  }
  check_device("target", host);
  for (int step = 0; step < STEPS; step++) {
    double change = 0;
    float(*from)[SIDE] = check[step % 2], (*to)[SIDE] = check[1 - step % 2];
    for (int r = 1; r < SIDE - 1; r++)
      for (int c = 1; c < SIDE - 1; c++) {
        to[r][c] = 0.25f * (from[r - 1][c] + from[r + 1][c] + from[r][c - 1] + from[r][c + 1]);
        change += fabsf(to[r][c] - from[r][c]);
      }
    check_real("change", step, changes[step], change, 1e-12);
  }
  /* 64 divided by 4 twelve times stays exact in 24 bits. */
  for (int r = 0; r < SIDE; r++)
    for (int c = 0; c < SIDE; c++) check_real("heat", r * SIDE + c, now[r][c], check[STEPS % 2][r][c], 0);
  return finish();
}
