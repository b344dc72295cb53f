#include "libgomp_library.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdlib>
#include <memory>
#include <type_traits>
#include <utility>

namespace gcn::addon {
namespace {

constexpr char kSoname[] = "libgomp.so.1";

template <typename T>
T FromWord(uint64_t word) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<T>(word);
  else
    return static_cast<T>(word);
}

template <typename R, typename... A>
uint64_t Invoke(void* function, [[maybe_unused]] const uint64_t* words) {
  const auto typed = reinterpret_cast<R (*)(A...)>(function);
  return [&]<size_t... I>(std::index_sequence<I...>) -> uint64_t {
    if constexpr (std::is_void_v<R>) {
      typed(FromWord<A>(words[I])...);
      return 0;
    } else if constexpr (std::is_pointer_v<R>) {
      return reinterpret_cast<uint64_t>(typed(FromWord<A>(words[I])...));
    } else {
      return static_cast<uint64_t>(typed(FromWord<A>(words[I])...));
    }
  }(std::index_sequence_for<A...>{});
}

template <typename R, typename... A>
LibgompLibrary::Function Typed(void* address) {
  return {sizeof...(A), Invoke<R, A...>, address};
}

std::string Real(const char* path) {
  const std::unique_ptr<char, decltype(&std::free)> resolved(realpath(path, nullptr), &std::free);
  return resolved ? resolved.get() : path;
}

std::string FileOf(void* library) {
  link_map* map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map->l_name != nullptr ? Real(map->l_name) : "";
}

}  // namespace

LibgompLibrary::LibgompLibrary(const std::string& name) {
  void* const before = dlopen(kSoname, RTLD_LAZY | RTLD_NOLOAD);
  const std::string there = before == nullptr ? "" : FileOf(before);
  if (!there.empty() && name != kSoname && Real(name.c_str()) != there)
    throw LibgompError("this process has a libgomp already, " + there + ": it cannot have " + name + " beside it");
  // Its plugins and other libraries that need it find it by its name.
  void* const library = dlopen(name.c_str(), RTLD_LAZY | RTLD_GLOBAL | RTLD_NODELETE);
  if (library == nullptr) {
    const char* const why = dlerror();
    throw LibgompError(why != nullptr ? why : "the loader does not say why");
  }
  file_ = FileOf(library);
#define GCN_LIBGOMP(name, ...) \
  if (void* const address = dlsym(library, #name)) functions_.emplace(#name, Typed<__VA_ARGS__>(address));
#include "libgomp_entry_points.def"
#undef GCN_LIBGOMP
}

const LibgompLibrary::Function* LibgompLibrary::Find(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : &found->second;
}

}  // namespace gcn::addon
