// Names of hsa_status_t values, core and AMD.
#pragma once

#include <hsa/hsa.h>

#include <string>

namespace gcn::hsa {

// "OUT_OF_RESOURCES" for 0x1008; "STATUS_0x1234" for a number without a name here.
std::string StatusName(hsa_status_t status);

// The code of the JavaScript error: "ERR_HSA_OUT_OF_RESOURCES".
std::string StatusCode(hsa_status_t status);

}  // namespace gcn::hsa
