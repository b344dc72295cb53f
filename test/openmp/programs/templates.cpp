// Templates, lambdas, constexpr, references, operators, and objects with constructors in target regions.
#include <new>

#include "check.h"

#pragma omp declare target
template <class T, int N>
struct Vector {
  T data[N];
  constexpr Vector() : data{} {}
  T& operator[](int i) { return data[i]; }
  const T& operator[](int i) const { return data[i]; }
  template <class F>
  auto map(F f) const {
    Vector<decltype(f(data[0])), N> result;
    for (int i = 0; i < N; i++) result[i] = f(data[i]);
    return result;
  }
};

template <class T, int N>
T dot(const Vector<T, N>& a, const Vector<T, N>& b) {
  T sum{};
  for (int i = 0; i < N; i++) sum += a[i] * b[i];
  return sum;
}

template <class T, class Less>
void sort(T* begin, T* end, Less less) {
  if (end - begin < 2) return;
  T pivot = begin[(end - begin) / 2];
  T *low = begin, *high = end - 1;
  while (low <= high) {
    while (less(*low, pivot)) low++;
    while (less(pivot, *high)) high--;
    if (low <= high) {
      T keep = *low;
      *low++ = *high;
      *high-- = keep;
    }
  }
  sort(begin, high + 1, less);
  sort(low, end, less);
}

struct Greater {
  bool operator()(int x, int y) const { return x > y; }
};

template <unsigned N>
struct Factorial {
  static constexpr unsigned long value = N * Factorial<N - 1>::value;
};
template <>
struct Factorial<0> {
  static constexpr unsigned long value = 1;
};

class Counter {
 public:
  explicit Counter(int& live) : live_(live) { ++live_; }
  Counter(const Counter& other) : live_(other.live_) { ++live_; }
  ~Counter() { --live_; }

 private:
  int& live_;
};

template <class... Ts>
auto total(Ts... ts) {
  return (ts + ...);
}
#pragma omp end declare target

int main() {
  int host = 1, live = 0, most = 0;
  long integer = 0;
  double real = 0, mixed = 0;
  unsigned long factorial = 0;
  static int numbers[300];
  for (int i = 0; i < 300; i++) numbers[i] = static_cast<int>(scramble(static_cast<uint64_t>(i)) >> 50);
#pragma omp target map(tofrom : host, live, most, integer, real, mixed, factorial, numbers)
  {
    host = omp_is_initial_device();
    Vector<long, 8> a, b;
    for (int i = 0; i < 8; i++) {
      a[i] = i + 1;
      b[i] = 1L << (4 * i);
    }
    integer = dot(a, b);
    const double scale = 0.5;
    auto halves = a.map([scale](long x) { return x * scale; });
    real = dot(halves, halves);
    factorial = Factorial<15>::value;
    mixed = total(1, 2.5f, 3L, 'a', 0.25);
    sort(numbers, numbers + 300, Greater());
    {
      Counter one(live);
      Counter two = one;
      alignas(Counter) char room[sizeof(Counter)];
      Counter* three = new (room) Counter(two);
      most = live;
      three->~Counter();
    }
  }
  check_device("target", host);
  check_int("dot", 0, integer, 0x87654321L);
  check_real("map", 0, real, 51, 0);
  check_int("factorial", 0, static_cast<long long>(factorial), 1307674368000);
  check_real("total", 0, mixed, 103.75, 0);
  for (int i = 1; i < 300; i++) check_int("sorted", i, numbers[i - 1] >= numbers[i], 1);
  check_int("live at most", 0, most, 3);
  check_int("live at the end", 0, live, 0);

  // A lambda that holds references, run by many threads.
  static float field[200];
  const float step = 0.125F;
#pragma omp target teams distribute parallel for num_teams(2) map(from : field)
  for (int i = 0; i < 200; i++) {
    auto at = [&](int k) { return step * static_cast<float>(k); };
    field[i] = at(i) + at(2);
  }
  for (int i = 0; i < 200; i++) check_real("lambda", i, field[i], 0.125 * i + 0.25, 0);
  return finish();
}
