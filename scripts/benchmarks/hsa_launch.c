#include "hsa_launch.h"

#include <string.h>

static hsa_agent_t agent;
static void* kernarg;
static hsa_code_object_reader_t reader;
static hsa_executable_t executable;
static uint64_t object;
static hsa_queue_t* queue;

static hsa_status_t firstGpu(hsa_agent_t candidate, void* out) {
  hsa_device_type_t type;
  CHECK(hsa_agent_get_info(candidate, HSA_AGENT_INFO_DEVICE, &type));
  if (type != HSA_DEVICE_TYPE_GPU) return HSA_STATUS_SUCCESS;
  *(hsa_agent_t*)out = candidate;
  return HSA_STATUS_INFO_BREAK;
}

static hsa_status_t kernargRegion(hsa_region_t region, void* out) {
  hsa_region_segment_t segment;
  CHECK(hsa_region_get_info(region, HSA_REGION_INFO_SEGMENT, &segment));
  if (segment != HSA_REGION_SEGMENT_GLOBAL) return HSA_STATUS_SUCCESS;
  uint32_t flags;
  CHECK(hsa_region_get_info(region, HSA_REGION_INFO_GLOBAL_FLAGS, &flags));
  if (!(flags & HSA_REGION_GLOBAL_FLAG_KERNARG)) return HSA_STATUS_SUCCESS;
  *(hsa_region_t*)out = region;
  return HSA_STATUS_INFO_BREAK;
}

void openKernel(const char* codeObject, const char* kernel) {
  CHECK(hsa_init());
  CHECK(hsa_iterate_agents(firstGpu, &agent));
  hsa_region_t region = {0};
  CHECK(hsa_agent_iterate_regions(agent, kernargRegion, &region));
  CHECK(hsa_memory_allocate(region, 4096, &kernarg));
  memset(kernarg, 0, 4096);

  FILE* file = fopen(codeObject, "rb");
  if (!file) perror(codeObject), exit(2);
  CHECK(hsa_code_object_reader_create_from_file(fileno(file), &reader));
  CHECK(hsa_executable_create_alt(HSA_PROFILE_FULL, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, "", &executable));
  CHECK(hsa_executable_load_agent_code_object(executable, agent, reader, "", NULL));
  CHECK(hsa_executable_freeze(executable, ""));
  fclose(file);
  char name[256];
  snprintf(name, sizeof name, "%s.kd", kernel);
  hsa_executable_symbol_t symbol;
  CHECK(hsa_executable_get_symbol_by_name(executable, name, &agent, &symbol));
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, &object));
  CHECK(hsa_queue_create(agent, 2048, HSA_QUEUE_TYPE_MULTI, NULL, NULL, UINT32_MAX, UINT32_MAX, &queue));
}

void closeKernel(void) {
  hsa_queue_destroy(queue);
  hsa_executable_destroy(executable);
  hsa_code_object_reader_destroy(reader);
  hsa_memory_free(kernarg);
  hsa_shut_down();
}

void publish(Direction direction, hsa_signal_t signal) {
  uint64_t index = hsa_queue_add_write_index_relaxed(queue, 1);
  while (index - hsa_queue_load_read_index_scacquire(queue) >= queue->size) {
  }
  hsa_kernel_dispatch_packet_t* packet =
      (hsa_kernel_dispatch_packet_t*)queue->base_address + (index & (queue->size - 1));
  memset((char*)packet + 4, 0, sizeof *packet - 4);
  const uint16_t x = direction == kAlongX ? 64 : 1, y = direction == kAlongY ? 64 : 1;
  packet->workgroup_size_x = x;
  packet->workgroup_size_y = y;
  packet->workgroup_size_z = 1;
  packet->grid_size_x = x;
  packet->grid_size_y = y;
  packet->grid_size_z = 1;
  packet->kernel_object = object;
  packet->kernarg_address = kernarg;
  packet->completion_signal = signal;
  uint32_t header = HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE |
                    HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE |
                    HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
  uint32_t dimensions = direction == kAlongX ? 1 : 3;
  __atomic_store_n((uint32_t*)packet, header | dimensions << 16, __ATOMIC_RELEASE);
  hsa_signal_store_screlease(queue->doorbell_signal, (hsa_signal_value_t)index);
}
