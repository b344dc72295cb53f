// The few PM4 packets that reach an AQL queue: ROCr invalidates code caches with them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softgpu {

// Runs a sequence of type-3 packets. False where one is truncated, names memory that `agent` may not read, or does what
// a packet processor without registers and counters cannot do. Inside a ReadSection.
bool runPm4(const uint32_t* words, size_t count, unsigned agent);

}  // namespace softgpu
