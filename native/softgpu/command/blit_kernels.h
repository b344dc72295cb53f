// ROCr's own kernels for hsa_memory_copy and hsa_amd_memory_fill, recognised by their code and done without waves.
#pragma once

#include <optional>

#include "command/transfer.h"
#include "wave/dispatch.h"

namespace softgpu {

// What `launch` would copy or fill, where its code is one of ROCr's blit kernels, its arguments are as ROCr writes
// them, and GCN_SOFTGPU_NATIVE_BLITS is not 0. Inside a ReadSection.
std::optional<Transfer> recogniseBlit(const Launch& launch);

}  // namespace softgpu
