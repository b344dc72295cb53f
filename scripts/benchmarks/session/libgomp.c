// libgomp's own launch of the same code object, through the entry point that compiled target regions call, with
// variables that are on the device already. The image is registered as a compiler's constructor does it, in the layout
// of the libgomp that is there.
//
// usage: libgomp CODE_OBJECT VARIABLES      see cost.h for what it prints; HSA_RUNTIME_LIB: counted_hsa.c's library
//        libgomp --release                  prints the GCC that libgomp and its plugin come from
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.h"

// libgomp's ABI, which has no header.
void GOMP_offload_register_ver(unsigned version, const void* hostTable, int target, const void* image);
void GOMP_target_enter_exit_data(int device, size_t count, void** addresses, size_t* sizes, unsigned short* kinds,
                                 unsigned flags, void** depend);
void GOMP_target_ext(int device, void (*function)(void*), size_t count, void** addresses, size_t* sizes,
                     unsigned short* kinds, unsigned flags, void** depend, void** arguments);
int omp_get_num_devices(void);

enum {
  kDefaultDevice = -1,
  kGcn = 8,
  kMapTo = 1,
  kMapToFrom = 3,
  kAlignedTo4 = 2 << 8,
  kVariableBytes = 64,
  // Launch attributes for every kind of device, values in the upper bits.
  kNumTeams = 1 << 8,
  kThreadLimit = 2 << 8,
  kValueShift = 16,
  // Of the plugin's kernel arguments, ahead of a table that is among them.
  kOutputBytes = 270352,
  kPage = 4096,
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

// What the plugin reads of an image, by release.
typedef struct {
  const Image* image;
  uint32_t kernels;
  const KernelInfo* infos;
  uint32_t variables;
} Data12;
typedef struct {
  uintptr_t requirements;
  Data12 rest;
} Data13;
typedef struct {
  uintptr_t requirements;
  const Image* image;
  uint32_t kernels;
  const KernelInfo* infos;
  uint32_t indirectFunctions, variables;
} Data14;

static int hostCalls;
static void onHost(void* addresses) {
  (void)addresses;
  hostCalls++;
}

static void fail(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(3);
}

// 1: GCC 12, 2: 13, 3: 14 to 16, 4: 17, with sessions.
static unsigned pluginVersion(void* plugin) {
  unsigned (*version)(void) = NULL;
  *(void**)&version = dlsym(plugin, "GOMP_OFFLOAD_version");
  if (!version) fail("the plugin tells no version");
  return version();
}

static const char* release(void* plugin) {
  switch (pluginVersion(plugin)) {
    case 1:
      return "12";
    case 2:
      return "13";
    case 3:
      if (dlsym(plugin, "GOMP_OFFLOAD_memset")) return "16";
      return dlsym(plugin, "GOMP_OFFLOAD_get_uid") ? "15" : "14";
    default:
      return "17";
  }
}

// Everything here is read later, too.
static void registerImage(unsigned version, const char* path) {
  static Image image;
  static const KernelInfo infos[] = {
      {"_init_array", {0, 0, 0}, 16, 4}, {"_fini_array", {0, 0, 0}, 16, 4}, {"empty", {0, 0, 0}, 16, 4}};
  enum { kKernels = sizeof infos / sizeof *infos };
  static void (*const functions[])(void*) = {onHost};
  // Functions, variables and, since GCC 14, indirect functions: where each list begins and ends.
  static const void* host[6];
  static Data12 data12;
  static Data13 data13;
  static Data14 data14;

  FILE* file = fopen(path, "rb");
  if (!file) perror(path), exit(2);
  fseek(file, 0, SEEK_END);
  image.bytes = (uint64_t)ftell(file);
  rewind(file);
  void* bytes = malloc(image.bytes);
  if (fread(bytes, 1, image.bytes, file) != image.bytes) fail("the code object cannot be read");
  fclose(file);
  image.address = bytes;

  host[0] = functions;
  host[1] = functions + 1;
  data12 = (Data12){&image, kKernels, infos, 0};
  data13 = (Data13){0, data12};
  data14 = (Data14){0, &image, kKernels, infos, 0, 0};
  const void* data = version == 1 ? (void*)&data12 : version == 2 ? (void*)&data13 : (void*)&data14;
  const unsigned pluginAbi = version == 1 ? 2 : 3;
  GOMP_offload_register_ver(version << 16 | pluginAbi, host, kGcn, data);
}

static size_t count;
static void** addresses;
static size_t* sizes;
static unsigned short* kinds;

static void setKinds(unsigned short kind) {
  for (size_t i = 0; i < count; i++) kinds[i] = kind | kAlignedTo4;
}

static void launchWith(size_t variables) {
  static void* arguments[] = {(void*)(1ul << kValueShift | kNumTeams), (void*)(1ul << kValueShift | kThreadLimit),
                              NULL};
  GOMP_target_ext(kDefaultDevice, onHost, variables, addresses, sizes, kinds, 0, NULL, arguments);
}

static void launch(void) {
  launchWith(count);
}

// The first launch; no other follows where it wrote beyond what it had allocated. Where nothing was copied to the
// device, the table lies in the kernel-argument block, for which GCC's first sessions allocate no more than without a
// table; what saves small ones is that memory comes in pages. The others overwrite whatever is next.
static void firstLaunch(Counters* counters) {
  // What else a launch allocates is there after this one.
  launchWith(0);
  counters->allocations = counters->copies = counters->bytes = 0;
  launch();
  if (hostCalls > 0) fail("the target region ran on the host");
  if (counters->copies > 0 || counters->allocations != 1) return;
  const long have = ((long)counters->bytes + kPage - 1) / kPage * kPage;
  const long need = kOutputBytes + 8 * (long)count;
  if (need <= have) return;
  fprintf(stderr, "its table ends %ld bytes or more behind the block\n", need - have);
  exit(4);
}

int main(int argc, char** argv) {
  void* plugin = dlopen("libgomp-plugin-gcn.so.1", RTLD_NOW);
  if (!plugin) fail(dlerror());
  if (argc == 2 && strcmp(argv[1], "--release") == 0) return puts(release(plugin)), 0;
  if (argc != 3) return fprintf(stderr, "usage: %s CODE_OBJECT VARIABLES | --release\n", argv[0]), 2;
  const char* runtime = getenv("HSA_RUNTIME_LIB");
  void* counted = runtime ? dlopen(runtime, RTLD_NOW) : NULL;
  Counters* counters = counted ? dlsym(counted, "counters") : NULL;
  if (!counters) fail("HSA_RUNTIME_LIB does not name the library that counts");

  registerImage(pluginVersion(plugin), argv[1]);
  if (omp_get_num_devices() < 1) fail("libgomp finds no device");
  count = strtoul(argv[2], NULL, 10);
  // At least one: an array of nothing may have no address.
  char* variables = calloc(count + 1, kVariableBytes);
  addresses = calloc(count + 1, sizeof *addresses);
  sizes = calloc(count + 1, sizeof *sizes);
  kinds = calloc(count + 1, sizeof *kinds);
  for (size_t i = 0; i < count; i++) {
    addresses[i] = variables + i * kVariableBytes;
    sizes[i] = kVariableBytes;
  }
  setKinds(kMapTo);
  if (count > 0) GOMP_target_enter_exit_data(kDefaultDevice, count, addresses, sizes, kinds, 0, NULL);
  setKinds(kMapToFrom);
  firstLaunch(counters);
  printCost(launch, counters);
  if (hostCalls > 0) fail("target regions ran on the host");
  return 0;
}
