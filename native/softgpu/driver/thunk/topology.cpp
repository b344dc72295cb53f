// Enumeration of nodes and what they have.
#include <algorithm>
#include <vector>

#include "driver/thunk/thunk.h"

using softgpu::Driver;
using softgpu::withDriver;
using softgpu::withNode;

namespace {

// A count that asks for more than there is leaves the rest untouched, one that asks for less gets the first ones.
template <typename T>
HSAKMT_STATUS copyOut(const std::vector<T>& from, uint32_t count, T* to) {
  std::copy_n(from.begin(), std::min<size_t>(count, from.size()), to);
  return HSAKMT_STATUS_SUCCESS;
}

}  // namespace

HSAKMT_STATUS hsaKmtAcquireSystemProperties(HsaSystemProperties* properties) {
  if (!properties) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withDriver([&](Driver& driver) {
    *properties = {};
    properties->NumNodes = driver.topology.nodeCount();
    return HSAKMT_STATUS_SUCCESS;
  });
}

HSAKMT_STATUS hsaKmtReleaseSystemProperties() {
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS hsaKmtGetNodeProperties(HSAuint32 node, HsaNodeProperties* properties) {
  if (!properties) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver& driver) {
    *properties = driver.topology.properties(node);
    return HSAKMT_STATUS_SUCCESS;
  });
}

HSAKMT_STATUS hsaKmtGetNodeMemoryProperties(HSAuint32 node, HSAuint32 count, HsaMemoryProperties* banks) {
  if (!banks) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver& driver) { return copyOut(driver.topology.memoryBanks(node), count, banks); });
}

HSAKMT_STATUS hsaKmtGetNodeCacheProperties(HSAuint32 node, HSAuint32, HSAuint32 count, HsaCacheProperties* caches) {
  if (!caches) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver& driver) { return copyOut(driver.topology.caches(node), count, caches); });
}

HSAKMT_STATUS hsaKmtGetNodeIoLinkProperties(HSAuint32 node, HSAuint32 count, HsaIoLinkProperties* links) {
  if (!links) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver& driver) { return copyOut(driver.topology.links(node), count, links); });
}

// Texture tiling: images are not supported, and an answer of no configurations says so.
HSAKMT_STATUS hsaKmtGetTileConfig(HSAuint32 node, HsaGpuTileConfig* config) {
  if (!config) return HSAKMT_STATUS_INVALID_PARAMETER;
  return withNode(node, [&](Driver&) {
    config->NumTileConfigs = 0;
    config->NumMacroTileConfigs = 0;
    config->GbAddrConfig = 0;
    config->NumBanks = 0;
    config->NumRanks = 0;
    return HSAKMT_STATUS_SUCCESS;
  });
}
