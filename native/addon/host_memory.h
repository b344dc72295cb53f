// The host's own memory: where JavaScript's bytes lie, and bytes that lie somewhere else.
#pragma once

#include <napi.h>

namespace gcn::addon {

class Environment;

void DefineHostMemory(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
