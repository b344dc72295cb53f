// The runtime's functions, looked up by name: nothing here is linked, so that `import` works on a machine with no HSA
// runtime.
#pragma once

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

#include <string>
#include <vector>

#include "library.h"

namespace gcn::hsa {

struct EntryPoints {
#define ENTRY(name) decltype(&::name) name = nullptr;
#define OPTIONAL(name) ENTRY(name)
#include "entry_points.def"
#undef OPTIONAL
#undef ENTRY

  // Fills the table; answers the names of required functions that the library lacks.
  std::vector<std::string> Load(const Library& library);
};

}  // namespace gcn::hsa
