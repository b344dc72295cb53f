// Queues: order, barriers, many of them, and their ends.
#include <pthread.h>
#include <unistd.h>

#include "scenarios.h"

static hsa_barrier_and_packet_t barrierOn(hsa_signal_t first, hsa_signal_t second, hsa_signal_t completion) {
  hsa_barrier_and_packet_t packet = {.dep_signal = {first, {0}, {0}, second, {0}}, .completion_signal = completion};
  return packet;
}

// Barrier packets wait for signals that only the host sets, with no doorbell to announce it.
void barriers(void) {
  openGpus();
  hsa_queue_t* queue = createQueue(gpus[0]);
  hsa_signal_t a = createSignal(1), b = createSignal(1), done = createSignal(1), after = createSignal(1);
  hsa_barrier_and_packet_t both = barrierOn(a, b, done),
                           nothing = barrierOn((hsa_signal_t){0}, (hsa_signal_t){0}, after);
  submit(queue, HSA_PACKET_TYPE_BARRIER_AND, &both);
  submit(queue, HSA_PACKET_TYPE_BARRIER_AND, &nothing);
  EXPECT(!waitBelow(done, 1, 20));
  hsa_signal_store_screlease(a, 0);
  EXPECT(!waitBelow(done, 1, 20));
  EXPECT(hsa_signal_load_relaxed(after) == 1);
  hsa_signal_store_screlease(b, 0);
  EXPECT(waitBelow(done, 1, 2000) && waitBelow(after, 1, 2000));

  hsa_signal_store_relaxed(a, 1);
  hsa_signal_store_relaxed(b, 1);
  hsa_signal_store_screlease(done, 1);
  submit(queue, HSA_PACKET_TYPE_BARRIER_OR, &both);
  EXPECT(!waitBelow(done, 1, 20));
  hsa_signal_store_screlease(b, 0);
  EXPECT(waitBelow(done, 1, 2000));

  hsa_signal_store_screlease(done, 1);
  hsa_amd_barrier_value_packet_t value = {
      .signal = a, .value = 0x30, .mask = 0xf0, .cond = HSA_SIGNAL_CONDITION_GTE, .completion_signal = done};
  value.header.AmdFormat = HSA_AMD_PACKET_TYPE_BARRIER_VALUE;
  submit(queue, HSA_PACKET_TYPE_VENDOR_SPECIFIC, &value);
  EXPECT(!waitBelow(done, 1, 20));
  hsa_signal_store_screlease(a, 0x10f);
  EXPECT(!waitBelow(done, 1, 20));
  hsa_signal_store_screlease(a, 0x145);
  EXPECT(waitBelow(done, 1, 2000));
  CHECK(hsa_queue_destroy(queue));
  CHECK(hsa_shut_down());
}

// Without the barrier bit a later kernel may run while an earlier one still does; with it, not.
void overlap(void) {
  openGpus();
  hsa_queue_t* queue = createQueue(gpus[0]);
  Kernel wait = findKernel(gpus[0], "wait_for_host"), fill = findKernel(gpus[0], "fill_u32");
  uint32_t* flag = allocateHost(4096);
  uint32_t* out = allocateHost(4096);
  flag[0] = 0;
  struct {
    uint32_t *flag, *out;
  } waits = {flag, out};
  struct {
    uint32_t n, pad, *data;
    uint32_t value, pad2;
  } fills = {16, 0, out + 64, 9, 0};
  hsa_signal_t first = createSignal(1), second = createSignal(1), third = createSignal(1);
  uint64_t index = launch(queue, &wait, 1, 1, &waits, sizeof waits, first, 0);
  launch(queue, &fill, 16, 16, &fills, sizeof fills, second, 0);
  EXPECT(waitBelow(second, 1, 5000));
  EXPECT(hsa_signal_load_scacquire(first) == 1);
  launch(queue, &fill, 16, 16, &fills, sizeof fills, third, kBarrier);
  EXPECT(!waitBelow(third, 1, 50));
  // The read index never passes a packet that is still at work.
  EXPECT(hsa_queue_load_read_index_scacquire(queue) == index);
  __atomic_store_n(flag, 77, __ATOMIC_RELEASE);
  EXPECT(waitBelow(first, 1, 5000) && waitBelow(third, 1, 5000));
  EXPECT(out[0] == 77);
  CHECK(hsa_queue_destroy(queue));
  CHECK(hsa_shut_down());
}

typedef struct {
  hsa_agent_t gpu;
  Kernel increment;
  uint32_t* data;
  int rounds;
} Producer;

static void* produce(void* argument) {
  Producer* p = argument;
  hsa_queue_t* queue = createQueue(p->gpu);
  hsa_signal_t done = createSignal(0);
  struct {
    uint32_t n, pad, *data;
    uint32_t by, pad2;
  } arguments = {64, 0, p->data, 1, 0};
  char* kernarg = allocateHost(p->increment.kernargBytes);
  memset(kernarg, 0, p->increment.kernargBytes);
  memcpy(kernarg, &arguments, sizeof arguments);
  hsa_kernel_dispatch_packet_t packet = {.setup = 1,
                                         .workgroup_size_x = 64,
                                         .workgroup_size_y = 1,
                                         .workgroup_size_z = 1,
                                         .grid_size_x = 64,
                                         .grid_size_y = 1,
                                         .grid_size_z = 1,
                                         .kernel_object = p->increment.object,
                                         .kernarg_address = kernarg,
                                         .completion_signal = done};
  for (int i = 0; i < p->rounds; i++) {
    hsa_signal_add_relaxed(done, 1);
    submit(queue, HSA_PACKET_TYPE_KERNEL_DISPATCH | kBarrier, &packet);
    // Now one in flight, now a hundred, now a pause: each way of finding the processors asleep or awake.
    if (i % 100 < 20 || i % 100 == 99) EXPECT(waitBelow(done, 1, 20000));
    if (i % 500 == 0) usleep(300);
  }
  EXPECT(waitBelow(done, 1, 20000));
  CHECK(hsa_queue_destroy(queue));
  return NULL;
}

// Many producers, a queue each, on every GPU: no packet is lost.
void load(void) {
  openGpus();
  enum { kProducers = 8, kRounds = 4000 };
  pthread_t threads[kProducers];
  Producer producers[kProducers];
  for (unsigned i = 0; i < kProducers; i++) {
    hsa_agent_t gpu = gpus[i % gpuCount];
    producers[i] = (Producer){gpu, findKernel(gpu, "increment"), allocateLocal(gpu, 4096), kRounds};
    memset(producers[i].data, 0, 4096);
    EXPECT(pthread_create(&threads[i], NULL, produce, &producers[i]) == 0);
  }
  for (unsigned i = 0; i < kProducers; i++) pthread_join(threads[i], NULL);
  for (unsigned i = 0; i < kProducers; i++) {
    for (unsigned k = 0; k < 64; k++) EXPECT(producers[i].data[k] == kRounds);
  }
  CHECK(hsa_shut_down());
}

// A queue whose kernel never ends is destroyed within moments, and the next queue works.
void destroy_endless(void) {
  openGpus();
  Kernel endless = findKernel(gpus[0], "endless"), fill = findKernel(gpus[0], "fill_u32");
  uint32_t* out = allocateLocal(gpus[0], 1 << 20);
  for (int round = 0; round < 5; round++) {
    hsa_queue_t* queue = createQueue(gpus[0]);
    hsa_signal_t never = createSignal(1);
    for (int i = 0; i < 3; i++) launch(queue, &endless, 64 * 64, 64, &out, sizeof out, never, 0);
    usleep(20000);
    EXPECT(hsa_queue_load_read_index_relaxed(queue) == 0);
    double before = milliseconds();
    CHECK(round % 2 ? hsa_queue_inactivate(queue) : hsa_queue_destroy(queue));
    EXPECT(milliseconds() - before < 500);
    if (round % 2) CHECK(hsa_queue_destroy(queue));
    EXPECT(hsa_signal_load_relaxed(never) == 1);

    queue = createQueue(gpus[0]);
    hsa_signal_t done = createSignal(1);
    struct {
      uint32_t n, pad, *data;
      uint32_t value, pad2;
    } fills = {1000, 0, out, 5u + (uint32_t)round, 0};
    launch(queue, &fill, 1024, 256, &fills, sizeof fills, done, kBarrier);
    EXPECT(waitBelow(done, 1, 5000));
    EXPECT(out[999] == 5u + (uint32_t)round);
    CHECK(hsa_queue_destroy(queue));
  }
  CHECK(hsa_shut_down());
}

// The process ends while kernels and copies are at work.
void exit_in_flight(void) {
  openGpus();
  Kernel endless = findKernel(gpus[0], "endless");
  uint32_t* out = allocateLocal(gpus[0], 1 << 20);
  hsa_signal_t never = createSignal(1);
  launch(createQueue(gpus[0]), &endless, 64 * 64, 64, &out, sizeof out, never, 0);
  void *to = allocateLocal(gpus[0], 256 << 20), *from = allocateHost(256 << 20);
  CHECK(hsa_amd_memory_async_copy(to, gpus[0], from, cpu, 256 << 20, 0, NULL, never));
  usleep(3000);
  exit(0);
}
