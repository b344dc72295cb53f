// What HSA does with memory that need not be a handle: copy, fill, register, lock, and what it knows of an address.
#pragma once

#include <napi.h>

namespace gcn::addon {

class Environment;

void DefineMemoryCalls(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
