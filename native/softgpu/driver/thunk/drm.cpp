// What ROCr 5.6 to 6.2 asks of libdrm_amdgpu with the device handle that the thunk gave it. Exported from here these
// names win over libdrm's own: ROCr names the thunk first among the libraries that it needs.
#include <dlfcn.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "driver/thunk/thunk.h"

using softgpu::withNode;

namespace {

// The head of libdrm's amdgpu_gpu_info, up to the one field that ROCr reads.
struct GpuInfoHead {
  uint32_t asicId, chipRevision, chipExternalRevision, familyId;
  uint64_t flags, maxEngineClock, maxMemoryClock;
  uint32_t shaderEngines, shaderArraysPerEngine, availableQuadPipes, maxQuadPipes, cacheEntriesPerQuadPipe;
  uint32_t graphicsContexts, renderBackends, renderBackendMask;
  uint32_t counterKiloHertz;
};

// The software GPU's devices: nobody looks inside.
char ours;

// A call about somebody else's device, such as Mesa's, goes where it would have gone.
template <typename... Arguments>
int forward(const char* name, Arguments... arguments) {
  const auto next = reinterpret_cast<int (*)(Arguments...)>(dlsym(RTLD_NEXT, name));
  return next ? next(arguments...) : -ENOTSUP;
}

}  // namespace

HSAKMT_STATUS hsaKmtGetAMDGPUDeviceHandle(HSAuint32 node, void** handle) {
  if (!handle) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](softgpu::Driver&) {
    *handle = &ours;
    return HSAKMT_STATUS_SUCCESS;
  });
}

#define SOFTGPU_EXPORT extern "C" __attribute__((visibility("default")))

SOFTGPU_EXPORT int amdgpu_query_gpu_info(void* device, void* info) {
  if (device != &ours) return forward("amdgpu_query_gpu_info", device, info);
  GpuInfoHead head{};
  head.counterKiloHertz = softgpu::kGpuTicksPerSecond / 1000;
  std::memcpy(info, &head, sizeof head);
  return 0;
}

// Buffer objects stand behind memory that processes share, which the thunk refuses as well: there are none of ours.
SOFTGPU_EXPORT int amdgpu_bo_import(void* device, int type, uint32_t handle, void* result) {
  return device == &ours ? -ENOTSUP : forward("amdgpu_bo_import", device, type, handle, result);
}

SOFTGPU_EXPORT int amdgpu_device_get_fd(void* device) {
  return device == &ours ? -1 : forward("amdgpu_device_get_fd", device);
}
