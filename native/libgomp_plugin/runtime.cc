#include "runtime.h"

#include <dlfcn.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace gcn::libgomp {
namespace {

void Say(const char* format, va_list values) {
  std::fputs("libgomp-plugin-gcn: ", stderr);
  std::vfprintf(stderr, format, values);
  std::fputs("\n", stderr);
}

void Error(const char* format, ...) {
  va_list values;
  va_start(values, format);
  Say(format, values);
  va_end(values);
}

void Fatal(const char* format, ...) {
  va_list values;
  va_start(values, format);
  Say(format, values);
  va_end(values);
  std::exit(EXIT_FAILURE);
}

Runtime runtime{.malloc = std::malloc, .error = Error, .fatal = Fatal};

template <typename Function>
void Find(void* library, const char* name, Function& function) {
  if (void* const found = dlsym(library, name)) function = reinterpret_cast<Function>(found);
}

}  // namespace

void FindRuntime(const void* caller) {
  Dl_info info{};
  if (dladdr(caller, &info) == 0 || info.dli_fname == nullptr) return;
  void* const library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return;
  Find(library, "GOMP_PLUGIN_malloc", runtime.malloc);
  Find(library, "GOMP_PLUGIN_error", runtime.error);
  Find(library, "GOMP_PLUGIN_fatal", runtime.fatal);
  Find(library, "GOMP_PLUGIN_target_task_completion", runtime.target_task_completion);
  Find(library, "GOMP_PLUGIN_goacc_thread", runtime.goacc_thread);
  Find(library, "GOMP_PLUGIN_goacc_profiling_dispatch", runtime.goacc_profiling_dispatch);
  // It stays as long as it calls, and has no need of this handle for that.
  dlclose(library);
}

const Runtime& TheRuntime() {
  return runtime;
}

}  // namespace gcn::libgomp
