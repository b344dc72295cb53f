// A program against hsa.h, for the software GPU's tests. usage: CODE_BUNDLE=FILE hsa_program SCENARIO
#include "scenarios.h"

int main(int count, char** words) {
  static const struct {
    const char* name;
    void (*run)(void);
  } scenarios[] = {
#define X(name) {#name, name},
      SCENARIOS(X)
#undef X
  };
  if (count != 2) return 2;
  for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    if (strcmp(words[1], scenarios[i].name)) continue;
    scenarios[i].run();
    return 0;
  }
  fprintf(stderr, "no scenario %s\n", words[1]);
  return 2;
}
