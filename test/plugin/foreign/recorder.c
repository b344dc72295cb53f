/*
 * A plugin that has exactly the functions of one release of GCC's, runs nothing, and tells what it was called with.
 * FAMILY: 12, 13, 14, 16 or 17, with sessions. OPENACC: with its functions. VERSION: in place of the release's own. A
 * function is left out by giving it another name: -DGOMP_OFFLOAD_run=left_out. Written from libgomp-plugin.h's
 * declarations.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME(name) GOMP_OFFLOAD_##name

static char calls[4096];
const char* recorded(void) {
  return calls;
}
#define TELL(...) snprintf(calls + strlen(calls), sizeof calls - strlen(calls), __VA_ARGS__)

unsigned NAME(version)(void) {
#ifdef VERSION
  return VERSION;
#else
  return FAMILY == 12 ? 1 : FAMILY == 13 ? 2 : FAMILY == 17 ? 4 : 3;
#endif
}
const char* NAME(get_name)(void) {
  return "recorder";
}
unsigned NAME(get_caps)(void) {
#ifdef OPENACC
  return 4 | 8;
#elif defined CAPABILITIES
  return CAPABILITIES;
#else
  return 4;
#endif
}
int NAME(get_type)(void) {
  return 8;
}
int NAME(get_num_devices)(unsigned requirements) {
  return requirements == 0x80 ? 0 : 1;
}
bool NAME(init_device)(int n) {
  return n == 0;
}
/* What was recorded, where it can be seen. */
bool NAME(fini_device)(int n) {
  FILE* file = fopen(getenv("RECORDER_OUTPUT"), "w");
  if (file == NULL) return false;
  fprintf(file, "%sfini %d\n", calls, n);
  return fclose(file) == 0;
}

struct pair {
  uintptr_t start, end;
};
struct info {
  const char* name;
  int32_t dimensions[3], sgprs, vgprs;
};
struct image {
  struct {
    uint64_t size;
    const void* code;
  }* code;
  uint32_t kernels;
  const struct info* infos;
#if FAMILY >= 14
  uint32_t indirect;
#endif
  uint32_t variables;
};

static int load(int n, unsigned version, const struct image* image, struct pair** table) {
  TELL("load %d %x kernels=%u variables=%u", n, version, image->kernels, image->variables);
  for (uint32_t i = 0; i < image->kernels; i++) TELL(" %s", image->infos[i].name);
  TELL(" %.3s\n", (const char*)image->code->code + 1);
  const uint32_t functions = image->kernels - 2;
  struct pair* pairs = *table = calloc(functions + image->variables + 1, sizeof *pairs);
  for (uint32_t i = 0; i < functions; i++) pairs[i].start = (uintptr_t)image->infos[i + 2].name;
  for (uint32_t i = 0; i < image->variables; i++) pairs[functions + i] = (struct pair){0x1000, 0x1008};
  return (int)(functions + image->variables + 1);
}
#if FAMILY == 12
int NAME(load_image)(int n, unsigned v, const void* i, struct pair** t) {
  return load(n, v, i, t);
}
#elif FAMILY == 13
int NAME(load_image)(int n, unsigned v, const void* i, struct pair** t, uint64_t** reverse) {
  TELL("reverse=%d ", reverse != NULL);
  return load(n, v, i, t);
}
#else
int NAME(load_image)(int n, unsigned v, const void* i, struct pair** t, uint64_t** reverse, uint64_t* indirect) {
  TELL("reverse=%d indirect=%d ", reverse != NULL, indirect != NULL);
  return load(n, v, i, t);
}
#endif
bool NAME(unload_image)(int n, unsigned v, const void* i) {
  (void)i;
  TELL("unload %d %x\n", n, v);
  return true;
}
void* NAME(alloc)(int n, size_t bytes) {
  return (void)n, aligned_alloc(256, (bytes + 255) / 256 * 256);
}
bool NAME(free)(int n, void* p) {
  return (void)n, free(p), true;
}
bool NAME(dev2host)(int n, void* to, const void* from, size_t bytes) {
  return (void)n, memcpy(to, from, bytes), true;
}
bool NAME(host2dev)(int n, void* to, const void* from, size_t bytes) {
  return (void)n, TELL("host2dev %zu\n", bytes), memcpy(to, from, bytes), true;
}
bool NAME(dev2dev)(int n, void* to, const void* from, size_t bytes) {
  return (void)n, memcpy(to, from, bytes), true;
}
bool NAME(can_run)(void* fn) {
  return fn != NULL;
}
#if FAMILY >= 14
int NAME(memcpy2d)(void) {
  return 0;
}
#endif
#if FAMILY >= 16
const char* NAME(get_uid)(int n) {
  return (void)n, "uid";
}
bool NAME(memset)(int n, void* p, int value, size_t bytes) {
  return (void)n, TELL("memset %d %zu\n", value, bytes), memset(p, value, bytes), true;
}
#endif

__attribute__((unused)) static void words(void** args) {
  for (; *args != NULL; args++) TELL(" %lx", (unsigned long)*args);
  TELL("\n");
}
#if FAMILY == 17
struct session {
  uint64_t* table;
  uint64_t words;
  int device;
};
size_t NAME(session_size)(void) {
  return sizeof(struct session);
}
void NAME(session_start)(struct session* s, int n) {
  if ((uintptr_t)s % 16 != 0) abort();
  *s = (struct session){NULL, 0, n};
  TELL("start %d\n", n);
}
void* NAME(session_allocate_target_var_table)(struct session* s, size_t bytes) {
  s->words = bytes / 8;
  TELL("allocate %zu\n", bytes);
  return s->table = aligned_alloc(16, (bytes + 15) / 16 * 16);
}
void NAME(session_set_target_var_table)(struct session* s, void* table) {
  s->table = table;
  TELL("set %d\n", table != NULL);
}
void NAME(run)(struct session* s, void* fn, void** args) {
  TELL("run %d %s table=%lx", s->device, (const char*)fn, s->table ? s->table[0] : 0ul);
  words(args);
}
#else
void NAME(run)(int n, void* fn, void* table, void** args) {
  TELL("run %d %s table=%lx", n, (const char*)fn, table ? *(uint64_t*)table : 0ul);
  words(args);
}
#endif

#ifdef OPENACC
struct goacc_asyncqueue {
  int device;
};
static void tell_exec(const char* how, const char* fn, const uint64_t* table, const unsigned* dims) {
  TELL("%s %s %u,%u,%u table=%lx\n", how, fn, dims[0], dims[1], dims[2], table ? table[0] : 0ul);
}
#if FAMILY == 17
void NAME(openacc_exec)(struct session* s, void* fn, size_t n, void** host, unsigned* dims, void* map) {
  (void)n, (void)host, (void)map, tell_exec("exec", fn, s->table, dims);
}
void NAME(openacc_async_exec)(struct session* s, void* fn, size_t n, void** host, unsigned* dims, void* map,
                              struct goacc_asyncqueue* q) {
  (void)n, (void)host, (void)map, (void)q, tell_exec("async", fn, s->table, dims);
}
#else
void NAME(openacc_exec)(void* fn, size_t n, void** host, void** device, unsigned* dims, void* map) {
  (void)host, (void)map;
  TELL("%zu ", n), tell_exec("exec", fn, (uint64_t*)device, dims);
}
void NAME(openacc_async_exec)(void* fn, size_t n, void** host, void** device, unsigned* dims, void* map,
                              struct goacc_asyncqueue* q) {
  (void)host, (void)map, (void)q;
  TELL("%zu ", n), tell_exec("async", fn, (uint64_t*)device, dims);
}
#endif
void* NAME(openacc_create_thread_data)(int n) {
  return (void)n, NULL;
}
void NAME(openacc_destroy_thread_data)(void* data) {
  (void)data;
}
struct goacc_asyncqueue* NAME(openacc_async_construct)(int n) {
  struct goacc_asyncqueue* q = malloc(sizeof *q);
  q->device = n;
  return TELL("construct %d\n", n), q;
}
bool NAME(openacc_async_destruct)(struct goacc_asyncqueue* q) {
  return TELL("destruct\n"), free(q), true;
}
int NAME(openacc_async_test)(struct goacc_asyncqueue* q) {
  return (void)q, 1;
}
bool NAME(openacc_async_synchronize)(struct goacc_asyncqueue* q) {
  return (void)q, TELL("synchronize\n"), true;
}
bool NAME(openacc_async_serialize)(struct goacc_asyncqueue* a, struct goacc_asyncqueue* b) {
  return TELL("serialize %d\n", a != b), true;
}
void NAME(openacc_async_queue_callback)(struct goacc_asyncqueue* q, void (*fn)(void*), void* data) {
  (void)q, fn(data);
}
bool NAME(openacc_async_host2dev)(int n, void* to, const void* from, size_t bytes, struct goacc_asyncqueue* q) {
  return (void)n, (void)q, TELL("queue host2dev %zu\n", bytes), memcpy(to, from, bytes), true;
}
bool NAME(openacc_async_dev2host)(int n, void* to, const void* from, size_t bytes, struct goacc_asyncqueue* q) {
  return (void)n, (void)q, TELL("queue dev2host %zu\n", bytes), memcpy(to, from, bytes), true;
}
union value {
  const char* text;
  size_t number;
};
union value NAME(openacc_get_property)(int n, int property) {
  union value value = {.number = 1024};
  if (property & 0x10000) value.text = property == 0x10001 ? "a recorder" : NULL;
  return (void)n, value;
}
#endif
