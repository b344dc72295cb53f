// What a bare launch needs of HSA: the first GPU, one kernel of a code object, one queue.
#pragma once

#include <hsa/hsa.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(call)                                                        \
  do {                                                                     \
    hsa_status_t status = (call);                                          \
    if (status != HSA_STATUS_SUCCESS && status != HSA_STATUS_INFO_BREAK) { \
      fprintf(stderr, "%s: status 0x%x\n", #call, status);                 \
      exit(3);                                                             \
    }                                                                      \
  } while (0)

// 4096 bytes of zeros are every launch's arguments.
void openKernel(const char* codeObject, const char* kernel);
void closeKernel(void);

// Publishes one workgroup of 64 work-items, 64 by 1 or 1 by 64, and rings.
typedef enum { kAlongX, kAlongY } Direction;
void publish(Direction direction, hsa_signal_t signal);

static inline void waitFor(hsa_signal_t signal) {
  hsa_signal_wait_scacquire(signal, HSA_SIGNAL_CONDITION_LT, 1, UINT64_MAX, HSA_WAIT_STATE_BLOCKED);
}
