#include "gpu.h"

#include <hsa/hsa_ext_amd.h>
#include <stdint.h>
#include <string.h>

#include "counts.h"

static hsa_agent_t gpu, cpu;
static hsa_amd_memory_pool_t hostPool, localPool, argumentPool;
static hsa_executable_t executable;
static hsa_code_object_reader_t reader;
static hsa_queue_t* queue;
static hsa_signal_t finished;
static void* kernarg;

static hsa_status_t seeAgent(hsa_agent_t agent, void* unused) {
  (void)unused;
  hsa_device_type_t type;
  CHECK(hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type));
  *(type == HSA_DEVICE_TYPE_GPU ? &gpu : &cpu) = agent;
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t seePool(hsa_amd_memory_pool_t pool, void* ofGpu) {
  hsa_amd_segment_t segment;
  CHECK(hsa_amd_memory_pool_get_info(pool, HSA_AMD_MEMORY_POOL_INFO_SEGMENT, &segment));
  if (segment != HSA_AMD_SEGMENT_GLOBAL) return HSA_STATUS_SUCCESS;
  uint32_t flags;
  CHECK(hsa_amd_memory_pool_get_info(pool, HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS, &flags));
  if (ofGpu) {
    if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED) localPool = pool;
  } else if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT) {
    argumentPool = pool;
  } else if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED) {
    hostPool = pool;
  }
  return HSA_STATUS_SUCCESS;
}

void* allocate(size_t bytes) {
  void* memory;
  CHECK(hsa_amd_memory_pool_allocate(hostPool, bytes, 0, &memory));
  CHECK(hsa_amd_agents_allow_access(1, &gpu, NULL, memory));
  return memory;
}

void* allocateLocal(size_t bytes) {
  void* memory;
  CHECK(hsa_amd_memory_pool_allocate(localPool, bytes, 0, &memory));
  CHECK(hsa_amd_agents_allow_access(1, &cpu, NULL, memory));
  return memory;
}

void openGpu(const char* codeObject) {
  CHECK(hsa_init());
  CHECK(hsa_iterate_agents(seeAgent, NULL));
  CHECK(hsa_amd_agent_iterate_memory_pools(cpu, seePool, NULL));
  CHECK(hsa_amd_agent_iterate_memory_pools(gpu, seePool, &gpu));
  CHECK(hsa_amd_memory_pool_allocate(argumentPool, 4096, 0, &kernarg));
  CHECK(hsa_amd_agents_allow_access(1, &gpu, NULL, kernarg));

  FILE* file = fopen(codeObject, "rb");
  if (!file) FAIL("%s cannot be opened", codeObject);
  CHECK(hsa_code_object_reader_create_from_file(fileno(file), &reader));
  CHECK(hsa_executable_create_alt(HSA_PROFILE_FULL, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, "", &executable));
  CHECK(hsa_executable_load_agent_code_object(executable, gpu, reader, "", NULL));
  CHECK(hsa_executable_freeze(executable, ""));
  fclose(file);
  CHECK(hsa_queue_create(gpu, 1024, HSA_QUEUE_TYPE_MULTI, NULL, NULL, UINT32_MAX, UINT32_MAX, &queue));
  CHECK(hsa_signal_create(1, 0, NULL, &finished));
}

void closeGpu(void) {
  CHECK(hsa_signal_destroy(finished));
  CHECK(hsa_queue_destroy(queue));
  CHECK(hsa_executable_destroy(executable));
  CHECK(hsa_code_object_reader_destroy(reader));
  CHECK(hsa_shut_down());
}

Kernel findKernel(const char* name) {
  char descriptor[256];
  snprintf(descriptor, sizeof descriptor, "%s.kd", name);
  hsa_executable_symbol_t symbol;
  CHECK(hsa_executable_get_symbol_by_name(executable, descriptor, &gpu, &symbol));
  Kernel kernel;
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, &kernel.object));
  CHECK(
      hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE, &kernel.groupBytes));
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE,
                                       &kernel.privateBytes));
  return kernel;
}

void runKernel(const Kernel* kernel, unsigned groups, const Arguments* arguments) {
  memcpy(kernarg, arguments, sizeof *arguments);
  hsa_signal_store_relaxed(finished, 1);
  const uint64_t index = hsa_queue_add_write_index_relaxed(queue, 1);
  hsa_kernel_dispatch_packet_t* packet =
      (hsa_kernel_dispatch_packet_t*)queue->base_address + (index & (queue->size - 1));
  memset((char*)packet + 4, 0, sizeof *packet - 4);
  packet->workgroup_size_x = 256;
  packet->workgroup_size_y = packet->workgroup_size_z = 1;
  packet->grid_size_x = groups * 256;
  packet->grid_size_y = packet->grid_size_z = 1;
  packet->group_segment_size = kernel->groupBytes;
  packet->private_segment_size = kernel->privateBytes;
  packet->kernel_object = kernel->object;
  packet->kernarg_address = kernarg;
  packet->completion_signal = finished;
  const uint32_t header = HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE |
                          HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE |
                          HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
  __atomic_store_n((uint32_t*)packet, header | 1u << 16, __ATOMIC_RELEASE);
  hsa_signal_store_screlease(queue->doorbell_signal, (hsa_signal_value_t)index);
  hsa_signal_wait_scacquire(finished, HSA_SIGNAL_CONDITION_LT, 1, UINT64_MAX, HSA_WAIT_STATE_BLOCKED);
}
