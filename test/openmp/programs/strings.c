/* The device's C library on memory and text. */
#include "check.h"

int main(void) {
  char out[256], big[5000];
  int host = 1, results[10];
  memset(out, 0, sizeof out);
  for (unsigned i = 0; i < sizeof big; i++) big[i] = (char)(i * 7);
#pragma omp target map(tofrom : out, big, host) map(from : results)
  {
    host = omp_is_initial_device();
    char word[64] = "alpha";
    strcat(word, " beta");
    strncpy(word + strlen(word), " gamma!!", 6);
    word[16] = 0;
    int at = snprintf(out, sizeof out, "<%s> %d %08.3f %lx", word, -17, 2.71828, 0x123456789abcdefL);
    results[0] = at;
    results[1] = (int)strtol("  -0x7fz", NULL, 16);
    results[2] = (int)(strtod("12.5e2", NULL) * 4);
    results[3] = strcmp("abc", "abd") < 0;
    results[4] = (int)(strchr(word, 'g') - word);
    results[5] = strstr(word, "eta") == word + 7;
    results[6] = atoi("12345");
    int a = 0, b = 0;
    char* end = NULL;
    a = (int)strtoul("10 and 20", &end, 0);
    b = (int)strspn(end, " adn");
    results[7] = a + b;
    memmove(big + 13, big, 4000);
    memset(big + 4500, 9, 501 - 1);
    results[8] = memcmp(big + 13, big + 13 + 256, 64) != 0;
    results[9] = memchr(big + 4490, 9, 100) != NULL;
  }
  check_device("target", host);
  const char* const wanted = "<alpha beta gamma> -17 0002.718 123456789abcdef";
  if (strcmp(out, wanted) != 0) fail("snprintf", 0, out, wanted);
  const int values[10] = {(int)strlen(wanted), -127, 5000, 1, 11, 1, 12345, 15, 0, 1};
  for (int i = 0; i < 10; i++) check_int("result", i, results[i], values[i]);
  for (int i = 0; i < 4000; i++) check_int("memmove", i, big[13 + i], (char)(i * 7));
  for (int i = 4500; i < 5000; i++) check_int("memset", i, big[i], 9);
  return finish();
}
