#include "status.h"

#include <cstdio>
#include <iterator>

namespace gcn::hsa {
namespace {

struct Name {
  int status;
  const char* name;
};

// HSA 1.2, 2.2.1 (hsa_status_t), and hsa_ext_amd.h from 40 on.
constexpr Name kNames[] = {
    {0x0, "SUCCESS"},
    {0x1, "INFO_BREAK"},
    {40, "INVALID_MEMORY_POOL"},
    {41, "MEMORY_APERTURE_VIOLATION"},
    {42, "ILLEGAL_INSTRUCTION"},
    {43, "MEMORY_FAULT"},
    {44, "CU_MASK_REDUCED"},
    {45, "OUT_OF_REGISTERS"},
    {0x1000, "ERROR"},
    {0x1001, "INVALID_ARGUMENT"},
    {0x1002, "INVALID_QUEUE_CREATION"},
    {0x1003, "INVALID_ALLOCATION"},
    {0x1004, "INVALID_AGENT"},
    {0x1005, "INVALID_REGION"},
    {0x1006, "INVALID_SIGNAL"},
    {0x1007, "INVALID_QUEUE"},
    {0x1008, "OUT_OF_RESOURCES"},
    {0x1009, "INVALID_PACKET_FORMAT"},
    {0x100A, "RESOURCE_FREE"},
    {0x100B, "NOT_INITIALIZED"},
    {0x100C, "REFCOUNT_OVERFLOW"},
    {0x100D, "INCOMPATIBLE_ARGUMENTS"},
    {0x100E, "INVALID_INDEX"},
    {0x100F, "INVALID_ISA"},
    {0x1010, "INVALID_CODE_OBJECT"},
    {0x1011, "INVALID_EXECUTABLE"},
    {0x1012, "FROZEN_EXECUTABLE"},
    {0x1013, "INVALID_SYMBOL_NAME"},
    {0x1014, "VARIABLE_ALREADY_DEFINED"},
    {0x1015, "VARIABLE_UNDEFINED"},
    {0x1016, "EXCEPTION"},
    {0x1017, "INVALID_ISA_NAME"},
    {0x1018, "INVALID_CODE_SYMBOL"},
    {0x1019, "INVALID_EXECUTABLE_SYMBOL"},
    {0x1020, "INVALID_FILE"},
    {0x1021, "INVALID_CODE_OBJECT_READER"},
    {0x1022, "INVALID_CACHE"},
    {0x1023, "INVALID_WAVEFRONT"},
    {0x1024, "INVALID_SIGNAL_GROUP"},
    {0x1025, "INVALID_RUNTIME_STATE"},
    {0x1026, "FATAL"},
};

}  // namespace

std::string StatusName(hsa_status_t status) {
  for (const Name& entry : kNames) {
    if (entry.status == static_cast<int>(status)) return entry.name;
  }
  char text[32];
  std::snprintf(text, std::size(text), "STATUS_0x%X", static_cast<unsigned>(status));
  return text;
}

std::string StatusCode(hsa_status_t status) {
  return "ERR_HSA_" + StatusName(status);
}

}  // namespace gcn::hsa
