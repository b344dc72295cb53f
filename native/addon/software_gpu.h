// What the software GPU says of itself.
#pragma once

#include <napi.h>

namespace gcn::addon {

class Environment;

void DefineSoftwareGpu(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
