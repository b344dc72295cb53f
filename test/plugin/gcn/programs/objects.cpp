/*
 * Objects made by constructors and ended by destructors on the device, and variables that share their names with those
 * of regions.c. GCC 12 does not run the initialisers of objects of static duration there, but functions with the
 * attributes: these make the objects.
 */
#include <stdio.h>

#include <new>

#pragma omp declare target
int counter = 70;
double weights[8] = {9, 9, 9, 9, 9, 9, 9, 1};
int order = 0;

struct Noted {
  int value;
  const char* name;
  Noted(const char* n, int v) : value(v * counter), name(n) { order = order * 10 + v; }
  ~Noted() { printf("%s ends with %d\n", name, value); }
};
struct Derived : Noted {
  int factor;
  Derived(const char* n, int v, int f) : Noted(n, v), factor(f) {}
  int shape(int x) const { return factor * x; }
};

alignas(16) char places[3][32];
template <typename T = Noted>
T* object(int i) {
  return std::launder(reinterpret_cast<T*>(places[i]));
}

__attribute__((constructor(201), used)) void make_first() {
  new (places[0]) Noted("first", 1);
}
__attribute__((constructor(202), used)) void make_second() {
  new (places[1]) Derived("second", 2, object(0)->value);
}
__attribute__((constructor(203), used)) void make_third() {
  new (places[2]) Noted("third", 3);
}
__attribute__((destructor(203), used)) void end_third() {
  object(2)->~Noted();
}
__attribute__((destructor(202), used)) void end_second() {
  object(1)->~Noted();
}
__attribute__((destructor(201), used)) void end_first() {
  object(0)->~Noted();
}
#pragma omp end declare target

extern "C" void read_objects(int* seen) {
#pragma omp target map(from : seen[0 : 6])
  {
    for (int i = 0; i < 3; i++) seen[i] = object(i)->value;
    seen[3] = order;
    seen[4] = object<Derived>(1)->shape(6);
    seen[5] = counter;
    object(1)->value += 1000;
    counter++;
  }
}

int main() {
  return 0;
}
