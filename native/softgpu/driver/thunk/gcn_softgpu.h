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

enum gcn_softgpu_fault_kind {
  GCN_SOFTGPU_FAULT_MEMORY = 1,      /* memory that is not there, not mapped to the GPU, or not aligned */
  GCN_SOFTGPU_FAULT_ILLEGAL = 2,     /* no instruction of the target */
  GCN_SOFTGPU_FAULT_UNSUPPORTED = 3, /* an instruction that the software GPU does not implement */
  GCN_SOFTGPU_FAULT_TRAP = 4,
  GCN_SOFTGPU_FAULT_APERTURE = 5, /* an access outside of the workgroup's LDS or the work-item's private memory */
  GCN_SOFTGPU_FAULT_PACKET = 6    /* a packet that the queue refuses */
};

/* Which parts of a gcn_softgpu_fault are filled in. */
enum gcn_softgpu_fault_parts {
  GCN_SOFTGPU_FAULT_HAS_KERNEL = 1,      /* kernel_object, dispatch, kernel */
  GCN_SOFTGPU_FAULT_HAS_INSTRUCTION = 2, /* pc, instruction, wave, workgroup, function, file */
  GCN_SOFTGPU_FAULT_HAS_ADDRESS = 4,     /* address, write */
  GCN_SOFTGPU_FAULT_HAS_LANE = 8,
  GCN_SOFTGPU_FAULT_HAS_NEAREST = 16
};

/* Texts end in a zero and are cut off where they are too long. */
struct gcn_softgpu_fault {
  uint64_t size;     /* in: sizeof the caller's structure; out: how much of it was filled */
  uint64_t sequence; /* among the faults of the process, from 1 */
  uint32_t kind;     /* enum gcn_softgpu_fault_kind */
  uint32_t parts;    /* of enum gcn_softgpu_fault_parts */
  uint32_t agent;    /* which GPU of the topology, from 0 */
  uint32_t trap;     /* the number of a trap */
  uint64_t queue;    /* address of its hsa_queue_t; 0: an SDMA queue */

  uint64_t kernel_object;
  uint64_t dispatch; /* index of the packet in its queue */

  uint64_t pc;
  uint64_t function_offset; /* of pc, from the beginning of `function` */
  uint32_t workgroup[3];
  uint32_t wave; /* in its workgroup */
  uint32_t line; /* of `file`; 0 where the code object has no lines for pc */
  uint32_t column;

  uint64_t address;
  uint32_t write; /* 1: a write, 0: a read */
  uint32_t lane;
  uint64_t nearest_begin; /* the memory that the address lies in, or the nearest that is mapped to any GPU */
  uint64_t nearest_end;
  uint64_t nearest_mapped; /* 1: to this GPU too */

  char instruction[256]; /* disassembled */
  char kernel[1024];     /* these three are empty where the loaded code objects do not tell */
  char function[1024];
  char file[1024];
  char text[4096]; /* all of it in one line */
};

/* The last fault of a queue, or of any where `queue` is 0. 0; -1 where there was none, or `fault` is NULL or its size
   is less than 16. The last 32 faults of the process are kept. */
int gcn_softgpu_last_fault(uint64_t queue, struct gcn_softgpu_fault* fault);

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

enum gcn_softgpu_support { GCN_SOFTGPU_EXACT = 0, GCN_SOFTGPU_APPROXIMATE = 1, GCN_SOFTGPU_MISSING = 2 };

struct gcn_softgpu_instruction {
  const char* encoding; /* "VOP3"; an operation may have several */
  const char* name;     /* the target's mnemonic */
  const char* bound;    /* of what is approximate: how far from the exact result at most; else "" */
  const char* limits;   /* the forms in which it is missing all the same ("gds, tfe"); "" where there are none */
  uint64_t support;     /* enum gcn_softgpu_support */
};

/* Which instructions of a target ("gfx906") are implemented, one entry for each encoding of each. Writes the first
   `count`, which stay valid, and answers how many there are: 0 where there is no such target. */
size_t gcn_softgpu_instructions(const char* target, struct gcn_softgpu_instruction* instructions, size_t count);

/* Wakes the packet processors as a doorbell does. Needed by nobody; saves time where doorbells are polled. */
void gcn_softgpu_kick(void);

#ifdef __cplusplus
}
#endif
#endif
