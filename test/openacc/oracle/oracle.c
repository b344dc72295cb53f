// Executes sequences of OpenACC operations with the real libgomp, and prints after each what can be seen of it.
// usage: oracle CODE_OBJECT < SEQUENCES      HSA_RUNTIME_LIB names the library of test/target/oracle/arena_hsa.c
//
// Input: "s SEED" begins a sequence, which has host memory of its own; every other line is an operation (operation.ts). Output: a line for
// each, "OUTCOME;HOST;DEVICE" with a word for each 8 bytes. What libgomp ends the process for ends its sequence: exit() is ours, and comes
// back.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openacc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// libgomp's ABI, which has no header.
void GOMP_offload_register_ver(unsigned version, const void* hostTable, int target, const void* image);
void GOACC_enter_data(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async,
                      int waits, ...);
void GOACC_exit_data(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async,
                     int waits, ...);
void GOACC_data_start(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds);
void GOACC_data_end(void);
void GOACC_update(int flags, size_t count, void** addresses, size_t* sizes, unsigned short* kinds, int async, int waits,
                  ...);

enum {
  kGcn = 8,
  kVersion = 1 << 16 | 2,  // GCC 12's library and plugin
  kNoFlags = ~0,
  kIfFalse = ~1,  // GOACC_FLAG_HOST_FALLBACK
  kSlots = 32,
  kSlotBytes = 8,
  kArenaBytes = kSlots * kSlotBytes,
  kArenaStride = 4096,
  kArenas = 4096,
  kMostItems = 64,
  kMostDeletes = 12,
  kSecondsOfSequence = 20,
  kQueue = 3,
};

static jmp_buf afterFatal;
static int inOperation;

void exit(int code) {
  if (inOperation) longjmp(afterFatal, 1);
  fflush(stdout);
  _exit(code);
}
static void die(const char* outcome) {
  printf("%s\n", outcome);
  fflush(stdout);
  _exit(3);
}
void __assert_fail(const char* expression, const char* file, unsigned line, const char* function) {
  (void)file, (void)line, (void)function;
  char text[512];
  snprintf(text, sizeof text, "assert %s", expression);
  die(text);
  __builtin_unreachable();
}
static void onSignal(int number) { die(number == SIGALRM ? "hang" : number == SIGABRT ? "abort" : "crash"); }
static void fail(const char* why) {
  fprintf(stderr, "%s\n", why);
  _exit(2);
}

static void probe(void* addresses) { (void)addresses; }

static void registerImage(const char* path) {
  static struct {
    uint64_t bytes;
    const void* address;
  } image;
  static const struct {
    const char* name;
    int32_t dimensions[3], scalars, vectors;
  } infos[] = {{"_init_array", {0, 0, 0}, 16, 8}, {"_fini_array", {0, 0, 0}, 16, 8}, {"probe", {0, 0, 0}, 64, 32}};
  static const struct {
    const void* image;
    uint32_t kernels;
    const void* infos;
    uint32_t variables;
  } data = {&image, 3, infos, 0};
  static void (*const functions[])(void*) = {probe};
  static const void* host[4];
  FILE* file = fopen(path, "rb");
  if (!file) fail("the code object cannot be opened");
  fseek(file, 0, SEEK_END);
  image.bytes = (uint64_t)ftell(file);
  rewind(file);
  void* bytes = malloc(image.bytes);
  if (fread(bytes, 1, image.bytes, file) != image.bytes) fail("the code object cannot be read");
  fclose(file);
  image.address = bytes;
  host[0] = functions;
  host[1] = functions + 1;
  GOMP_offload_register_ver(kVersion, host, kGcn, &data);
}

static char **arenaBegin, **arenaEnd;  // of the device
static char* arena;                    // the sequence's memory
static int regions, fatal;

static void printValue(uint64_t value) {
  const uint64_t offset = value - (uint64_t)arena;
  if (value == 0 || value >> 32 == 0xa5a5a5a5) {
    printf(" %lx", value & 0xffffffff);
    return;
  }
  if (offset < kArenaBytes + kSlotBytes) {
    printf(" h%lu", offset);
    return;
  }
  for (int i = 0; i < kSlots; i++) {
    const uint64_t at = (uint64_t)acc_deviceptr(arena + i * kSlotBytes);
    if (at != 0 && value >= at && value < at + kSlotBytes) {
      printf(" d%lu", i * kSlotBytes + (value - at));
      return;
    }
  }
  printf(value >= (uint64_t)*arenaBegin && value < (uint64_t)*arenaEnd ? " D" : " ?");
}

static void look(void) {
  printf(";");
  for (int i = 0; i < kSlots; i++) {
    uint64_t value;
    memcpy(&value, arena + i * kSlotBytes, sizeof value);
    printValue(value);
  }
  printf(";");
  for (int i = 0; i < kSlots; i++) {
    char* at = arena + i * kSlotBytes;
    uint64_t value = 0;
    if (!acc_is_present(at, kSlotBytes)) {
      printf(" -");
      continue;
    }
    acc_memcpy_from_device(&value, acc_deviceptr(at), sizeof value);
    printValue(value);
  }
}

static size_t count;
static void* addresses[kMostItems];
static size_t sizes[kMostItems];
static unsigned short kinds[kMostItems];

static void readItems(char* text) {
  count = strtoul(text, &text, 10);
  if (count > kMostItems) fail("too many items");
  for (size_t i = 0; i < count; i++) {
    kinds[i] = (unsigned short)strtoul(text, &text, 10);
    addresses[i] = arena + strtol(text, &text, 10);
    sizes[i] = strtoul(text, &text, 10);
  }
}

static void drain(void) {
  printf(";");
  for (int i = 0; i < kSlots; i++) {
    int deletes = 0;
    for (; deletes < kMostDeletes && acc_is_present(arena + i * kSlotBytes, kSlotBytes); deletes++)
      acc_delete(arena + i * kSlotBytes, kSlotBytes);
    printf(" %d", deletes);
  }
}

static void execute(char* line) {
  // A capital letter behind the first: in a queue, which is waited for. This libgomp has no default queue to be set (D): it is named.
  const int async = line[1] == '-' ? acc_async_sync : line[1] == 'N' ? acc_async_noval : kQueue;
  const int flags = line[2] == 'F' ? kIfFalse : kNoFlags;
  char* text = line + 3;
  if (strchr("exbu", *line)) {
    readItems(text);
    if (*line == 'e') GOACC_enter_data(flags, count, addresses, sizes, kinds, async, 0);
    if (*line == 'x') GOACC_exit_data(flags, count, addresses, sizes, kinds, async, 0);
    if (*line == 'u') GOACC_update(flags, count, addresses, sizes, kinds, async, 0);
    if (*line == 'b') {
      GOACC_data_start(flags, count, addresses, sizes, kinds);
      regions++;
    }
  } else {
    const long offset = strtol(text, &text, 10), second = strtol(text, &text, 10);
    char* at = arena + offset;
    const size_t bytes = (size_t)second;
    const uint64_t pattern = 0xa5a5a5a500000000 | (uint64_t)second;
    char* pointer = second < 0 ? NULL : arena + second;
    switch (*line) {
      case 'p': memcpy(at, &pattern, sizeof pattern); break;
      case 'w': memcpy(at, &pointer, sizeof pointer); break;
      case 'v':
        if (acc_is_present(at, kSlotBytes)) acc_memcpy_to_device(acc_deviceptr(at), (void*)&pattern, sizeof pattern);
        break;
      case 'i': acc_copyin_async(at, bytes, async); break;
      case 'c': acc_create_async(at, bytes, async); break;
      case 'o': acc_copyout_async(at, bytes, async); break;
      case 'O': acc_copyout_finalize_async(at, bytes, async); break;
      case 'l': acc_delete_async(at, bytes, async); break;
      case 'L': acc_delete_finalize_async(at, bytes, async); break;
      case 'U': acc_update_device_async(at, bytes, async); break;
      case 'S': acc_update_self_async(at, bytes, async); break;
      case 'h': acc_attach_async((void**)at, async); break;
      case 'k': acc_detach_async((void**)at, async); break;
      case 'K': acc_detach_finalize_async((void**)at, async); break;
      case 'm': {
        void* there = acc_malloc(bytes);
        acc_map_data(at, there, bytes);
        break;
      }
      case 'n': acc_unmap_data(at); break;
      case 'd':
        if (regions > 0) {
          regions--;
          GOACC_data_end();
        }
        break;
      default: fail("an operation is unknown");
    }
  }
  if (async != acc_async_sync) acc_wait(async);
}

static void start(char* text, char* arenas) {
  static int number;
  if (number == kArenas) fail("too many sequences");
  // What a sequence leaves open is nothing to the next, but data regions end in their order.
  for (; regions > 0; regions--) {
    inOperation = 1;
    if (setjmp(afterFatal) == 0) GOACC_data_end();
    inOperation = 0;
  }
  fatal = 0;
  arena = arenas + (size_t)number++ * kArenaStride + kArenaStride / 2;
  const uint64_t seed = strtoul(text, NULL, 10);
  for (int i = 0; i < kSlots; i++) {
    const uint64_t value = 0xa5a5a5a500000000 | (seed & 0xffff) << 8 | (uint64_t)i;
    memcpy(arena + i * kSlotBytes, &value, sizeof value);
  }
  printf("s\n");
  alarm(kSecondsOfSequence);
}

static void perform(char* line) {
  inOperation = 1;
  if (setjmp(afterFatal) != 0) {
    inOperation = 0;
    fatal = 1;
    printf("fatal\n");
    return;
  }
  if (*line == 'r') {
    printf("ok");
    drain();
  } else {
    execute(line);
    printf("ok");
    look();
  }
  inOperation = 0;
  printf("\n");
}

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: oracle CODE_OBJECT");
  const char* runtime = getenv("HSA_RUNTIME_LIB");
  void* hsa = runtime ? dlopen(runtime, RTLD_NOW) : NULL;
  if (!hsa || !(arenaBegin = dlsym(hsa, "arenaBegin"))) fail("HSA_RUNTIME_LIB does not name the library of arena_hsa.c");
  arenaEnd = dlsym(hsa, "arenaEnd");
  const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], onSignal);
  registerImage(argv[1]);
  acc_init(acc_device_not_host);
  if (acc_get_device_type() == acc_device_host) fail("libgomp finds no device");
  acc_malloc(1);
  if (!*arenaBegin) fail("there is no device memory");
  void* place = (void*)0x200010000000;
  char* arenas = mmap(place, (size_t)kArenas * kArenaStride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arenas != place) fail("there is no memory");
  static char line[1 << 14];
  while (fgets(line, sizeof line, stdin)) {
    if (*line == 's') start(line + 1, arenas);
    else if (!fatal && arena) perform(line);
  }
  printf("end\n");
  fflush(stdout);
  _exit(0);
}
