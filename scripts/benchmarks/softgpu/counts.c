#include "counts.h"

#include <dirent.h>
#include <dlfcn.h>
#include <string.h>
#include <time.h>

#include "../../../native/softgpu/driver/thunk/gcn_softgpu.h"

static int ascending(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}
static double median(double* values, int count) {
  qsort(values, (size_t)count, sizeof *values, ascending);
  return values[count / 2];
}

void printResult(const char* name, const char* unit, double amount, int rounds, double* wall, double* worker,
                 double* native) {
  const double typical = median(wall, rounds);
  printf("{\"name\": \"%s\", \"%s\": %.0f, \"wall\": %.0f, \"best\": %.0f, \"worker\": %.0f, \"native\": %.0f}\n", name,
         unit, amount, typical, wall[0], median(worker, rounds), median(native, rounds));
  fflush(stdout);
}

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
double now(void) {
  return seconds(CLOCK_MONOTONIC);
}
double ownClock(void) {
  return seconds(CLOCK_THREAD_CPUTIME_ID);
}

// The first line of a file under /proc, without its end.
static int readLine(const char* thread, const char* name, char* text, int size) {
  char path[300];
  snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, name);
  FILE* file = fopen(path, "r");
  if (!file) return 0;
  const int found = fgets(text, size, file) != NULL;
  fclose(file);
  if (found) text[strcspn(text, "\n")] = 0;
  return found;
}

Counts countsNow(void) {
  static int (*statistics)(struct gcn_softgpu_counts*);
  if (!statistics) {
    void* thunk = dlopen("libhsakmt.so.1", RTLD_LAZY | RTLD_NOLOAD);
    if (thunk) statistics = (int (*)(struct gcn_softgpu_counts*))dlsym(thunk, "gcn_softgpu_statistics");
    if (!statistics) FAIL("this is no software GPU: run the program under gcn-offload exec");
  }
  struct gcn_softgpu_counts counts = {.size = sizeof counts};
  statistics(&counts);
  Counts now = {(double)counts.wave_instructions, (double)counts.dispatch_nanoseconds, 0};
  DIR* threads = opendir("/proc/self/task");
  if (!threads) FAIL("/proc is not there");
  for (struct dirent* entry; (entry = readdir(threads));) {
    char text[256];
    if (!readLine(entry->d_name, "comm", text, sizeof text) || strcmp(text, "softgpu") != 0) continue;
    if (readLine(entry->d_name, "schedstat", text, sizeof text)) now.workerNanoseconds += strtod(text, NULL);
  }
  closedir(threads);
  return now;
}
