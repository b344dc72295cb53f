// Opening and closing the runtime for an env, and what it says of the system.
#pragma once

#include <napi.h>

namespace gcn::addon {

class Environment;

void DefineRuntime(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
