/* Variables that live on the device for as long as the program does, and updates of them. */
#include "check.h"

#pragma omp declare target
static int counter = 5;
double table[40] = {1, 2, 3};
static const char* const words[] = {"zero", "one", "two"};
int* pointer;
static struct {
  int a;
  double b;
} pair = {7, 2.5};
static int next(void) {
  static int calls = 100;
  return ++calls;
}
#pragma omp end declare target

int linked = 11;
#pragma omp declare target link(linked)

int main(void) {
  int host = 1, seen = 0, letters = 0, calls = 0;
  double sum = 0;
#pragma omp target map(from : host, seen, sum, letters, calls)
  {
    host = omp_is_initial_device();
    counter += 10;
    seen = counter;
    sum = table[0] + table[1] + table[2] + table[3];
    for (int i = 0; i < 40; i++) table[i] = i * 1.5;
    letters = (int)(strlen(words[0]) * 100 + strlen(words[1]) * 10 + strlen(words[2]));
    pair.a *= 2;
    next();
    calls = next();
  }
  check_device("target", host);
  check_int("initial value", 0, seen, 15);
  check_int("host's own", 0, counter, 5);
  check_real("table", 0, sum, 6, 0);
  check_int("words", 0, letters, 433);
  check_int("static of a function", 0, calls, 102);

#pragma omp target update from(counter, table)
  check_int("update from", 0, counter, 15);
  for (int i = 0; i < 40; i++) check_real("update from", i, table[i], i * 1.5, 0);

  counter = 1000;
  table[7] = -1;
#pragma omp target update to(counter, table[5 : 10])
  int kept = 0;
#pragma omp target map(from : seen, sum, kept)
  {
    seen = ++counter;
    sum = table[7] + table[39];
    kept = pair.a;
  }
  check_int("update to", 0, seen, 1001);
  check_real("update of a section", 0, sum, 57.5, 0);
  check_int("kept", 0, kept, 14);

  int storage = 3;
#pragma omp target data map(tofrom : storage) use_device_ptr(pointer)
  {
#pragma omp target map(storage)
    {
      pointer = &storage;
      *pointer += 4;
    }
  }
  check_int("pointer on the device", 0, storage, 7);

#pragma omp target map(tofrom : linked)
  linked += 3;
  check_int("link", 0, linked, 14);
  return finish();
}
