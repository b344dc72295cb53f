// The little of HSA that the bench needs: one agent, one queue, memory of the host that the agent may touch.
#pragma once

#include <hsa/hsa.h>
#include <stddef.h>
#include <stdint.h>

#include "arguments.h"

#define CHECK(call)                                                                                          \
  do {                                                                                                       \
    hsa_status_t status_ = (call);                                                                           \
    if (status_ != HSA_STATUS_SUCCESS && status_ != HSA_STATUS_INFO_BREAK) FAIL("%s: 0x%x", #call, status_); \
  } while (0)

typedef struct {
  uint64_t object;
  uint32_t groupBytes, privateBytes;
} Kernel;

void openGpu(const char* codeObject);
Kernel findKernel(const char* name);
void* allocate(size_t bytes);       // of the host
void* allocateLocal(size_t bytes);  // of the agent, and open to the host
// Workgroups of 256 work-items; waits for the end.
void runKernel(const Kernel* kernel, unsigned groups, const Arguments* arguments);
void closeGpu(void);
