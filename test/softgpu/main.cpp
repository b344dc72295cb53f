#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

int main(int argc, char** argv) {
  doctest::Context context;
  // Tests outside of suites first, as their suite has no name; then vectors.cpp, which asks what the others executed.
  context.setOption("order-by", "suite");
  context.applyCommandLine(argc, argv);
  return context.run();
}
