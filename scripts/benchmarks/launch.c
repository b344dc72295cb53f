// The peer of `scripts/bench`: empty launches from C on the same ROCr, agent and code object as JavaScript's.
// usage: launch CODE_OBJECT KERNEL COUNT      prints one JSON object: nanoseconds per launch, sync and 1000 in flight
#include <hsa/hsa.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(call)                                                        \
  do {                                                                     \
    hsa_status_t status = (call);                                          \
    if (status != HSA_STATUS_SUCCESS && status != HSA_STATUS_INFO_BREAK) { \
      fprintf(stderr, "%s: status 0x%x\n", #call, status);                 \
      exit(3);                                                             \
    }                                                                      \
  } while (0)

enum { kBatch = 1000 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static hsa_status_t firstGpu(hsa_agent_t agent, void* out) {
  hsa_device_type_t type;
  CHECK(hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type));
  if (type != HSA_DEVICE_TYPE_GPU) return HSA_STATUS_SUCCESS;
  *(hsa_agent_t*)out = agent;
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

static void launch(hsa_queue_t* queue, uint64_t object, void* kernarg, hsa_signal_t signal) {
  uint64_t index = hsa_queue_add_write_index_relaxed(queue, 1);
  while (index - hsa_queue_load_read_index_scacquire(queue) >= queue->size) {
  }
  hsa_kernel_dispatch_packet_t* packet =
      (hsa_kernel_dispatch_packet_t*)queue->base_address + (index & (queue->size - 1));
  memset((char*)packet + 4, 0, sizeof *packet - 4);
  packet->workgroup_size_x = 64;
  packet->workgroup_size_y = packet->workgroup_size_z = 1;
  packet->grid_size_x = 64;
  packet->grid_size_y = packet->grid_size_z = 1;
  packet->kernel_object = object;
  packet->kernarg_address = kernarg;
  packet->completion_signal = signal;
  uint32_t header = HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE |
                    HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCACQUIRE_FENCE_SCOPE |
                    HSA_FENCE_SCOPE_SYSTEM << HSA_PACKET_HEADER_SCRELEASE_FENCE_SCOPE;
  __atomic_store_n((uint32_t*)packet, header | 1u << 16, __ATOMIC_RELEASE);
  hsa_signal_store_screlease(queue->doorbell_signal, (hsa_signal_value_t)index);
}

int main(int argc, char** argv) {
  if (argc != 4) return fprintf(stderr, "usage: %s CODE_OBJECT KERNEL COUNT\n", argv[0]), 2;
  int count = atoi(argv[3]);
  CHECK(hsa_init());
  hsa_agent_t agent = {0};
  CHECK(hsa_iterate_agents(firstGpu, &agent));
  hsa_region_t region = {0};
  CHECK(hsa_agent_iterate_regions(agent, kernargRegion, &region));
  void* kernarg;
  CHECK(hsa_memory_allocate(region, 4096, &kernarg));
  memset(kernarg, 0, 4096);

  FILE* file = fopen(argv[1], "rb");
  if (!file) return perror(argv[1]), 2;
  hsa_code_object_reader_t reader;
  CHECK(hsa_code_object_reader_create_from_file(fileno(file), &reader));
  hsa_executable_t executable;
  CHECK(hsa_executable_create_alt(HSA_PROFILE_FULL, HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT, "", &executable));
  CHECK(hsa_executable_load_agent_code_object(executable, agent, reader, "", NULL));
  CHECK(hsa_executable_freeze(executable, ""));
  char name[256];
  snprintf(name, sizeof name, "%s.kd", argv[2]);
  hsa_executable_symbol_t symbol;
  CHECK(hsa_executable_get_symbol_by_name(executable, name, &agent, &symbol));
  uint64_t object;
  CHECK(hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT, &object));

  hsa_queue_t* queue;
  CHECK(hsa_queue_create(agent, 2048, HSA_QUEUE_TYPE_MULTI, NULL, NULL, UINT32_MAX, UINT32_MAX, &queue));
  hsa_signal_t signal, batch[kBatch];
  CHECK(hsa_signal_create(1, 0, NULL, &signal));
  for (int i = 0; i < kBatch; i++) CHECK(hsa_signal_create(1, 0, NULL, &batch[i]));

  for (int i = 0; i < count / 10 + 1; i++) {
    hsa_signal_store_relaxed(signal, 1);
    launch(queue, object, kernarg, signal);
    hsa_signal_wait_scacquire(signal, HSA_SIGNAL_CONDITION_LT, 1, UINT64_MAX, HSA_WAIT_STATE_BLOCKED);
  }
  double start = now();
  for (int i = 0; i < count; i++) {
    hsa_signal_store_relaxed(signal, 1);
    launch(queue, object, kernarg, signal);
    hsa_signal_wait_scacquire(signal, HSA_SIGNAL_CONDITION_LT, 1, UINT64_MAX, HSA_WAIT_STATE_BLOCKED);
  }
  double sync = (now() - start) / count;

  int rounds = count / kBatch + 1;
  start = now();
  for (int r = 0; r < rounds; r++) {
    for (int i = 0; i < kBatch; i++) {
      hsa_signal_store_relaxed(batch[i], 1);
      launch(queue, object, kernarg, batch[i]);
    }
    for (int i = 0; i < kBatch; i++)
      hsa_signal_wait_scacquire(batch[i], HSA_SIGNAL_CONDITION_LT, 1, UINT64_MAX, HSA_WAIT_STATE_BLOCKED);
  }
  double inFlight = (now() - start) / ((double)rounds * kBatch);

  printf("{\"sync\": %.0f, \"inFlight\": %.0f}\n", sync, inFlight);
  for (int i = 0; i < kBatch; i++) hsa_signal_destroy(batch[i]);
  hsa_signal_destroy(signal);
  hsa_queue_destroy(queue);
  hsa_executable_destroy(executable);
  hsa_code_object_reader_destroy(reader);
  hsa_memory_free(kernarg);
  hsa_shut_down();
  return 0;
}
