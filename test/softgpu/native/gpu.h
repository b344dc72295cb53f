// What the scenarios share: plain C against hsa.h, no helper library.
#pragma once

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/thunk/gcn_softgpu.h"

// Ends the program with status 1 and says where.
#define FAIL(...) \
  (fprintf(stderr, "%s:%d: ", __FILE__, __LINE__), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1))
#define EXPECT(condition) ((condition) ? (void)0 : FAIL("%s does not hold", #condition))
#define CHECK(call)                                                                                                 \
  do {                                                                                                              \
    hsa_status_t status_ = (call);                                                                                  \
    if (status_ != HSA_STATUS_SUCCESS && status_ != HSA_STATUS_INFO_BREAK) FAIL("%s: status 0x%x", #call, status_); \
  } while (0)

enum { kMaxGpus = 16 };
extern hsa_agent_t cpu, gpus[kMaxGpus];
extern unsigned gpuCount;

void openGpus(void);

hsa_amd_memory_pool_t localPool(hsa_agent_t gpu);
// Of one GPU, and touchable by the host; of the host, and touchable by every GPU.
void* allocateLocal(hsa_agent_t gpu, size_t bytes);
void* allocateHost(size_t bytes);

typedef struct {
  uint64_t object;
  uint32_t kernargBytes, groupBytes, privateBytes;
} Kernel;
// From the bundle that the program was given.
Kernel findKernel(hsa_agent_t gpu, const char* name);

// Where a queue's error callback leaves what it was told: 0 until then.
extern atomic_int queueError;
hsa_queue_t* createQueue(hsa_agent_t gpu);

enum { kBarrier = 1 << HSA_PACKET_HEADER_BARRIER };
// Reserves a slot, copies 64 bytes, publishes the header and rings. Answers the packet's index.
uint64_t submit(hsa_queue_t* queue, uint16_t header, const void* packet);
// A kernel over `grid` work-items; `arguments` are copied, and live until the process ends.
uint64_t launch(hsa_queue_t* queue, const Kernel* kernel, uint32_t grid, uint32_t workgroup, const void* arguments,
                size_t bytes, hsa_signal_t completion, uint16_t flags);

hsa_signal_t createSignal(hsa_signal_value_t value);
// Waits until the value is below `value`; false after `milliseconds`.
bool waitBelow(hsa_signal_t signal, hsa_signal_value_t value, unsigned milliseconds);
bool waitForError(unsigned milliseconds);
double milliseconds(void);

// What the software GPU says of the last fault of a queue, or of any.
const struct gcn_softgpu_fault* lastFault(const hsa_queue_t* queue);
