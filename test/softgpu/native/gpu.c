#define _GNU_SOURCE
#include "gpu.h"

#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

hsa_agent_t cpu, gpus[kMaxGpus];
unsigned gpuCount;
atomic_int queueError;

static hsa_status_t sortAgent(hsa_agent_t agent, void* unused) {
  (void)unused;
  hsa_device_type_t type;
  CHECK(hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type));
  if (type == HSA_DEVICE_TYPE_GPU && gpuCount < kMaxGpus) gpus[gpuCount++] = agent;
  if (type == HSA_DEVICE_TYPE_CPU) cpu = agent;
  return HSA_STATUS_SUCCESS;
}

void openGpus(void) {
  CHECK(hsa_init());
  CHECK(hsa_iterate_agents(sortAgent, NULL));
  EXPECT(gpuCount > 0);
}

typedef struct {
  uint32_t flags;
  hsa_amd_memory_pool_t pool;
} PoolSearch;

static hsa_status_t matchPool(hsa_amd_memory_pool_t pool, void* data) {
  PoolSearch* search = data;
  hsa_amd_segment_t segment;
  uint32_t flags;
  CHECK(hsa_amd_memory_pool_get_info(pool, HSA_AMD_MEMORY_POOL_INFO_SEGMENT, &segment));
  if (segment != HSA_AMD_SEGMENT_GLOBAL) return HSA_STATUS_SUCCESS;
  CHECK(hsa_amd_memory_pool_get_info(pool, HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS, &flags));
  if (!(flags & search->flags)) return HSA_STATUS_SUCCESS;
  search->pool = pool;
  return HSA_STATUS_INFO_BREAK;
}

static hsa_amd_memory_pool_t findPool(hsa_agent_t agent, uint32_t flags) {
  PoolSearch search = {.flags = flags};
  CHECK(hsa_amd_agent_iterate_memory_pools(agent, matchPool, &search));
  EXPECT(search.pool.handle != 0);
  return search.pool;
}

hsa_amd_memory_pool_t localPool(hsa_agent_t gpu) {
  return findPool(gpu, HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED);
}

void* allocateLocal(hsa_agent_t gpu, size_t bytes) {
  void* memory = NULL;
  CHECK(hsa_amd_memory_pool_allocate(localPool(gpu), bytes, 0, &memory));
  return memory;
}

void* allocateHost(size_t bytes) {
  void* memory = NULL;
  CHECK(hsa_amd_memory_pool_allocate(findPool(cpu, HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED), bytes, 0, &memory));
  CHECK(hsa_amd_agents_allow_access(gpuCount, gpus, NULL, memory));
  return memory;
}

static void* readBundle(size_t* bytes) {
  const char* path = getenv("CODE_BUNDLE");
  FILE* file = path ? fopen(path, "rb") : NULL;
  if (!file) FAIL("CODE_BUNDLE names no file");
  fseek(file, 0, SEEK_END);
  *bytes = (size_t)ftell(file);
  rewind(file);
  char* content = malloc(*bytes);
  EXPECT(fread(content, 1, *bytes, file) == *bytes);
  fclose(file);
  return content;
}

// The entry of a clang offload bundle whose id ends with the agent's processor: magic, count, then for each offset,
// size, length of the id, id.
static const void* findEntry(const char* bundle, const char* processor, size_t* bytes) {
  EXPECT(memcmp(bundle, "__CLANG_OFFLOAD_BUNDLE__", 24) == 0);
  uint64_t count, at = 32;
  memcpy(&count, bundle + 24, 8);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t header[3];
    memcpy(header, bundle + at, sizeof header);
    const char* id = bundle + at + sizeof header;
    size_t length = strlen(processor);
    if (header[2] >= length && memcmp(id + header[2] - length, processor, length) == 0) {
      *bytes = header[1];
      return bundle + header[0];
    }
    at += sizeof header + header[2];
  }
  FAIL("the bundle has nothing for %s", processor);
}

static hsa_executable_t loadBundle(hsa_agent_t gpu) {
  static struct {
    hsa_agent_t agent;
    hsa_executable_t executable;
  } loaded[kMaxGpus];
  unsigned slot = 0;
  while (loaded[slot].agent.handle && loaded[slot].agent.handle != gpu.handle) slot++;
  if (loaded[slot].agent.handle) return loaded[slot].executable;
  char processor[64] = {0};
  CHECK(hsa_agent_get_info(gpu, HSA_AGENT_INFO_NAME, processor));
  size_t bundleBytes, bytes;
  const void* object = findEntry(readBundle(&bundleBytes), processor, &bytes);
  hsa_code_object_reader_t reader;
  hsa_executable_t executable;
  CHECK(hsa_code_object_reader_create_from_memory(object, bytes, &reader));
  CHECK(hsa_executable_create_alt(HSA_PROFILE_BASE, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, NULL, &executable));
  CHECK(hsa_executable_load_agent_code_object(executable, gpu, reader, NULL, NULL));
  CHECK(hsa_executable_freeze(executable, NULL));
  loaded[slot].agent = gpu;
  loaded[slot].executable = executable;
  return executable;
}

Kernel findKernel(hsa_agent_t gpu, const char* name) {
  char symbolName[128];
  snprintf(symbolName, sizeof symbolName, "%s.kd", name);
  hsa_executable_symbol_t symbol;
  CHECK(hsa_executable_get_symbol_by_name(loadBundle(gpu), symbolName, &gpu, &symbol));
  Kernel kernel;
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, &kernel.object));
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE,
                                       &kernel.kernargBytes));
  CHECK(
      hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE, &kernel.groupBytes));
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE,
                                       &kernel.privateBytes));
  return kernel;
}

static void onQueueError(hsa_status_t status, hsa_queue_t* queue, void* data) {
  (void)queue, (void)data;
  atomic_store(&queueError, (int)status);
}

hsa_queue_t* createQueue(hsa_agent_t gpu) {
  hsa_queue_t* queue;
  CHECK(hsa_queue_create(gpu, 256, HSA_QUEUE_TYPE_MULTI, onQueueError, NULL, UINT32_MAX, UINT32_MAX, &queue));
  return queue;
}

uint64_t submit(hsa_queue_t* queue, uint16_t header, const void* packet) {
  uint64_t index = hsa_queue_add_write_index_relaxed(queue, 1);
  while (index - hsa_queue_load_read_index_scacquire(queue) >= queue->size) {
  }
  char* slot = (char*)queue->base_address + (index & (queue->size - 1)) * 64;
  memcpy(slot + 4, (const char*)packet + 4, 60);
  uint16_t setup;
  memcpy(&setup, (const char*)packet + 2, 2);
  __atomic_store_n((uint32_t*)slot, header | (uint32_t)setup << 16, __ATOMIC_RELEASE);
  hsa_signal_store_screlease(queue->doorbell_signal, (hsa_signal_value_t)index);
  return index;
}

uint64_t launch(hsa_queue_t* queue, const Kernel* kernel, uint32_t grid, uint32_t workgroup, const void* arguments,
                size_t bytes, hsa_signal_t completion, uint16_t flags) {
  size_t room = kernel->kernargBytes > bytes ? kernel->kernargBytes : bytes;
  char* kernarg = allocateHost(room ? room : 8);
  memset(kernarg, 0, room);
  memcpy(kernarg, arguments, bytes);
  hsa_kernel_dispatch_packet_t packet = {.setup = 1,
                                         .workgroup_size_x = (uint16_t)workgroup,
                                         .workgroup_size_y = 1,
                                         .workgroup_size_z = 1,
                                         .grid_size_x = grid,
                                         .grid_size_y = 1,
                                         .grid_size_z = 1,
                                         .private_segment_size = kernel->privateBytes,
                                         .group_segment_size = kernel->groupBytes,
                                         .kernel_object = kernel->object,
                                         .kernarg_address = kernarg,
                                         .completion_signal = completion};
  const uint16_t fences = HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE |
                          HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
  return submit(queue, HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE | fences | flags, &packet);
}

hsa_signal_t createSignal(hsa_signal_value_t value) {
  hsa_signal_t signal;
  CHECK(hsa_signal_create(value, 0, NULL, &signal));
  return signal;
}

double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

bool waitBelow(hsa_signal_t signal, hsa_signal_value_t value, unsigned limit) {
  uint64_t frequency;
  CHECK(hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY, &frequency));
  return hsa_signal_wait_scacquire(signal, HSA_SIGNAL_CONDITION_LT, value, frequency / 1000 * limit,
                                   HSA_WAIT_STATE_BLOCKED) < value;
}

bool waitForError(unsigned limit) {
  for (double end = milliseconds() + limit; milliseconds() < end; usleep(1000)) {
    if (atomic_load(&queueError)) return true;
  }
  return false;
}

const struct gcn_softgpu_fault* lastFault(const hsa_queue_t* queue) {
  static struct gcn_softgpu_fault fault;
  int (*get)(uint64_t, struct gcn_softgpu_fault*) = NULL;
  *(void**)&get = dlsym(RTLD_DEFAULT, "gcn_softgpu_last_fault");
  EXPECT(get != NULL);
  memset(&fault, 0, sizeof fault);
  fault.size = sizeof fault;
  EXPECT(get((uint64_t)queue, &fault) == 0);
  EXPECT(fault.size == sizeof fault);
  return &fault;
}
