/* In libgomp's place: OpenACC's entry points, which print a construct's kinds, sizes and alignments, and do nothing. */
#include <stdio.h>
#include <stddef.h>

static void list(const char* construct, size_t count, const size_t* sizes, const unsigned short* kinds) {
  printf("{\"construct\": \"%s\", \"items\": [", construct);
  for (size_t i = 0; i < count; i++)
    printf("%s{\"kind\": %d, \"size\": %zu}", i > 0 ? ", " : "", kinds[i], sizes[i]);
  printf("]}\n");
}

void GOACC_parallel_keyed(int flags, void (*fn)(void*), size_t count, void** addresses, size_t* sizes,
                          unsigned short* kinds, ...) {
  list("parallel", count, sizes, kinds);
}
void GOACC_data_start(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds) {
  list("data", count, sizes, kinds);
}
void GOACC_data_end(void) {}
void GOACC_enter_data(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async,
                      int waits, ...) {
  list("enter", count, sizes, kinds);
}
void GOACC_exit_data(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async,
                     int waits, ...) {
  list("exit", count, sizes, kinds);
}
void GOACC_update(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async,
                  int waits, ...) {
  list("update", count, sizes, kinds);
}
