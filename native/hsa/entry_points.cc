#include "entry_points.h"

namespace gcn::hsa {
namespace {

template <typename Function>
bool Find(const Library& library, const char* name, Function& slot) {
  slot = reinterpret_cast<Function>(library.Symbol(name));
  return slot != nullptr;
}

}  // namespace

std::vector<std::string> EntryPoints::Load(const Library& library) {
  std::vector<std::string> missing;
#define ENTRY(name) \
  if (!Find(library, #name, name)) missing.emplace_back(#name);
#define OPTIONAL(name) Find(library, #name, name);
#include "entry_points.def"
#undef OPTIONAL
#undef ENTRY
  return missing;
}

}  // namespace gcn::hsa
