// Reading memory of this process that may be gone: what the loader's lists and the bytes of code objects lie in belongs
// to others, who may free it meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>

namespace softgpu {

// False where not all of the bytes can be read.
bool readProcess(uint64_t address, void* to, size_t bytes);

template <class T>
bool readProcess(uint64_t address, T& value) {
  return readProcess(address, &value, sizeof value);
}

}  // namespace softgpu
