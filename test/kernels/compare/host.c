// The host's half. Usage: host SEED GROUPS FOLDER: writes the inputs and outputs of every kernel, one after the other,
// to FOLDER/inputs and FOLDER/outputs, and their names to standard output. Built with OpenMP it has the other half too:
// host SEED GROUPS compares the device with the host, prints where they differ and how many kernels there were.
#include <stdio.h>
#include <stdlib.h>

#include "all.c"

extern const struct Entry __start_entries[], __stop_entries[];

static u64 state;
static u64 next(void) {  // splitmix64
  u64 z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

// A float of `bits` bits with `fraction` of fraction: any bits, numbers near 1, small integers, or an edge. NaNs are
// quiet: what the host's library does with the other ones depends on how it was built.
static u64 random_float(u32 bits, u32 fraction) {
  const u64 r = next(), one = 1, quiet = one << (fraction - 1), sign = next() >> 63 << (bits - 1);
  const u64 mask = (one << fraction) - 1, top = (one << (bits - 1 - fraction)) - 1, bias = top / 2;
  u64 v;
  switch (r % 8) {
    case 0:
    case 1:
      v = next() & ((one << (bits - 1)) - 1);
      break;
    case 2: {
      const u64 edges[] = {0,
                           1,
                           mask,
                           mask + 1,
                           mask + 2,
                           top << fraction,
                           (top << fraction) - 1,
                           top << fraction | quiet,
                           bias << fraction,
                           (bias << fraction) + 1,
                           (bias << fraction) - 1,
                           (bias - 1) << fraction,
                           (bias + fraction) << fraction};
      v = edges[(r >> 8) % (sizeof edges / sizeof *edges)];
      break;
    }
    case 3:
      v = (bias + (r >> 8) % 9) << fraction |
          ((next() & mask) >> (fraction - (r >> 16) % 9) << (fraction - (r >> 16) % 9));
      break;
    default:
      v = (bias - 6 + (r >> 8) % 12) << fraction | (next() & mask);
  }
  return (v >> fraction == top && (v & mask) != 0 ? v | quiet : v) | sign;
}

static u32 integer(void) {
  const u64 r = next();
  static const u32 edges[] = {0,          1,          2,          31,         32,        0x7f,    0x80,
                              0xff,       0x100,      0x7fff,     0x8000,     0xffff,    0x10000, 0x7fffffff,
                              0x80000000, 0xfffffffe, 0xffffffff, 0xffff8000, 0xffffff80};
  switch (r % 8) {
    case 0:
      return edges[(r >> 8) % (sizeof edges / sizeof *edges)];
    case 1:
      return 1u << (r >> 8 & 31);
    case 2:
      return (1u << (r >> 8 & 31)) - 1;
    case 3:
      return (u32)(r >> 32) >> (r >> 8 & 31);
    default:
      return (u32)(r >> 32);
  }
}

static void fill(u32* words, u32 count, char kind) {
  for (u32 k = 0; k < count; ++k) {
    if (kind == 'u') words[k] = integer();
    if (kind == 'f') words[k] = (u32)random_float(32, 23);
    if (kind == 'h') words[k] = (u32)(random_float(16, 10) << 16 | random_float(16, 10));
    if (kind == 'd' && k % 2 == 0) put_u64(words + k, random_float(64, 52));
  }
}

#ifdef _OPENMP
#include <omp.h>

// Prints the first word in which the device's outputs are not the host's. The device is not to be the host itself.
static int differs(const struct Entry* entry, u32 items, const u32* in, const u32* want) {
  u32* got = calloc(items, 4 * kOutputs);
#pragma omp target data map(to : in[0 : items * kInputs]) map(tofrom : got[0 : items * kOutputs]) \
    use_device_ptr(in, got)
  entry->region(items, in, got);
  u32 at = 0;
  while (at < items * kOutputs && got[at] == want[at]) ++at;
  const int different = at < items * kOutputs;
  if (different) {
    printf("%s: item %u, output %u: %x, the host has %x; inputs", entry->name, at / kOutputs, at % kOutputs, got[at],
           want[at]);
    for (u32 k = 0; k < kInputs; ++k) printf(" %x", in[at / kOutputs * kInputs + k]);
    puts("");
  }
  free(got);
  return different;
}

int main(int argc, char** argv) {
  if (argc != 3) return fprintf(stderr, "usage: host SEED GROUPS\n"), 2;
  state = strtoull(argv[1], 0, 0);
  const u32 items = kGroup * (u32)strtoul(argv[2], 0, 0);
  int initial = 1, different = 0, count = 0;
#pragma omp target map(from : initial)
  initial = omp_is_initial_device();
  if (initial) return fprintf(stderr, "there is no device\n"), 1;
  u32* in = calloc(items, 4 * kInputs);
  for (const struct Entry* entry = __start_entries; entry != __stop_entries; ++entry, ++count) {
    u32* out = calloc(items, 4 * kOutputs);
    fill(in, items * kInputs, entry->kind);
    for (u32 i = 0; i < items; ++i) entry->body(in + kInputs * i, out + kOutputs * i);
    different += differs(entry, items, in, out);
    free(out);
  }
  free(in);
  printf("%d kernels\n", count);
  return different != 0;
}
#else

static FILE* opened(const char* folder, const char* name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE* file = fopen(path, "wb");
  if (!file) perror(path), exit(1);
  return file;
}

int main(int argc, char** argv) {
  if (argc != 4) return fprintf(stderr, "usage: host SEED GROUPS FOLDER\n"), 2;
  state = strtoull(argv[1], 0, 0);
  const u32 items = kGroup * (u32)strtoul(argv[2], 0, 0);
  FILE *inputs = opened(argv[3], "inputs"), *outputs = opened(argv[3], "outputs");
  u32* in = calloc(items, 4 * kInputs);
  for (const struct Entry* entry = __start_entries; entry != __stop_entries; ++entry) {
    u32* out = calloc(items, 4 * kOutputs);
    fill(in, items * kInputs, entry->kind);
    for (u32 i = 0; i < items; i += entry->stride) entry->body(in + kInputs * i, out + kOutputs * i);
    if (fwrite(in, 4 * kInputs, items, inputs) != items || fwrite(out, 4 * kOutputs, items, outputs) != items) return 1;
    free(out);
    puts(entry->name);
  }
  free(in);
  return fclose(inputs) | fclose(outputs);
}
#endif
