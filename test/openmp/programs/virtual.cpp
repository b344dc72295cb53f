// options: -fno-rtti
// Virtual calls on the device. GCC 12 does not offload virtual tables, so these are such as its optimiser resolves:
// through bases of objects whose class it sees, final classes, and the curiously recurring template. Dispatch at run
// time goes through tables of functions that the program makes itself.
#include "check.h"

#pragma omp declare target
struct Shape {
  virtual double area() const = 0;
  virtual int corners() const { return 0; }
};
struct Square : Shape {
  explicit Square(double side) : side_(side) {}
  double area() const override { return side_ * side_; }
  int corners() const override { return 4; }
  double side_;
};
struct Circle final : Shape {
  explicit Circle(double radius) : radius_(radius) {}
  double area() const override { return 3 * radius_ * radius_; }
  double radius_;
};
inline double weight(const Shape& shape, double scale) {
  return shape.area() * scale + shape.corners();
}

template <class Derived>
struct Visitor {
  long visit(int depth) {
    if (depth == 0) return static_cast<Derived*>(this)->leaf();
    return static_cast<Derived*>(this)->join(visit(depth - 1), visit(depth - 1));
  }
};
struct Count : Visitor<Count> {
  long leaf() { return 1; }
  long join(long a, long b) { return a + b; }
};
struct Depth : Visitor<Depth> {
  long leaf() { return 0; }
  long join(long a, long b) { return (a > b ? a : b) + 1; }
};

// What a compiler makes of virtual functions, by hand.
struct Animal;
struct Methods {
  int (*legs)(const Animal&);
  void (*grow)(Animal&, int);
};
struct Animal {
  const Methods* methods;
  int size;
};
__attribute__((noinline)) int four(const Animal& a) {
  return 4 + a.size * 0;
}
__attribute__((noinline)) int many(const Animal& a) {
  return a.size * 2;
}
__attribute__((noinline)) void steadily(Animal& a, int by) {
  a.size += by;
}
__attribute__((noinline)) void twofold(Animal& a, int by) {
  a.size += 2 * by;
}
#pragma omp end declare target

int main() {
  enum { N = 32 };
  double weights[N];
  long counted = 0, deep = 0;
  int host = 1, legs = 0, sizes[N];
#pragma omp target map(from : weights, sizes) map(tofrom : host, counted, deep, legs)
  {
    host = omp_is_initial_device();
    for (int i = 0; i < N; i++) {
      Square square(i);
      Circle circle(i);
      weights[i] = i % 2 ? weight(square, 0.5) : weight(circle, 2);
    }
    counted = Count().visit(6);
    deep = Depth().visit(5);

    const Methods mammal = {four, steadily}, worm = {many, twofold};
    Animal animals[N];
    for (int i = 0; i < N; i++) animals[i] = {i % 3 ? &mammal : &worm, i};
    for (Animal& animal : animals) {
      animal.methods->grow(animal, 10);
      legs += animal.methods->legs(animal);
    }
    for (int i = 0; i < N; i++) sizes[i] = animals[i].size;
  }
  check_device("target", host);
  int wanted = 0;
  for (int i = 0; i < N; i++) {
    check_real("weight", i, weights[i], i % 2 ? i * i * 0.5 + 4 : 6.0 * i * i, 0);
    const int size = i % 3 ? i + 10 : i + 20;
    check_int("size", i, sizes[i], size);
    wanted += i % 3 ? 4 : 2 * size;
  }
  check_int("count", 0, counted, 64);
  check_int("depth", 0, deep, 5);
  check_int("legs", 0, legs, wanted);

  // One object in each thread.
  double each[16];
#pragma omp target parallel for map(from : each)
  for (int i = 0; i < 16; i++) {
    const Square square(i);
    const Shape& shape = square;
    each[i] = shape.area();
  }
  for (int i = 0; i < 16; i++) check_real("each", i, each[i], i * i, 0);
  return finish();
}
