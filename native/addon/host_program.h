// Programs that are shared objects with an entry point, run in this process under the real libgomp, whose GCN plugin
// JavaScript answers for: native/libgomp_plugin.
#pragma once

#include <napi.h>

namespace gcn::addon {

class Environment;

void DefineHostPrograms(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
