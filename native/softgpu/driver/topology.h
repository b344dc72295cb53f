// The nodes that ROCr enumerates: node 0 is the host, node i + 1 is software GPU i.
#pragma once

#include <hsakmttypes.h>

#include <optional>
#include <vector>

#include "driver/configuration.h"
#include "driver/host.h"
#include "wave/dispatch.h"

namespace softgpu {

class Topology {
 public:
  Topology(const Configuration& configuration, const HostFacts& host);

  static constexpr uint32_t kHostNode = 0;
  uint32_t nodeCount() const { return 1 + gpuCount(); }
  uint32_t gpuCount() const { return static_cast<uint32_t>(agents_.size()); }
  const AgentModel& agent(uint32_t gpu) const { return agents_[gpu]; }
  static uint32_t nodeOf(uint32_t gpu) { return gpu + 1; }
  std::optional<uint32_t> gpuOfNode(uint32_t node) const;
  const std::vector<uint32_t>& gpuNodes() const { return gpuNodes_; }
  uint64_t memoryBytesOfNode(uint32_t node) const;

  HsaNodeProperties properties(uint32_t node) const;
  std::vector<HsaMemoryProperties> memoryBanks(uint32_t node) const;
  std::vector<HsaCacheProperties> caches(uint32_t node) const;
  std::vector<HsaIoLinkProperties> links(uint32_t node) const;

 private:
  HostFacts host_;
  uint64_t vramBytes_ = 0;
  std::vector<AgentModel> agents_;
  std::vector<uint32_t> gpuNodes_;
};

}  // namespace softgpu
