#include "loader.h"

#include <algorithm>
#include <utility>

#include "error.h"

namespace gcn::hsa {
namespace {

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Library OpenFirst(const std::vector<std::string>& names, std::string& opened) {
  OpenError failure("ERR_HSA_LIBRARY_NOT_FOUND", "");
  std::string reasons;
  for (const std::string& name : names) {
    try {
      Library library = Library::Open(name);
      opened = name;
      return library;
    } catch (const std::runtime_error& error) {
      failure.tried.push_back({name, error.what()});
      reasons += "\n  " + name + ": " + error.what();
    }
  }
  OpenError described(
      "ERR_HSA_LIBRARY_NOT_FOUND",
      "No HSA runtime (libhsa-runtime64.so.1) could be opened. Install ROCm, or Debian's libhsa-runtime64-1, or name "
      "the library in HSA_RUNTIME_LIB. Tried:" +
          (reasons.empty() ? std::string(" nothing") : reasons));
  described.tried = std::move(failure.tried);
  throw described;
}

}  // namespace

LoadedRuntime LoadedRuntime::Load(const OpenRequest& request) {
  LoadedRuntime loaded;
  if (request.thunk) loaded.software = SoftwareGpu::Open(request.thunk->library, request.thunk->config);

  loaded.library = OpenFirst(request.libraries, loaded.name);
  std::vector<std::string> missing = loaded.entries.Load(loaded.library);
  if (!missing.empty()) {
    OpenError failure("ERR_HSA_VERSION",
                      loaded.name + " is not an HSA runtime that this package can use (ROCm 5.0 or later): it lacks " +
                          Join(missing));
    failure.missing = std::move(missing);
    throw failure;
  }
  loaded.file = Library::FileOf(reinterpret_cast<const void*>(loaded.entries.hsa_init));

  if (loaded.software) {
    // ROCr 6.3 and 6.4 carry the thunk inside: they would drive the hardware, or fail, with the software GPU unused
    // beside them.
    const std::string bound = Library::FileOf(loaded.library.Symbol("hsaKmtOpenKFD"));
    if (bound != loaded.software.file()) {
      throw OpenError("ERR_HSA_VERSION", loaded.file + " does not take its thunk from libhsakmt.so.1 (" +
                                             (bound.empty() ? "it is linked in" : "it uses " + bound) +
                                             "), so that the software GPU cannot run beneath it. ROCm 5.0 to 6.2 can.");
    }
  }
  return loaded;
}

void LoadedRuntime::RequireAgreement(const OpenRequest& request) const {
  const auto contradiction = [](const std::string& what) {
    throw OpenError("ERR_HSA_ALREADY_OPEN",
                    "HSA is one per process, and this process has opened it otherwise: " + what);
  };
  if (request.thunk.has_value() != static_cast<bool>(software)) {
    contradiction(software ? "over the software GPU (" + software.config() + ")" : "over the hardware (" + file + ")");
  }
  if (request.thunk && request.thunk->config != software.config()) {
    contradiction("the software GPU is \"" + software.config() + "\", not \"" + request.thunk->config + "\"");
  }
  const bool named =
      std::any_of(request.libraries.begin(), request.libraries.end(), [this](const std::string& candidate) {
        if (candidate == name || candidate == file) return true;
        const Library library = Library::Loaded(candidate);
        return library && Library::FileOf(library.Symbol("hsa_init")) == file;
      });
  if (!named) contradiction("the runtime is " + file + ", not " + Join(request.libraries));
}

void LoadedRuntime::Pin() {
  library.Pin();
  if (software) software.Pin();
}

}  // namespace gcn::hsa
