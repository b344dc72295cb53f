// Enumeration, kernels, copies: what every program does.
#include <time.h>
#include <unistd.h>

#include "scenarios.h"

// One line for each agent: name, product, ISA.
void enumerate(void) {
  openGpus();
  for (unsigned i = 0; i < gpuCount; i++) {
    char name[64], product[64], isaName[64];
    hsa_isa_t isa;
    uint32_t units;
    CHECK(hsa_agent_get_info(gpus[i], HSA_AGENT_INFO_NAME, name));
    CHECK(hsa_agent_get_info(gpus[i], (hsa_agent_info_t)HSA_AMD_AGENT_INFO_PRODUCT_NAME, product));
    CHECK(hsa_agent_get_info(gpus[i], HSA_AGENT_INFO_ISA, &isa));
    CHECK(hsa_isa_get_info_alt(isa, HSA_ISA_INFO_NAME, isaName));
    CHECK(hsa_agent_get_info(gpus[i], (hsa_agent_info_t)HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT, &units));
    EXPECT(units >= 1);
    printf("%s | %s | %s\n", name, product, isaName);
  }
  CHECK(hsa_shut_down());
}

enum { kCount = 100000 };

typedef struct {
  uint32_t n, pad;
  uint32_t* data;
  uint32_t factor, offset;
} IotaArguments;
typedef struct {
  uint32_t n, pad;
  uint32_t* data;
  uint32_t by, pad2;
} IncrementArguments;

// data[i] = 3 i + 5, then ten times += 7, in order by the barrier bit; on every GPU.
void dispatch(void) {
  openGpus();
  for (unsigned g = 0; g < gpuCount; g++) {
    hsa_queue_t* queue = createQueue(gpus[g]);
    CHECK(hsa_amd_profiling_set_profiler_enabled(queue, 1));
    Kernel iota = findKernel(gpus[g], "iota"), increment = findKernel(gpus[g], "increment");
    uint32_t* data = allocateLocal(gpus[g], kCount * 4);
    hsa_signal_t done = createSignal(11);
    IotaArguments first = {kCount, 0, data, 3, 5};
    launch(queue, &iota, kCount, 256, &first, sizeof first, done, kBarrier);
    IncrementArguments next = {kCount, 0, data, 7, 0};
    for (int i = 0; i < 10; i++) launch(queue, &increment, kCount, 256, &next, sizeof next, done, kBarrier);
    EXPECT(waitBelow(done, 1, 20000));
    for (uint32_t i = 0; i < kCount; i++) EXPECT(data[i] == 3 * i + 5 + 70);
    // The slot is given back after the signal.
    for (double end = milliseconds() + 1000; hsa_queue_load_read_index_relaxed(queue) != 11;)
      EXPECT(milliseconds() < end);

    hsa_amd_profiling_dispatch_time_t time;
    CHECK(hsa_amd_profiling_get_dispatch_time(gpus[g], done, &time));
    EXPECT(time.end > time.start && time.end - time.start < 20000000000ull);
    uint64_t now;
    CHECK(hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &now));
    EXPECT(time.end <= now + 1000000 && now - time.start < 60000000000ull);
    CHECK(hsa_queue_destroy(queue));
  }
  CHECK(hsa_shut_down());
}

static void copyAsync(void* to, hsa_agent_t toAgent, const void* from, hsa_agent_t fromAgent, size_t bytes) {
  hsa_signal_t done = createSignal(1);
  CHECK(hsa_amd_memory_async_copy(to, toAgent, from, fromAgent, bytes, 0, NULL, done));
  EXPECT(waitBelow(done, 1, 20000));
  CHECK(hsa_signal_destroy(done));
}

// Both ways, by SDMA and by ROCr's kernels, of sizes from one byte on and at odd addresses, with nothing beside
// touched.
void copies(void) {
  openGpus();
  const size_t sizes[] = {1, 3, 4, 63, 64, 255, 4096, 65537, 1 << 20, (9 << 20) + 5};
  const size_t room = (9 << 20) + 4096;
  uint8_t *host = allocateHost(room), *back = allocateHost(room), *local = allocateLocal(gpus[0], room);
  for (size_t i = 0; i < room; i++) host[i] = (uint8_t)(i * 31 + (i >> 8));
  for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (size_t shift = 0; shift < 4; shift += 3) {
      size_t bytes = sizes[s];
      memset(back, 0xee, bytes + 16);
      memset(local, 0xdd, bytes + 16);
      copyAsync(local + shift, gpus[0], host, cpu, bytes);
      copyAsync(back, cpu, local + shift, gpus[0], bytes);
      EXPECT(memcmp(back, host, bytes) == 0 && back[bytes] == 0xee && local[bytes + shift] == 0xdd);
      memset(back, 0xee, bytes + 16);
      CHECK(hsa_memory_copy(local, host + shift, bytes));
      CHECK(hsa_memory_copy(back, local, bytes));
      EXPECT(memcmp(back, host + shift, bytes) == 0 && back[bytes] == 0xee);
    }
  }
  CHECK(hsa_amd_memory_fill(local, 0x01020304, 1000));
  uint32_t words[1001];
  memcpy(words, local, sizeof words);
  for (int i = 0; i < 1000; i++) EXPECT(words[i] == 0x01020304);

  // A box of 5 x 4 x 3 elements in larger ones. ROCr has no such copies for gfx8, and none without SDMA.
  hsa_pitched_ptr_t from = {host, 256, 256 * 16}, to = {local, 64, 64 * 8};
  hsa_dim3_t fromAt = {8, 2, 1}, toAt = {4, 1, 2}, size = {20, 4, 3};
  memset(local, 0, 64 * 8 * 8);
  hsa_signal_t done = createSignal(1);
  hsa_status_t status =
      hsa_amd_memory_async_copy_rect(&to, &toAt, &from, &fromAt, &size, gpus[0], hsaHostToDevice, 0, NULL, done);
  char processor[64];
  CHECK(hsa_agent_get_info(gpus[0], HSA_AGENT_INFO_NAME, processor));
  const bool boxes = strcmp(processor, "gfx803") != 0 && !getenv("HSA_ENABLE_SDMA");
  EXPECT((status == HSA_STATUS_SUCCESS) == boxes);
  if (boxes) EXPECT(waitBelow(done, 1, 20000));
  for (unsigned z = 0; boxes && z < 8; z++) {
    for (unsigned y = 0; y < 8; y++) {
      for (unsigned x = 0; x < 64; x++) {
        bool inside = x >= 4 && x < 24 && y >= 1 && y < 5 && z >= 2 && z < 5;
        uint8_t wanted = inside ? host[(z - 2 + 1) * 4096 + (y - 1 + 2) * 256 + (x - 4 + 8)] : 0;
        EXPECT(local[z * 512 + y * 64 + x] == wanted);
      }
    }
  }
  // A copy that waits for a signal, and page-locked memory of the program's own.
  hsa_signal_t gate = createSignal(1);
  hsa_signal_store_screlease(done, 1);
  CHECK(hsa_amd_memory_async_copy(local, gpus[0], host, cpu, 100, 1, &gate, done));
  EXPECT(!waitBelow(done, 1, 50));
  hsa_signal_store_screlease(gate, 0);
  EXPECT(waitBelow(done, 1, 5000));
  uint8_t* own = malloc(300000);
  void* locked;
  CHECK(hsa_amd_memory_lock(own + 1, 200000, NULL, 0, &locked));
  CHECK(hsa_memory_copy(locked, host, 200000));
  EXPECT(memcmp(own + 1, host, 200000) == 0);
  CHECK(hsa_amd_memory_unlock(own + 1));
  CHECK(hsa_shut_down());
}

// Private memory, which ROCr provides when a packet asks for it, more than the queue was made with.
void scratch(void) {
  openGpus();
  hsa_queue_t* queue = createQueue(gpus[0]);
  Kernel indexed = findKernel(gpus[0], "scratch_indexed");
  EXPECT(indexed.privateBytes >= 128);
  enum { kItems = 3000 };
  uint32_t* out = allocateLocal(gpus[0], kItems * 4);
  struct {
    uint32_t* out;
    uint32_t distance, pad;
  } arguments = {out, 13, 0};
  hsa_signal_t done = createSignal(1);
  for (unsigned privateBytes = indexed.privateBytes; privateBytes <= 16384; privateBytes *= 8) {
    indexed.privateBytes = privateBytes;
    memset(out, 0, kItems * 4);
    hsa_signal_store_screlease(done, 1);
    launch(queue, &indexed, kItems, 192, &arguments, sizeof arguments, done, kBarrier);
    EXPECT(waitBelow(done, 1, 20000));
    // values[(k + 13) mod 32] = 100 i + k, read at i mod 32.
    for (uint32_t i = 0; i < kItems; i++) EXPECT(out[i] == i * 100 + ((i & 31) + 32 - 13) % 32);
  }
  CHECK(hsa_queue_destroy(queue));
  CHECK(hsa_shut_down());
}

// VRAM has an end, and reaching it is an error code.
void exhaust(void) {
  openGpus();
  hsa_amd_memory_pool_t pool = localPool(gpus[0]);
  void* memory;
  EXPECT(hsa_amd_memory_pool_allocate(pool, (size_t)1 << 45, 0, &memory) != HSA_STATUS_SUCCESS);
  enum { kMany = 10000 };
  static void* taken[kMany];
  unsigned count = 0;
  while (count < kMany && hsa_amd_memory_pool_allocate(pool, 64 << 20, 0, &taken[count]) == HSA_STATUS_SUCCESS) count++;
  EXPECT(count > 0 && count < kMany);
  for (unsigned i = 0; i < count; i++) CHECK(hsa_amd_memory_pool_free(taken[i]));
  uint32_t* again = allocateLocal(gpus[0], 64 << 20);
  again[0] = 1;
  CHECK(hsa_shut_down());
}

// Started, stopped and started again; and no processor time while nothing is asked.
void idle(void) {
  for (int i = 0; i < 3; i++) {
    gpuCount = 0;
    openGpus();
    CHECK(hsa_queue_destroy(createQueue(gpus[0])));
    CHECK(hsa_shut_down());
  }
  gpuCount = 0;
  openGpus();
  hsa_queue_t* queue = createQueue(gpus[0]);
  hsa_signal_t done = createSignal(1);
  hsa_barrier_and_packet_t barrier = {.completion_signal = done};
  submit(queue, HSA_PACKET_TYPE_BARRIER_AND, &barrier);
  EXPECT(waitBelow(done, 1, 5000));
  usleep(50000);
  clock_t before = clock();
  usleep(500000);
  double used = (double)(clock() - before) / CLOCKS_PER_SEC;
  EXPECT(used < (getenv("GCN_SOFTGPU_DOORBELL") ? 0.1 : 0.02));
  CHECK(hsa_shut_down());
}
