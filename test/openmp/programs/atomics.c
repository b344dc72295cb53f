/* Atomic constructs and the compiler's atomic operations, contended by threads of several teams: on 32 and 64 bits, as
   GCC 12 has none for less. */
#include "check.h"

enum { TEAMS = 4, N = 400 };

int main(void) {
  int i32 = 0, host = 1;
  long i64 = 0;
  unsigned bits = 0, toggled = 0;
  float f32 = 0;
  double f64 = 0, product = 1;
  int taken[TEAMS * N], tickets = 0, low = 1 << 20, high = -1, swapped = 0;
  memset(taken, 0, sizeof taken);
#pragma omp target map(from : host)
  host = omp_is_initial_device();
  check_device("target", host);
#pragma omp target teams distribute parallel for num_teams(TEAMS) \
    map(tofrom : i32, i64, bits, toggled, f32, f64, product, taken, tickets, low, high, swapped)
  for (int i = 0; i < TEAMS * N; i++) {
#pragma omp atomic
    i32 += i;
#pragma omp atomic update
    i64 = i64 - ((long)i << 32);
#pragma omp atomic
    bits |= 1u << (i % 32);
#pragma omp atomic
    toggled ^= (unsigned)i * 0x01010101u;
#pragma omp atomic
    f32 += 0.5f;
#pragma omp atomic
    f64 += 0.25;
#pragma omp atomic
    product *= i % 2 ? 2.0 : 0.5;
    int ticket;
#pragma omp atomic capture
    ticket = tickets++;
#pragma omp atomic
    taken[ticket]++;
    for (int now = __atomic_load_n(&low, __ATOMIC_RELAXED); i < now;)
      if (__atomic_compare_exchange_n(&low, &now, i, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) break;
    for (int now = __atomic_load_n(&high, __ATOMIC_RELAXED); i > now;)
      if (__atomic_compare_exchange_n(&high, &now, i, 1, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) break;
    __sync_fetch_and_add(&swapped, __sync_lock_test_and_set(&taken[ticket], 1));
  }
  const int all = TEAMS * N;
  check_int("i32", 0, i32, (long)all * (all - 1) / 2);
  check_int("i64", 0, i64, -((long)all * (all - 1) / 2) * (1L << 32));
  check_int("bits", 0, bits, 0xffffffffu);
  unsigned wanted = 0;
  for (int i = 0; i < all; i++) wanted ^= (unsigned)i * 0x01010101u;
  check_int("toggled", 0, toggled, wanted);
  check_real("f32", 0, f32, all * 0.5, 0);
  check_real("f64", 0, f64, all * 0.25, 0);
  check_real("product", 0, product, 1, 0);
  check_int("tickets", 0, tickets, all);
  for (int i = 0; i < all; i++) check_int("taken", i, taken[i], 1);
  check_int("low", 0, low, 0);
  check_int("high", 0, high, all - 1);
  check_int("swapped", 0, swapped, all);
  return finish();
}
