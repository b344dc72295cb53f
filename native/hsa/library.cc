#include "library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <stdexcept>

namespace gcn::hsa {

void Library::Close::operator()(void* handle) const {
  if (!pinned) dlclose(handle);
}

Library Library::Open(const std::string& name) {
  Library library;
  library.handle_.reset(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char* reason = dlerror();
    throw std::runtime_error(reason != nullptr ? reason : "dlopen failed");
  }
  return library;
}

Library Library::Loaded(const std::string& name) {
  Library library;
  library.handle_.reset(dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD));
  if (!library) dlerror();  // forget the message: this is an answer, not a failure
  return library;
}

void* Library::Symbol(const char* name) const {
  void* symbol = dlsym(handle_.get(), name);
  if (symbol == nullptr) dlerror();
  return symbol;
}

std::string Library::FileOf(const void* address) {
  Dl_info info{};
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(info.dli_fname, nullptr), &std::free);
  return resolved ? resolved.get() : info.dli_fname;
}

}  // namespace gcn::hsa
