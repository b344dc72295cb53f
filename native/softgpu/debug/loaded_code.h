// Names for addresses of loaded code: the kernel, the function, the source line.
//
// ROCr keeps the list of its loaded code objects for debuggers and shows it to the driver (hsaKmtRuntimeEnable): a
// r_debug, as the system's dynamic linker has one (<link.h>), of which l_addr is what to subtract from an address and
// l_name the URI of the object's bytes. The list is read as a debugger would, with no lock of ROCr's: a fault may be
// told while the thread that holds one waits for this GPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "debug/line_table.h"

namespace softgpu {

// The loader's r_debug. It need not stay.
void setLoaderState(const void* state);

struct CodePlace {
  std::string function;
  uint64_t offset = 0;  // bytes from the function's beginning
  std::optional<SourceLine> source;
};

// Names are empty where no loaded object that can still be read has them. Call inside a ReadSection.
std::string kernelNameOf(uint64_t kernelObject, unsigned agent);
CodePlace placeOf(uint64_t pc, unsigned agent);

}  // namespace softgpu
