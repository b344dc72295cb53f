// A libgomp of the tests' own, with the functions and the names of the release that FAMILY says, which writes down how images are registered
// with it. It has no device: target regions run on the host. -DWITHOUT_TARGET leaves GOMP_target_ext out.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// What tells the releases apart: names that they look for in plugins.
const char* const looksFor[] = {
    "GOMP_OFFLOAD_version",
#if FAMILY >= 13
    "GOMP_PLUGIN_target_rev",
#endif
#if FAMILY >= 14
    "GOMP_OFFLOAD_memcpy2d",
#endif
#if FAMILY >= 16
    "GOMP_OFFLOAD_memset",
#endif
#if FAMILY >= 17
    "GOMP_OFFLOAD_session_size",
#endif
};

typedef struct {
  uint64_t bytes;
  const uint8_t* address;
} Image;
typedef struct {
  const char* name;
  int32_t dimensions[3], scalarRegisters, vectorRegisters;
} Kernel;
typedef struct {
  const void* address;
  uint64_t size;
} Variable;

static void record(const char* what, unsigned version, void* const* host, int target, const void* data) {
  FILE* file = fopen(getenv("RECORD"), "a");
  if (!file) abort();
  const unsigned library = version >> 16;
  const uint64_t* words = data;
  fprintf(file, "%s %x for %d:", what, version, target);
  if (library >= 2) fprintf(file, " requires %lu,", *words++);
  const Image* image = (const Image*)words[0];
  const uint32_t kernels = *(const uint32_t*)&words[1];
  const Kernel* kernel = (const Kernel*)words[2];
  const uint32_t* counts = (const uint32_t*)&words[3];
  fprintf(file, " %lu bytes of %.3s,", image->bytes, (const char*)image->address + 1);
  for (uint32_t i = 0; i < kernels; i++) fprintf(file, " %s", kernel[i].name);
  if (library >= 3) fprintf(file, ", indirect %u", *counts++);
  fprintf(file, ", variables %u\nhost: functions %ld, variables", *counts, (void**)host[1] - (void**)host[0]);
  for (const Variable* each = host[2]; each != host[3]; each++)
    fprintf(file, " %lu%s", each->size << 1 >> 1, each->size >> 63 ? " linked" : "");
  if (library >= 3) fprintf(file, ", indirect %ld", (void**)host[5] - (void**)host[4]);
  fprintf(file, "\n");
  fclose(file);
}

void GOMP_offload_register_ver(unsigned version, void* const* host, int target, const void* data) {
  record("register", version, host, target, data);
}
void GOMP_offload_unregister_ver(unsigned version, void* const* host, int target, const void* data) {
  record("unregister", version, host, target, data);
}

#ifndef WITHOUT_TARGET
void GOMP_target_ext(int device, void (*function)(void*), size_t count, void** addresses, size_t* sizes,
                     unsigned short* kinds, unsigned flags, void** depend, void** arguments) {
  (void)device, (void)count, (void)sizes, (void)kinds, (void)flags, (void)depend, (void)arguments;
  function(addresses);
}
#endif
void GOMP_target_data_ext(void) {}
void GOMP_target_end_data(void) {}
void GOMP_target_enter_exit_data(void) {}
void GOMP_target_update_ext(void) {}
void GOMP_taskwait(void) {}
int omp_get_num_devices(void) { return 0; }
int omp_get_default_device(void) { return 0; }
#if FAMILY >= 15
const char* omp_get_uid_from_device(int device) { return device < 0 ? "OMP_INITIAL_DEVICE" : 0; }
#endif
