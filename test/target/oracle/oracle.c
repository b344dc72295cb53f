// Executes sequences of mapping operations with the real libgomp, and prints after each what can be seen of it.
// usage: oracle CODE_OBJECT < SEQUENCES      HSA_RUNTIME_LIB names arena_hsa.c's library
//
// A line of input is an operation (see sequences.ts); of output, what it led to (see real-libgomp.ts). Every sequence has host memory of its
// own, so that what one leaves behind is nothing to the next. An operation that libgomp ends the process for ends its sequence only: exit()
// is ours, and comes back.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "probe.h"

// libgomp's ABI, which has no header.
void GOMP_offload_register_ver(unsigned version, const void* hostTable, int target, const void* image);
void GOMP_target_enter_exit_data(int device, size_t count, void** addresses, size_t* sizes, unsigned short* kinds,
                                 unsigned flags, void** depend);
void GOMP_target_data_ext(int device, size_t count, void** addresses, size_t* sizes, unsigned short* kinds);
void GOMP_target_end_data(void);
void GOMP_target_update_ext(int device, size_t count, void** addresses, size_t* sizes, unsigned short* kinds,
                            unsigned flags, void** depend);
void GOMP_target_ext(int device, void (*function)(void*), size_t count, void** addresses, size_t* sizes,
                     unsigned short* kinds, unsigned flags, void** depend, void** arguments);
int omp_get_num_devices(void);
int omp_get_initial_device(void);
void* omp_target_alloc(size_t bytes, int device);
int omp_target_memcpy(void* to, const void* from, size_t bytes, size_t toOffset, size_t fromOffset, int toDevice,
                      int fromDevice);
int omp_target_is_present(const void* host, int device);
int omp_target_associate_ptr(const void* host, const void* device, size_t bytes, size_t offset, int number);
int omp_target_disassociate_ptr(const void* host, int number);

enum {
  kDevice = 0,
  kGcn = 8,
  kVersion = 1 << 16 | 2,  // GCC 12's library and plugin
  kExitData = 2,
  kFirstprivateInt = 13,
  kUseDevicePointerIfPresent = 16,
  kRelease = 23,
  kCellBytes = 4,
  kCells = 64,
  kArenaBytes = kCells * kCellBytes,
  kArenaStride = 4096,
  kArenaMargin = 1024,  // before an arena, in its page
  kArenas = 4096,
  kSpareBytes = 128,  // of device memory that is associated, or copied to and from
  kSpareSeed = 77,
  kMostReleases = 12,
  kSecondsOfSequence = 20,
  kOutput = 1 << 20,
};

typedef struct {
  uint64_t bytes;
  const void* address;
} Image;
typedef struct {
  const char* name;
  int32_t dimensions[3];
  int32_t scalarRegisters, vectorRegisters;
} KernelInfo;
typedef struct {
  const Image* image;
  uint32_t kernels;
  const KernelInfo* infos;
  uint32_t variables;
} ImageData;

// ---- output, which a crash must not lose

static char output[kOutput];
static size_t outputLength;

static void flush(void) {
  for (size_t done = 0; done < outputLength;) {
    ssize_t n = write(1, output + done, outputLength - done);
    if (n <= 0) _exit(4);
    done += (size_t)n;
  }
  outputLength = 0;
}

__attribute__((format(printf, 1, 2))) static void print(const char* format, ...) {
  if (outputLength > kOutput - 4096) flush();
  va_list list;
  va_start(list, format);
  outputLength += (size_t)vsnprintf(output + outputLength, kOutput - outputLength, format, list);
  va_end(list);
}

// ---- libgomp's ways to end a process

static int inOperation;
static jmp_buf afterFatal;
static char* message;
static size_t messageBytes;

static void begin(void) {
  static FILE* real;
  if (!real) real = stderr;
  if (stderr != real) {
    fclose(stderr);
    free(message);
  }
  stderr = open_memstream(&message, &messageBytes);
  inOperation = 1;
}

void exit(int code) {
  if (inOperation) {
    inOperation = 0;
    longjmp(afterFatal, 1);
  }
  flush();
  _exit(code);
}

static void die(const char* outcome) {
  print(";%s\n", outcome);
  flush();
  _exit(3);
}

void __assert_fail(const char* expression, const char* file, unsigned line, const char* function) {
  (void)file;
  char text[512];
  snprintf(text, sizeof text, "assert %s in %s, line %u", expression, function, line);
  die(text);
  __builtin_unreachable();
}

static void onSignal(int number) { die(number == SIGALRM ? "hang" : number == SIGABRT ? "abort" : "crash"); }

static void fail(const char* why) {
  fprintf(stderr, "%s\n", why);
  _exit(2);
}

// ---- the image

static int hostCalls;
static void probe(void* addresses) {
  (void)addresses;
  hostCalls++;
}

// All of it is read later, too.
static void registerImage(const char* path) {
  static Image image;
  static const KernelInfo infos[] = {
      {"_init_array", {0, 0, 0}, 16, 8}, {"_fini_array", {0, 0, 0}, 16, 8}, {"probe", {0, 0, 0}, 64, 32}};
  static void (*const functions[])(void*) = {probe};
  static const void* host[4];
  static ImageData data;
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
  data = (ImageData){&image, sizeof infos / sizeof *infos, infos, 0};
  GOMP_offload_register_ver(kVersion, host, kGcn, &data);
}

// ---- what can be seen

static char **arenaNext, **arenaBegin, **arenaEnd;  // of the device
static unsigned long* strayCopies;

static int number;      // of the sequence
static char* arena;     // of the host
static int fatal;       // the sequence is over
static int regions;     // open ones
static char* spare;     // device memory
static char* deviceAt;  // where the sequence's device memory begins

static uint32_t hostCells[kCells], deviceCells[kCells];
static uint64_t deviceAddresses[kCells];
static char* deviceCopy;

static uint32_t patternOf(int cell, uint32_t seed) { return 0xa5000000u | (seed & 0xffff) << 8 | (uint32_t)cell; }

// What has changed since it was looked at last: of the host's cells, and of the device's, with their addresses.
static void look(void) {
  print(";");
  for (int i = 0; i < kCells; i++) {
    uint32_t now;
    memcpy(&now, arena + i * kCellBytes, sizeof now);
    if (now != hostCells[i]) print(" %d=%x", i, now);
    hostCells[i] = now;
  }
  void* addresses[kCells];
  size_t sizes[kCells];
  unsigned short kinds[kCells];
  int count = 0, cells[kCells];
  uint64_t found[kCells] = {0};
  for (int i = 0; i < kCells; i++) {
    char* at = arena + i * kCellBytes;
    if (!omp_target_is_present(at, kDevice)) continue;
    addresses[count] = at;
    sizes[count] = 0;
    kinds[count] = kUseDevicePointerIfPresent;
    cells[count++] = i;
  }
  if (count > 0) {
    GOMP_target_data_ext(kDevice, (size_t)count, addresses, sizes, kinds);
    GOMP_target_end_data();
  }
  for (int k = 0; k < count; k++) found[cells[k]] = (uint64_t)addresses[k];
  const size_t used = (size_t)(*arenaNext - deviceAt);
  const unsigned long strays = *strayCopies;
  if (count > 0) omp_target_memcpy(deviceCopy, deviceAt, used, 0, 0, omp_get_initial_device(), kDevice);
  *strayCopies = strays;
  print(";");
  for (int i = 0; i < kCells; i++) {
    uint32_t now = 0;
    const uint64_t offset = found[i] - (uint64_t)deviceAt;
    if (found[i] && offset <= used - sizeof now) memcpy(&now, deviceCopy + offset, sizeof now);
    if (found[i] != deviceAddresses[i] || now != deviceCells[i]) print(" %d@%lx=%x", i, found[i], now);
    deviceAddresses[i] = found[i];
    deviceCells[i] = now;
  }
}

// ---- operations

static size_t count;
static void* addresses[kMostItems + 1];
static size_t sizes[kMostItems + 1];
static unsigned short kinds[kMostItems + 1];
static ProbeItem looks[kMostItems];

// The list of items at the end of a line: kind, where (0: the arena, 1: the value itself, 2: null), value, size; and for the probe: look,
// trust, change, bias.
static void readItems(char* text, size_t first) {
  count = strtoul(text, &text, 10);
  if (count > kMostItems) fail("too many items");
  for (size_t i = 0; i < count; i++) {
    kinds[first + i] = (unsigned short)strtoul(text, &text, 10);
    const long where = strtol(text, &text, 10);
    const long value = strtol(text, &text, 10);
    addresses[first + i] = where == 0 ? arena + value : where == 1 ? (void*)value : NULL;
    sizes[first + i] = strtoul(text, &text, 10);
    looks[i].look = (unsigned)strtoul(text, &text, 10);
    looks[i].trust = (unsigned)strtoul(text, &text, 10);
    looks[i].change = (unsigned)strtoul(text, &text, 10);
    looks[i].bias = (unsigned)strtoul(text, &text, 10);
  }
}

static ProbeControl* control;  // on the device
static ProbeControl controlCopy;

static void target(char* text) {
  static void* arguments[] = {(void*)(1ul << 16 | 0x100), (void*)(1ul << 16 | 0x200), NULL};
  readItems(text, 1);
  addresses[0] = control;
  sizes[0] = 0;
  kinds[0] = kFirstprivateInt;
  memset(&controlCopy, 0, sizeof controlCopy);
  controlCopy.begin = (unsigned long)*arenaBegin;
  controlCopy.end = (unsigned long)*arenaEnd;
  controlCopy.count = count;
  memcpy(controlCopy.items, looks, count * sizeof *looks);
  omp_target_memcpy(control, &controlCopy, sizeof controlCopy, 0, 0, kDevice, omp_get_initial_device());
  GOMP_target_ext(kDevice, probe, count + 1, addresses, sizes, kinds, 0, NULL, arguments);
  omp_target_memcpy(&controlCopy, control, sizeof controlCopy, 0, 0, omp_get_initial_device(), kDevice);
  if (!controlCopy.ran) fail("the kernel did not run");
}

static void printTarget(void) {
  for (size_t i = 0; i < count; i++) {
    const ProbeResult* result = &controlCopy.results[i];
    print(" %lx/", result->word);
    for (unsigned k = 0; k < result->looked; k++) print("%02x", result->bytes[k]);
    if (result->followed) print("/%x", result->target);
  }
}

static int associate(char* text) {
  const long offset = strtol(text, &text, 10);
  const size_t bytes = strtoul(text, &text, 10);
  const size_t deviceOffset = strtoul(text, &text, 10);
  const long again = strtol(text, &text, 10);
  if (!again || !spare) {
    spare = omp_target_alloc(kSpareBytes, kDevice);
    uint32_t cells[kSpareBytes / kCellBytes];
    for (int i = 0; i < kSpareBytes / kCellBytes; i++) cells[i] = patternOf(i + kCells, kSpareSeed);
    omp_target_memcpy(spare, cells, sizeof cells, 0, 0, kDevice, omp_get_initial_device());
  }
  return omp_target_associate_ptr(arena + offset, spare, bytes, deviceOffset, kDevice);
}

static int copy(char* text) {
  const long toDevice = strtol(text, &text, 10);
  const size_t offset = strtoul(text, &text, 10);
  const size_t bytes = strtoul(text, &text, 10);
  const size_t deviceOffset = strtoul(text, &text, 10);
  if (!spare) spare = omp_target_alloc(kSpareBytes, kDevice);
  return toDevice ? omp_target_memcpy(spare, arena, bytes, deviceOffset, offset, kDevice, omp_get_initial_device())
                  : omp_target_memcpy(arena, spare, bytes, offset, deviceOffset, omp_get_initial_device(), kDevice);
}

// How often each cell has to be released until it is gone.
static void drain(void) {
  print(";");
  for (int i = 0; i < kCells; i++) {
    void* at[1] = {arena + i * kCellBytes};
    size_t bytes[1] = {kCellBytes};
    unsigned short kind[1] = {kRelease};
    int releases = 0;
    for (; releases < kMostReleases && omp_target_is_present(at[0], kDevice); releases++)
      GOMP_target_enter_exit_data(kDevice, 1, at, bytes, kind, kExitData, NULL);
    if (releases > 0) print(" %d:%d", i, releases);
  }
}

static void start(char* text, char* arenas) {
  number = (int)strtol(text, &text, 10);
  const uint32_t seed = (uint32_t)strtoul(text, &text, 10);
  static int used;
  if (used == kArenas) fail("too many sequences");
  arena = arenas + (size_t)used++ * kArenaStride + kArenaMargin;
  // A region that a fatal operation has left open.
  while (regions > 0) {
    regions--;
    inOperation = 1;
    if (setjmp(afterFatal) == 0) GOMP_target_end_data();
    inOperation = 0;
  }
  fatal = 0;
  spare = NULL;
  deviceAt = *arenaNext;
  for (int i = 0; i < kCells; i++) {
    hostCells[i] = patternOf(i, seed);
    memcpy(arena + i * kCellBytes, &hostCells[i], kCellBytes);
  }
  memset(deviceCells, 0, sizeof deviceCells);
  memset(deviceAddresses, 0, sizeof deviceAddresses);
  print("s %d %lx %lx %lx\n", number, (unsigned long)arena, (unsigned long)*arenaBegin, (unsigned long)*arenaEnd);
  flush();
  alarm(kSecondsOfSequence);
}

static volatile int result;

static void execute(char* line) {
  char* text = line + 1;
  result = 0;
  switch (*line) {
    case 'p': {
      const long cell = strtol(text, &text, 10);
      const uint32_t value = (uint32_t)strtoul(text, &text, 10);
      memcpy(arena + cell * kCellBytes, &value, sizeof value);
      break;
    }
    case 'w': {
      const long cell = strtol(text, &text, 10), offset = strtol(text, &text, 10);
      char* value = offset < 0 ? NULL : arena + offset;
      memcpy(arena + cell * kCellBytes, &value, sizeof value);
      break;
    }
    case 'e':
    case 'x':
      readItems(text, 0);
      GOMP_target_enter_exit_data(kDevice, count, addresses, sizes, kinds, *line == 'x' ? kExitData : 0, NULL);
      break;
    case 'b':
      readItems(text, 0);
      GOMP_target_data_ext(kDevice, count, addresses, sizes, kinds);
      regions++;
      break;
    case 'd':
      if (regions == 0) break;
      regions--;
      GOMP_target_end_data();
      break;
    case 'u':
      readItems(text, 0);
      GOMP_target_update_ext(kDevice, count, addresses, sizes, kinds, 0, NULL);
      break;
    case 't': target(text); break;
    case 'a': result = associate(text); break;
    case 'k': result = omp_target_disassociate_ptr(arena + strtol(text, NULL, 10), kDevice); break;
    case 'c': result = copy(text); break;
    default: break;
  }
}

static void perform(char* line, int index) {
  print("%d ", index);
  *strayCopies = 0;
  begin();
  if (setjmp(afterFatal) != 0) {
    fflush(stderr);
    fatal = 1;
    const char* text = message ? message : "";
    while (*text == '\n') text++;
    print("fatal %.*s", (int)strcspn(text, "\n"), text);
    // Whatever libgomp has left undone is of no interest.
    print("\n");
    return;
  }
  if (*line == 'r') {
    print("ok");
    drain();
  } else {
    execute(line);
    print(result ? "error %d" : "ok", result);
    if (*strayCopies) print(" stray");
    look();
    print(";");
    if (*line == 't') printTarget();
    // Device pointers that compiled code would use in the region.
    if (*line == 'b')
      for (size_t i = 0; i < count; i++)
        if ((kinds[i] & 0xff) == 14 || (kinds[i] & 0xff) == kUseDevicePointerIfPresent)
          print(" %lx", (unsigned long)addresses[i]);
  }
  inOperation = 0;
  print("\n");
}

int main(int argc, char** argv) {
  if (argc != 2) fail("usage: oracle CODE_OBJECT");
  const char* runtime = getenv("HSA_RUNTIME_LIB");
  void* hsa = runtime ? dlopen(runtime, RTLD_NOW) : NULL;
  if (!hsa || !(arenaBegin = dlsym(hsa, "arenaBegin"))) fail("HSA_RUNTIME_LIB does not name the library of arena_hsa.c");
  arenaNext = dlsym(hsa, "arenaNext");
  arenaEnd = dlsym(hsa, "arenaEnd");
  strayCopies = dlsym(hsa, "arenaStrayCopies");
  const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) signal(signals[i], onSignal);

  registerImage(argv[1]);
  if (omp_get_num_devices() < 1) fail("libgomp finds no device");
  control = omp_target_alloc(sizeof *control, kDevice);
  if (!control || !*arenaBegin) fail("there is no device memory");
  // The upper halves of the host's and the device's addresses are not the same: half an address of each leads nowhere. Lower halves are not
  // to look like the test's data (probe.c), and the host's not like the device's.
  const unsigned long near = (unsigned long)*arenaBegin & 0xffffffff;
  void* place = (void*)(near > 0x08000000 && near < 0x18000000 ? 0x200030000000 : 0x200010000000);
  char* arenas = mmap(place, (size_t)kArenas * kArenaStride, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  deviceCopy = malloc((size_t)(*arenaEnd - *arenaBegin));
  if (arenas != place || !deviceCopy) fail("there is no memory");

  static char line[1 << 14];
  int index = 0;
  while (fgets(line, sizeof line, stdin)) {
    if (*line == 's') {
      start(line + 1, arenas);
      index = 0;
    } else if (!fatal && arena) {
      perform(line, index++);
    }
  }
  if (hostCalls > 0) fail("a target region ran on the host");
  print("end\n");
  flush();
  _exit(0);
}
