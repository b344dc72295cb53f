// Runs the bench's kernels on the software GPU and on this CPU, compares what they computed, and prints a JSON object
// for each. usage: softgpu-bench CODE_OBJECT ROUNDS [small]      small: sizes for a test
#include <hsa/hsa_ext_amd.h>
#include <math.h>
#include <string.h>

#include "counts.h"
#include "gpu.h"

enum { kGroup = 256 };

#define NATIVE(name) void name(Arguments arguments, u32 group);
NATIVE(straight)
NATIVE(vector_add)
NATIVE(triad)
NATIVE(matmul)
NATIVE(nbody)
NATIVE(sha256)
NATIVE(bitonic)
NATIVE(collatz)

typedef enum { Words, Floats, Doubles } Contents;

typedef struct {
  const char* name;
  void (*native)(Arguments, u32);
  unsigned groups, smallGroups;
  unsigned count, smallCount, turns, smallTurns;
  Contents contents;                 // of the inputs
  unsigned inputBytes, outputBytes;  // of each input and of the output, per work-item
  int approximate;                   // the GPU's reciprocal root is good to one unit in the last place
} Case;

// vector_add: 9,216 waves.
static const Case kCases[] = {
    {"straight", straight, 16, 2, 0, 0, 20000, 50, Words, 0, 4, 0},
    {"matmul", matmul, 256, 4, 256, 32, 0, 0, Floats, 4, 4, 0},
    {"triad", triad, 4096, 8, 0, 0, 0, 0, Doubles, 8, 8, 0},
    {"nbody", nbody, 16, 1, 4096, 256, 0, 0, Floats, 16, 16, 1},
    {"sha256", sha256, 32, 2, 0, 0, 8, 1, Words, 0, 32, 0},
    {"bitonic", bitonic, 256, 2, 0, 0, 0, 0, Words, 8, 8, 0},
    {"collatz", collatz, 128, 2, 0, 0, 0, 0, Words, 0, 4, 0},
    {"vector_add", vector_add, 2304, 8, 0, 0, 0, 0, Floats, 4, 4, 0},
};

static u32 random32(void) {
  static u64 state = 88172645463325252;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (u32)(state >> 32);
}

static void* makeInput(Contents contents, size_t bytes) {
  if (bytes == 0) return NULL;
  void* input = allocate(bytes);
  for (size_t i = 0; i < bytes / 4; i++) {
    if (contents == Words) ((u32*)input)[i] = random32();
    if (contents == Floats) ((f32*)input)[i] = (f32)random32() * 0x1p-32f - 0.25f;
    if (contents == Doubles && i % 2) ((f64*)input)[i / 2] = (f64)random32() * 0x1p-32 - 0.25;
  }
  return input;
}

static void compare(const Case* test, const void* gpu, const void* cpu, size_t bytes) {
  if (!test->approximate) {
    if (memcmp(gpu, cpu, bytes) != 0) FAIL("%s: the GPU's result is not the CPU's", test->name);
    return;
  }
  const f32 *a = gpu, *b = cpu;
  f32 largest = 0;
  for (size_t i = 0; i < bytes / 4; i++) largest = fmaxf(largest, fabsf(b[i]));
  for (size_t i = 0; i < bytes / 4; i++) {
    if (!(fabsf(a[i] - b[i]) <= 1e-5f * largest))
      FAIL("%s: %g at %zu, while the CPU says %g", test->name, (double)a[i], i, (double)b[i]);
  }
}

static void runCase(const Case* test, int rounds, int small) {
  const unsigned groups = small ? test->smallGroups : test->groups;
  const size_t items = (size_t)groups * kGroup, output = items * test->outputBytes;
  Arguments arguments = {small ? test->smallCount : test->count,
                         small ? test->smallTurns : test->turns,
                         0.4,
                         makeInput(test->contents, items * test->inputBytes),
                         makeInput(test->contents, items * test->inputBytes),
                         allocate(output)};
  Arguments native = arguments;
  native.out = malloc(output);
  memset(arguments.out, 0, output);
  memset(native.out, 1, output);
  const Kernel kernel = findKernel(test->name);

  double wall[kMaxRounds], worker[kMaxRounds], own[kMaxRounds], instructions = 0;
  for (int round = -1; round < rounds; round++) {
    const Counts before = countsNow();
    runKernel(&kernel, groups, &arguments);
    const Counts after = countsNow();
    const double executed = after.instructions - before.instructions;
    if (round >= 0 && executed != instructions)
      FAIL("%s: %.0f wave-instructions, and %.0f the next time", test->name, instructions, executed);
    instructions = executed;
    const double start = ownClock();
    for (unsigned group = 0; group < groups; group++) test->native(native, group);
    const double end = ownClock();
    if (round < 0) {
      compare(test, arguments.out, native.out, output);
      continue;
    }
    wall[round] = after.dispatchNanoseconds - before.dispatchNanoseconds;
    worker[round] = after.workerNanoseconds - before.workerNanoseconds;
    own[round] = end - start;
  }
  printResult(test->name, "instructions", instructions, rounds, wall, worker, own);
  CHECK(hsa_amd_memory_pool_free(arguments.out));
  if (arguments.a) CHECK(hsa_amd_memory_pool_free((void*)arguments.a));
  if (arguments.b) CHECK(hsa_amd_memory_pool_free((void*)arguments.b));
  free(native.out);
}

typedef struct {
  double wall[kMaxRounds], worker[kMaxRounds], native[kMaxRounds];
} Times;

// hsa_memory_copy and hsa_amd_memory_fill beside what the C library does with the same memory.
static void runCopies(int rounds, size_t bytes) {
  u8 *from = allocateLocal(bytes), *to = allocateLocal(bytes);
  Times copy, fill;
  for (int round = -1; round < rounds; round++) {
    const int at = round < 0 ? 0 : round;
    memset(from, round + 2, bytes);
    double start = ownClock();
    memcpy(to, from, bytes);
    copy.native[at] = ownClock() - start;
    start = ownClock();
    memset(to, 0x5a, bytes);
    fill.native[at] = ownClock() - start;

    Counts before = countsNow();
    start = now();
    CHECK(hsa_memory_copy(to, from, bytes));
    copy.wall[at] = now() - start;
    copy.worker[at] = countsNow().workerNanoseconds - before.workerNanoseconds;
    if (memcmp(to, from, bytes) != 0) FAIL("hsa_memory_copy copied something else");
    before = countsNow();
    start = now();
    CHECK(hsa_amd_memory_fill(to, 0x01020304, bytes / 4));
    fill.wall[at] = now() - start;
    fill.worker[at] = countsNow().workerNanoseconds - before.workerNanoseconds;
    for (size_t i = 0; i < bytes / 4; i++) {
      if (((u32*)to)[i] != 0x01020304) FAIL("hsa_amd_memory_fill filled in something else");
    }
  }
  printResult("copy", "bytes", (double)bytes, rounds, copy.wall, copy.worker, copy.native);
  printResult("fill", "bytes", (double)bytes, rounds, fill.wall, fill.worker, fill.native);
  CHECK(hsa_amd_memory_pool_free(from));
  CHECK(hsa_amd_memory_pool_free(to));
}

int main(int argc, char** argv) {
  const int rounds = argc >= 3 ? atoi(argv[2]) : 0, small = argc == 4 && strcmp(argv[3], "small") == 0;
  const char* only = argc == 4 && !small ? argv[3] : NULL;
  if (rounds < 1 || rounds > kMaxRounds || argc > 4) FAIL("usage: %s CODE_OBJECT ROUNDS [small | KERNEL]", argv[0]);
  openGpu(argv[1]);
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; i++) {
    if (!only || strcmp(only, kCases[i].name) == 0) runCase(&kCases[i], rounds, small);
  }
  if (!only) runCopies(rounds, small ? 1 << 20 : 64 << 20);
  closeGpu();
  return 0;
}
