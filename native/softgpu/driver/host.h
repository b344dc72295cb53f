// Facts about the machine that the software GPU runs on.
#pragma once

#include <cstdint>
#include <string>

namespace softgpu {

struct HostFacts {
  std::string processorName;
  uint32_t processors = 1;
  uint64_t memoryBytes =
      0;  // what this process may use: the machine's memory, or its control group's limit where lower
  uint32_t l1Bytes = 32768, l2Bytes = 1 << 20, l3Bytes = 8 << 20;
  uint32_t maxMhz = 2000;
};

HostFacts readHostFacts();

}  // namespace softgpu
