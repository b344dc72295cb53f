#include "driver/host.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace softgpu {
namespace {

// "max" and anything else that is no number: no limit.
uint64_t limitIn(const char* file) {
  std::ifstream stream(file);
  uint64_t bytes = 0;
  return stream >> bytes && bytes != 0 ? bytes : UINT64_MAX;
}

uint32_t cacheBytes(int name, uint32_t otherwise) {
  long bytes = sysconf(name);
  return bytes > 0 ? static_cast<uint32_t>(bytes) : otherwise;
}

// The first value of `key` in /proc/cpuinfo.
std::string processorField(const std::string& key) {
  std::ifstream stream("/proc/cpuinfo");
  std::string line;
  while (std::getline(stream, line)) {
    if (!line.starts_with(key)) continue;
    auto colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

}  // namespace

HostFacts readHostFacts() {
  HostFacts host;
  host.processors = static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  host.memoryBytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  host.memoryBytes = std::min(
      {host.memoryBytes, limitIn("/sys/fs/cgroup/memory.max"), limitIn("/sys/fs/cgroup/memory/memory.limit_in_bytes")});
  host.processorName = processorField("model name");
  if (host.processorName.empty()) host.processorName = "x86-64";
  double mhz = std::atof(processorField("cpu MHz").c_str());
  if (mhz >= 1) host.maxMhz = static_cast<uint32_t>(mhz);
  host.l1Bytes = cacheBytes(_SC_LEVEL1_DCACHE_SIZE, host.l1Bytes);
  host.l2Bytes = cacheBytes(_SC_LEVEL2_CACHE_SIZE, host.l2Bytes);
  host.l3Bytes = cacheBytes(_SC_LEVEL3_CACHE_SIZE, host.l3Bytes);
  return host;
}

}  // namespace softgpu
