// The libgomp that has loaded this plugin, and what a plugin may ask of it. Not linked: the process may have any, and
// it is the one that calls.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace gcn::libgomp {

// The first three are there whoever calls.
struct Runtime {
  void* (*malloc)(size_t bytes);
  void (*error)(const char* format, ...);
  void (*fatal)(const char* format, ...);
  void (*target_task_completion)(void* task) = nullptr;
  // OpenACC's thread, and its profiling (GOMP_PLUGIN_1.3).
  void* (*goacc_thread)() = nullptr;
  void (*goacc_profiling_dispatch)(void* info, void* event, void* api) = nullptr;
};

// Looks for them in the library in which `caller` lies: libgomp calls GOMP_OFFLOAD_version before anything else. Where
// a caller is no libgomp, C's own functions stand for them.
void FindRuntime(const void* caller);
const Runtime& TheRuntime();

}  // namespace gcn::libgomp
