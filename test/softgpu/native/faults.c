// What goes wrong, and how the program is told.
#include <unistd.h>

#include "scenarios.h"

static atomic_int faults;
static uint64_t faultAddress;

static hsa_status_t onSystemEvent(const hsa_amd_event_t* event, void* data) {
  (void)data;
  EXPECT(event->event_type == HSA_AMD_GPU_MEMORY_FAULT_EVENT);
  EXPECT(event->memory_fault.agent.handle == gpus[0].handle);
  EXPECT(event->memory_fault.fault_reason_mask & HSA_AMD_MEMORY_FAULT_PAGE_NOT_PRESENT);
  faultAddress = event->memory_fault.virtual_address;
  atomic_fetch_add(&faults, 1);
  return HSA_STATUS_SUCCESS;
}

static void expectWorks(void) {
  hsa_queue_t* queue = createQueue(gpus[0]);
  Kernel iota = findKernel(gpus[0], "iota");
  uint32_t* data = allocateLocal(gpus[0], 4096);
  struct {
    uint32_t n, pad, *data;
    uint32_t factor, offset;
  } arguments = {64, 0, data, 2, 1};
  hsa_signal_t done = createSignal(1);
  launch(queue, &iota, 64, 64, &arguments, sizeof arguments, done, kBarrier);
  EXPECT(waitBelow(done, 1, 5000));
  for (uint32_t i = 0; i < 64; i++) EXPECT(data[i] == 2 * i + 1);
  CHECK(hsa_queue_destroy(queue));
}

// A kernel writes where nothing is: the system-event handler is called, the packet never completes, other queues go on.
// Later faults come through their queue's callback.
void fault_memory(void) {
  openGpus();
  CHECK(hsa_amd_register_system_event_handler(onSystemEvent, NULL));
  Kernel write = findKernel(gpus[0], "fault_write");
  struct {
    uint64_t address;
    uint32_t value, pad;
  } arguments = {0x123456789000ull + 0x18, 1, 0};
  hsa_queue_t* queue = createQueue(gpus[0]);
  hsa_signal_t never = createSignal(1);
  launch(queue, &write, 64, 64, &arguments, sizeof arguments, never, 0);
  for (double end = milliseconds() + 5000; !atomic_load(&faults) && milliseconds() < end;) usleep(1000);
  EXPECT(atomic_load(&faults) == 1);
  EXPECT(faultAddress == 0x123456789000ull);
  EXPECT(hsa_signal_load_relaxed(never) == 1);
  const struct gcn_softgpu_fault* fault = lastFault(queue);
  EXPECT(fault->kind == GCN_SOFTGPU_FAULT_MEMORY && fault->agent == 0 && fault->queue == (uint64_t)queue);
  EXPECT(fault->parts == (GCN_SOFTGPU_FAULT_HAS_KERNEL | GCN_SOFTGPU_FAULT_HAS_INSTRUCTION |
                          GCN_SOFTGPU_FAULT_HAS_ADDRESS | GCN_SOFTGPU_FAULT_HAS_LANE | GCN_SOFTGPU_FAULT_HAS_NEAREST));
  EXPECT(fault->kernel_object == write.object && fault->dispatch == 0);
  EXPECT(fault->address == arguments.address && fault->write == 1 && fault->lane == 0 && fault->wave == 0);
  EXPECT(!strcmp(fault->kernel, "fault_write") && !strcmp(fault->function, "fault_write"));
  EXPECT(strstr(fault->instruction, "store_dword"));
  EXPECT(strstr(fault->text, "fault_write") && strstr(fault->text, "0x123456789018"));
  EXPECT(!(fault->nearest_begin <= fault->address && fault->address < fault->nearest_end));
  printf("%s\n", fault->text);
  expectWorks();
  CHECK(hsa_queue_destroy(queue));

  queue = createQueue(gpus[0]);
  launch(queue, &write, 64, 64, &arguments, sizeof arguments, never, 0);
  EXPECT(waitForError(5000));
  EXPECT(atomic_load(&queueError) == (int)HSA_STATUS_ERROR_MEMORY_APERTURE_VIOLATION);
  EXPECT(atomic_load(&faults) == 1);
  EXPECT(lastFault(queue)->address == arguments.address);
  CHECK(hsa_queue_destroy(queue));
  expectWorks();
  CHECK(hsa_shut_down());
}

static void expectQueueError(const char* name, hsa_status_t wanted, enum gcn_softgpu_fault_kind kind) {
  openGpus();
  hsa_queue_t* queue = createQueue(gpus[0]);
  Kernel kernel = findKernel(gpus[0], name);
  uint32_t* out = allocateLocal(gpus[0], 4096);
  hsa_signal_t never = createSignal(1);
  launch(queue, &kernel, 64, 64, &out, sizeof out, never, 0);
  EXPECT(waitForError(5000));
  EXPECT(atomic_load(&queueError) == (int)wanted);
  EXPECT(hsa_signal_load_relaxed(never) == 1);
  EXPECT(out[0] == 1);  // what came before it was done
  const struct gcn_softgpu_fault* fault = lastFault(queue);
  EXPECT(fault->kind == kind && !strcmp(fault->kernel, name) && !strcmp(fault->function, name));
  EXPECT(fault->parts == (GCN_SOFTGPU_FAULT_HAS_KERNEL | GCN_SOFTGPU_FAULT_HAS_INSTRUCTION));
  EXPECT(fault->trap == (kind == GCN_SOFTGPU_FAULT_TRAP ? 2 : 0));
  printf("%s\n", fault->text);
  expectWorks();
  CHECK(hsa_queue_destroy(queue));
  CHECK(hsa_shut_down());
}

void fault_illegal(void) {
  expectQueueError("fault_illegal", (hsa_status_t)HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION, GCN_SOFTGPU_FAULT_ILLEGAL);
}
void fault_trap(void) {
  expectQueueError("fault_trap", HSA_STATUS_ERROR_EXCEPTION, GCN_SOFTGPU_FAULT_TRAP);
}

typedef struct {
  const char* what;
  hsa_status_t wanted;
  uint16_t header;
  void (*spoil)(hsa_kernel_dispatch_packet_t*);
} Mistake;

static void noDimensions(hsa_kernel_dispatch_packet_t* p) {
  p->setup = 0;
}
static void emptyGrid(hsa_kernel_dispatch_packet_t* p) {
  p->grid_size_x = 0;
}
static void emptyWorkgroup(hsa_kernel_dispatch_packet_t* p) {
  p->workgroup_size_z = 0;
}
static void hugeWorkgroup(hsa_kernel_dispatch_packet_t* p) {
  p->workgroup_size_x = 1025;
}
static void hugeLds(hsa_kernel_dispatch_packet_t* p) {
  p->group_segment_size = 65537;
}
static void noKernel(hsa_kernel_dispatch_packet_t* p) {
  p->kernel_object = 0;
}
static void wildKernel(hsa_kernel_dispatch_packet_t* p) {
  p->kernel_object = 0x5555550000c0ull;
}
static void vendor(hsa_kernel_dispatch_packet_t* p) {
  p->setup = 0x77;
}
static void nothing(hsa_kernel_dispatch_packet_t* p) {
  (void)p;
}

// Packets that the processor refuses: each stops its own queue with the runtime's code for it, and no other.
void bad_packets(void) {
  static const Mistake mistakes[] = {
      {"no dimensions", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS, HSA_PACKET_TYPE_KERNEL_DISPATCH, noDimensions},
      {"an empty grid", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS, HSA_PACKET_TYPE_KERNEL_DISPATCH, emptyGrid},
      {"an empty workgroup", HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS, HSA_PACKET_TYPE_KERNEL_DISPATCH, emptyWorkgroup},
      {"a huge workgroup", HSA_STATUS_ERROR_INVALID_ARGUMENT, HSA_PACKET_TYPE_KERNEL_DISPATCH, hugeWorkgroup},
      {"too much LDS", HSA_STATUS_ERROR_INVALID_ALLOCATION, HSA_PACKET_TYPE_KERNEL_DISPATCH, hugeLds},
      {"no kernel", HSA_STATUS_ERROR_INVALID_CODE_OBJECT, HSA_PACKET_TYPE_KERNEL_DISPATCH, noKernel},
      {"a wild kernel", HSA_STATUS_ERROR_INVALID_CODE_OBJECT, HSA_PACKET_TYPE_KERNEL_DISPATCH, wildKernel},
      {"an unknown type", HSA_STATUS_ERROR_INVALID_PACKET_FORMAT, 6, nothing},
      {"agent dispatch", HSA_STATUS_ERROR_INVALID_PACKET_FORMAT, HSA_PACKET_TYPE_AGENT_DISPATCH, nothing},
      {"an unknown vendor packet", HSA_STATUS_ERROR_INVALID_PACKET_FORMAT, HSA_PACKET_TYPE_VENDOR_SPECIFIC, vendor},
  };
  openGpus();
  Kernel fill = findKernel(gpus[0], "fill_u32");
  for (unsigned i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    hsa_queue_t* queue = createQueue(gpus[0]);
    hsa_kernel_dispatch_packet_t packet = {.setup = 1,
                                           .workgroup_size_x = 64,
                                           .workgroup_size_y = 1,
                                           .workgroup_size_z = 1,
                                           .grid_size_x = 64,
                                           .grid_size_y = 1,
                                           .grid_size_z = 1,
                                           .kernel_object = fill.object};
    mistakes[i].spoil(&packet);
    atomic_store(&queueError, 0);
    submit(queue, mistakes[i].header, &packet);
    if (!waitForError(5000)) FAIL("%s: no error", mistakes[i].what);
    if (atomic_load(&queueError) != (int)mistakes[i].wanted) {
      FAIL("%s: status 0x%x", mistakes[i].what, (unsigned)atomic_load(&queueError));
    }
    CHECK(hsa_queue_destroy(queue));
  }
  expectWorks();
  CHECK(hsa_shut_down());
}
