// An HSA runtime for HSA_RUNTIME_LIB: the real one, but small device memory comes from one range and is never given out twice, and it is
// zero. So whatever a program reads of new or of freed memory is the same in every run, and a stale pointer never meets something new.
// The range is host memory that the GPU uses, too, for copies are the most that a sequence of mappings does.
//
// libgomp's plugin asks for each function by name; what is not here it finds in the real runtime, which this library is linked with.
#include <dlfcn.h>
#include <hsa/hsa.h>
#include <stddef.h>
#include <string.h>

enum { kArenaBytes = 24 << 20, kMostBlock = 32 << 10, kAlignment = 256, kMostBlocks = kArenaBytes / kAlignment };

char* arenaBegin;
char* arenaNext;
char* arenaEnd;
// Bytes of each block that lives, at its place.
static unsigned sizes[kMostBlocks];
// Copies that touched memory of the range outside of living blocks, ever.
unsigned long arenaStrayCopies;

#define REAL(name) static __typeof__(name)* real_##name
REAL(hsa_memory_allocate);
REAL(hsa_memory_free);
REAL(hsa_memory_copy);
REAL(hsa_memory_assign_agent);

__attribute__((constructor)) static void findReal(void) {
#define FIND(name) *(void**)&real_##name = dlsym(RTLD_NEXT, #name)
  FIND(hsa_memory_allocate);
  FIND(hsa_memory_free);
  FIND(hsa_memory_copy);
  FIND(hsa_memory_assign_agent);
}

static int inArena(const void* at) { return arenaBegin && (const char*)at >= arenaBegin && (const char*)at < arenaEnd; }

// Lower halves of addresses are not to look like the test's data (probe.c).
static int looksLikeData(const void* at) {
  const unsigned top = (unsigned)((size_t)at >> 24 & 0xff);
  return top == 0xa5 || top == 0x5a || top == 0;
}

static hsa_status_t hostRegion(hsa_region_t region, void* found) {
  uint32_t flags = 0;
  hsa_region_segment_t segment = HSA_REGION_SEGMENT_GROUP;
  hsa_region_get_info(region, HSA_REGION_INFO_SEGMENT, &segment);
  hsa_region_get_info(region, HSA_REGION_INFO_GLOBAL_FLAGS, &flags);
  if (segment != HSA_REGION_SEGMENT_GLOBAL || (flags & HSA_REGION_GLOBAL_FLAG_FINE_GRAINED) == 0) return HSA_STATUS_SUCCESS;
  *(hsa_region_t*)found = region;
  return HSA_STATUS_INFO_BREAK;
}

static hsa_status_t hostAgent(hsa_agent_t agent, void* found) {
  hsa_device_type_t type = HSA_DEVICE_TYPE_GPU;
  hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type);
  return type == HSA_DEVICE_TYPE_CPU ? hsa_agent_iterate_regions(agent, hostRegion, found) : HSA_STATUS_SUCCESS;
}

static int isData(hsa_region_t region) {
  uint32_t flags = 0;
  hsa_region_segment_t segment = HSA_REGION_SEGMENT_GLOBAL;
  hsa_region_get_info(region, HSA_REGION_INFO_SEGMENT, &segment);
  hsa_region_get_info(region, HSA_REGION_INFO_GLOBAL_FLAGS, &flags);
  return segment == HSA_REGION_SEGMENT_GLOBAL && (flags & HSA_REGION_GLOBAL_FLAG_COARSE_GRAINED) != 0;
}

hsa_status_t hsa_memory_allocate(hsa_region_t region, size_t size, void** address) {
  if (size > kMostBlock || !isData(region)) return real_hsa_memory_allocate(region, size, address);
  if (!arenaBegin) {
    hsa_region_t memory = {0};
    void* arena;
    hsa_iterate_agents(hostAgent, &memory);
    // One that is unsuitable is kept, or it would be given out again.
    do {
      const hsa_status_t status = real_hsa_memory_allocate(memory, kArenaBytes, &arena);
      if (status != HSA_STATUS_SUCCESS) return status;
    } while (looksLikeData(arena) || looksLikeData((char*)arena + kArenaBytes));
    memset(arena, 0, kArenaBytes);
    arenaBegin = arenaNext = arena;
    arenaEnd = arenaBegin + kArenaBytes;
  }
  const size_t bytes = (size + kAlignment - 1) / kAlignment * kAlignment;
  if ((size_t)(arenaEnd - arenaNext) < bytes) return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  *address = arenaNext;
  sizes[(arenaNext - arenaBegin) / kAlignment] = (unsigned)size;
  arenaNext += bytes;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_memory_free(void* memory) {
  if (!inArena(memory)) return real_hsa_memory_free(memory);
  unsigned* size = &sizes[((char*)memory - arenaBegin) / kAlignment];
  if (*size == 0) return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  *size = 0;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_memory_assign_agent(void* memory, hsa_agent_t agent, hsa_access_permission_t access) {
  return inArena(memory) ? HSA_STATUS_SUCCESS : real_hsa_memory_assign_agent(memory, agent, access);
}

static int strays(const void* at, size_t size) {
  if (!inArena(at) || size == 0) return 0;
  const char* place = at;
  ptrdiff_t block = (place - arenaBegin) / kAlignment;
  // Blocks are small: the beginning is not far.
  for (ptrdiff_t back = 0; back <= kMostBlock / kAlignment && block >= back; back++) {
    const unsigned bytes = sizes[block - back];
    if (bytes != 0) return place + size > arenaBegin + (block - back) * kAlignment + bytes;
  }
  return 1;
}

hsa_status_t hsa_memory_copy(void* to, const void* from, size_t size) {
  if (strays(to, size) || strays(from, size)) arenaStrayCopies++;
  if (!inArena(to) && !inArena(from)) return real_hsa_memory_copy(to, from, size);
  memmove(to, from, size);
  return HSA_STATUS_SUCCESS;
}
