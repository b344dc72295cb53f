// Finds and opens the HSA runtime, over the hardware's driver or over the software GPU.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "entry_points.h"
#include "library.h"
#include "software_gpu.h"

namespace gcn::hsa {

struct OpenRequest {
  struct Thunk {
    std::string library;
    std::string config;
  };
  // Tried in order: paths, or names for the loader.
  std::vector<std::string> libraries;
  std::optional<Thunk> thunk;
};

// Members are closed in reverse order: the runtime before the thunk that it is bound to.
struct LoadedRuntime {
  SoftwareGpu software;
  Library library;
  EntryPoints entries;
  // What was asked for, and the file it is.
  std::string name;
  std::string file;

  // Throws OpenError.
  static LoadedRuntime Load(const OpenRequest& request);

  // Throws OpenError ERR_HSA_ALREADY_OPEN where the request asks for something else than what is loaded.
  void RequireAgreement(const OpenRequest& request) const;

  void Pin();
};

}  // namespace gcn::hsa
