/* What the software GPU's libhsakmt.so.1 offers besides the thunk's interface, version node GCN_SOFTGPU_1. Plain C, for
   dlsym. Every function may be called from any thread. A process that forks keeps the software GPU for itself: a child
   that opens it is refused, since the threads that do the work stay with the parent. */
#ifndef GCN_SOFTGPU_H
#define GCN_SOFTGPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which GPUs the topology shows, before the runtime opens it: "gfx906", "gfx906*2", "gfx900,gfx90a", with or without
   "software:" before it; NULL or "" for one gfx906. Without a call, GCN_OFFLOAD_DEVICE says it. 0, or -1 where the text
   is not understood or the topology is open already with another configuration. */
int gcn_softgpu_configure(const char* config);

/* Why the last gcn_softgpu_configure or hsaKmtOpenKFD of this thread failed; "" where none has. Valid until the next
 * call. */
const char* gcn_softgpu_last_error(void);

/* The text of the last fault of any queue: what happened, where, the instruction. Writes at most `size` bytes, the last
   a zero, and answers the length of the whole text: 0 where there was no fault. */
size_t gcn_softgpu_last_fault(char* text, size_t size);

struct gcn_softgpu_counts {
  uint64_t size;                 /* in: sizeof the caller's structure; out: how much of it was filled */
  uint64_t wave_instructions;    /* executed by waves, per wavefront */
  uint64_t dispatches;           /* kernels executed by waves */
  uint64_t dispatch_nanoseconds; /* from each one's start to its end, summed */
  uint64_t native_blits;         /* the runtime's own copy and fill kernels, done without waves */
  uint64_t copied_bytes;         /* by SDMA queues and native blits */
  uint64_t packets;              /* AQL packets retired */
  uint64_t faults;
};

/* Counts since the process started. 0, or -1 where `counts` is NULL or its size is less than 16. */
int gcn_softgpu_statistics(struct gcn_softgpu_counts* counts);

/* Wakes the packet processors as a doorbell does. Needed by nobody; saves time where doorbells are polled. */
void gcn_softgpu_kick(void);

#ifdef __cplusplus
}
#endif
#endif
