/* A program with a target region that ends in the way that its first word says. Its status is 2 where it just ends. */
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

__attribute__((destructor)) static void destructor(void) {
  printf("destructor\n");
}

static int words_count = 0;
static char** main_words = NULL;

/* main's words are there as long as the process. */
static void at_exit(void) {
  const int whole = main_words[words_count] == NULL && strstr(main_words[0], "ends.c") != NULL;
  printf("at exit%s\n", whole ? "" : " without main's words");
}

static int is(const char* word, const char* what) {
  return strcmp(word, what) == 0;
}

int main(int count, char** words) {
  const char* const word = count > 1 ? words[1] : "";
  words_count = count;
  main_words = words;
  atexit(at_exit);
  int value = 0;
  printf("before the kernel\n");
#pragma omp target map(tofrom : value)
  {
    value = 42;
    printf("in the kernel: %d\n", value);
  }
  printf("after it: %d\n", value);

  if (is(word, "wait")) usleep(300000);
  while (is(word, "again")) {
#pragma omp target map(tofrom : value)
    value++;
  }
  if (is(word, "endless")) {
#pragma omp target teams num_teams(1) thread_limit(1) map(tofrom : value) nowait
    while (1) *(volatile int*)&value += 1;
#pragma omp taskwait
  }
  if (is(word, "spin")) {
#pragma omp target teams num_teams(1) thread_limit(1) map(tofrom : value)
    while (1) *(volatile int*)&value += 1;
  }
  if (is(word, "exit")) exit(3);
  if (is(word, "thread")) {
#pragma omp parallel num_threads(3)
    {
      if (omp_get_thread_num() == 1) exit(4);
      while (1) pause();
    }
  }
  if (is(word, "abort")) abort();
  if (is(word, "crash")) *(volatile int*)8 = 1;
  if (is(word, "hang")) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    pthread_mutex_lock(&mutex);
  }
  if (is(word, "at once")) _exit(5);
  if (is(word, "fatal")) {
    static int part[10];
#pragma omp target enter data map(to : part[0 : 5])
#pragma omp target map(tofrom : part[0 : 10])
    part[9] = 1;
  }
  if (is(word, "fork")) {
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) exit(8);
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
  if (is(word, "fault")) {
#pragma omp target map(tofrom : value)
    value = *(volatile int*)0x700000000000;
  }
  if (is(word, "task fault")) {
#pragma omp target teams num_teams(1) thread_limit(1) map(tofrom : value) nowait
    value = *(volatile int*)0x700000000000;
#pragma omp taskwait
  }
  if (is(word, "trap")) {
#pragma omp target map(tofrom : value)
    __builtin_trap();
  }
  if (is(word, "kernel")) {
#pragma omp target teams num_teams(1) thread_limit(1)
    exit(6);
  }
  if (is(word, "task")) {
#pragma omp target teams num_teams(1) thread_limit(1) nowait
    exit(7);
#pragma omp taskwait
  }
  return 2;
}
