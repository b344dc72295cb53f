/* options: -fopenacc
   A program whose region in a queue ends in the way that its first word says. Its status is 2 where nothing is amiss.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is(const char* word, const char* what) {
  return strcmp(word, what) == 0;
}

int main(int count, char** words) {
  int how = 0;
  if (count > 1) how = is(words[1], "fault") ? 1 : is(words[1], "exit") ? 2 : is(words[1], "abort") ? 3 : 0;
  int value = 0;
#pragma acc parallel num_gangs(1) copy(value) copyin(how) async(1)
  {
    value = 42;
    if (how == 1) value = *(volatile int*)0x700000000000;
    if (how == 2) exit(9);
    if (how == 3) abort();
  }
#pragma acc wait
  printf("after it: %d\n", value);
  return 2;
}
