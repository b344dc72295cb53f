// The module: what lib/hsa/native.ts declares, a file for each of HSA's concepts.
#include <napi.h>

#include "agent.h"
#include "code_object_reader.h"
#include "environment.h"
#include "executable.h"
#include "foreign_plugin.h"
#include "host_memory.h"
#include "host_program.h"
#include "libgomp.h"
#include "memory.h"
#include "pool.h"
#include "queue.h"
#include "region.h"
#include "runtime.h"
#include "signal.h"
#include "software_gpu.h"
#include "stats.h"
#include "system_event.h"

namespace gcn::addon {
namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  Environment& environment = Environment::Create(env);
  DefineRuntime(environment, exports);
  DefineSoftwareGpu(environment, exports);
  DefineSystemEvents(environment, exports);
  DefineStats(environment, exports);
  DefineAgents(environment, exports);
  DefineRegions(environment);
  DefinePools(environment);
  DefineHostMemory(environment, exports);
  DefineHostPrograms(environment, exports);
  DefineMemory(environment, exports);
  DefineSignals(environment, exports);
  DefineQueues(environment, exports);
  DefineCodeObjectReaders(environment, exports);
  DefineExecutables(environment, exports);
  DefineForeignPlugins(environment, exports);
  DefineLibgomps(environment, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Initialize)

}  // namespace gcn::addon
