#include "driver/topology.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace softgpu {
namespace {

// Few compute units: ROCr reserves scratch per unit (2 GiB at 4), its blit kernels size their grids by it, and libgomp
// chooses its number of teams by it, while the host has a handful of threads.
constexpr uint32_t kComputeUnits = 4;
constexpr uint32_t kSimdsPerUnit = 4;
constexpr uint32_t kScratchSlotsPerUnit = 32;
constexpr uint32_t kLdsKilobytes = 64;

// Apertures lie beyond what a host address can be (47 bits), 4 GiB each, and in the upper 16 bits of the address as
// SH_MEM_BASES has them (Vega ISA, "Hardware Registers").
constexpr uint64_t kSharedAperture = 1ull << 48;
constexpr uint64_t kPrivateAperture = 2ull << 48;
constexpr uint64_t kApertureBytes = 1ull << 32;

constexpr uint64_t kGiB = 1ull << 30;
// As the amdgpu driver numbers families: Volcanic Islands (gfx8), and Arctic Islands (gfx9).
constexpr uint32_t kFamilyVi = 130;
constexpr uint32_t kFamilyAi = 141;

struct TargetFacts {
  uint32_t major, minor, stepping;
  uint16_t deviceId;
  uint32_t wavesPerSimd;
  uint32_t vgprBytesPerUnit;
  uint32_t cacheLineBytes;
  uint32_t l2Kilobytes;
  bool sramEcc;
};

// Version and wave counts as LLVM's AMDGPU usage guide lists the processors; device ids are those of a shipping card of
// the target (Fiji, Vega 10, Vega 20, Arcturus, Aldebaran). SRAM ECC is off on gfx906, so that code built for any
// setting loads.
TargetFacts factsOf(Target target) {
  switch (target) {
    case Target::gfx803:
      return {8, 0, 3, 0x7300, 10, 256 << 10, 64, 2048, false};
    case Target::gfx900:
      return {9, 0, 0, 0x6860, 10, 256 << 10, 64, 4096, false};
    case Target::gfx906:
      return {9, 0, 6, 0x66a0, 10, 256 << 10, 64, 4096, false};
    case Target::gfx908:
      return {9, 0, 8, 0x738c, 10, 512 << 10, 64, 8192, true};
    case Target::gfx90a:
      return {9, 0, 10, 0x740c, 8, 512 << 10, 128, 8192, true};
  }
  return {};
}

// HsaNodeProperties::MarketingName holds one character in 16 bits.
void setMarketingName(HsaNodeProperties& node, const std::string& name) {
  size_t count = std::min<size_t>(name.size(), HSA_PUBLIC_NAME_SIZE - 1);
  for (size_t i = 0; i < count; ++i) node.MarketingName[i] = static_cast<unsigned char>(name[i]);
}

void setAmdName(HsaNodeProperties& node, const std::string& name) {
  std::memcpy(node.AMDName, name.data(), std::min<size_t>(name.size(), HSA_PUBLIC_NAME_SIZE - 1));
}

HsaMemoryProperties bank(HSA_HEAPTYPE heap, uint64_t bytes, uint64_t base) {
  HsaMemoryProperties memory{};
  memory.HeapType = heap;
  memory.SizeInBytes = bytes;
  memory.VirtualBaseAddress = base;
  return memory;
}

HsaCacheProperties cache(uint32_t level, uint32_t bytes, uint32_t lineBytes, bool cpu) {
  HsaCacheProperties properties{};
  properties.CacheLevel = level;
  properties.CacheSize = bytes / 1024;
  properties.CacheLineSize = lineBytes;
  properties.CacheLinesPerTag = 1;
  properties.CacheAssociativity = 16;
  properties.CacheType.ui32.Data = 1;
  properties.CacheType.ui32.CPU = cpu;
  properties.CacheType.ui32.HSACU = !cpu;
  return properties;
}

HsaIoLinkProperties link(uint32_t from, uint32_t to) {
  HsaIoLinkProperties properties{};
  properties.IoLinkType = HSA_IOLINKTYPE_PCIEXPRESS;  // coherent, with 32- and 64-bit atomics, to ROCr
  properties.NodeFrom = from;
  properties.NodeTo = to;
  // As kernels report a link through one root complex, and a second hop behind it.
  properties.Weight = from == Topology::kHostNode || to == Topology::kHostNode ? 20 : 40;
  return properties;
}

}  // namespace

Topology::Topology(const Configuration& configuration, const HostFacts& host) : host_(host) {
  // Half of the host's memory each, as whole GiB: a program that sizes its buffers by VRAM should fit.
  vramBytes_ = std::clamp(host.memoryBytes / 2 / kGiB * kGiB, kGiB, 16 * kGiB);
  for (Target target : configuration.agents) {
    AgentModel agent;
    agent.target = target;
    agent.index = static_cast<uint8_t>(agents_.size());
    agent.computeUnits = kComputeUnits;
    agent.ldsBytes = kLdsKilobytes * 1024;
    agent.sharedAperture = kSharedAperture;
    agent.privateAperture = kPrivateAperture;
    gpuNodes_.push_back(nodeOf(agent.index));
    agents_.push_back(agent);
  }
}

std::optional<uint32_t> Topology::gpuOfNode(uint32_t node) const {
  if (node == kHostNode || node >= nodeCount()) return std::nullopt;
  return node - 1;
}

uint64_t Topology::memoryBytesOfNode(uint32_t node) const {
  return node == kHostNode ? host_.memoryBytes : vramBytes_;
}

HsaNodeProperties Topology::properties(uint32_t node) const {
  HsaNodeProperties properties{};
  properties.NumMemoryBanks = static_cast<HSAuint32>(memoryBanks(node).size());
  properties.NumCaches = static_cast<HSAuint32>(caches(node).size());
  properties.NumIOLinks = static_cast<HSAuint32>(links(node).size());
  properties.MaxEngineClockMhzCCompute = host_.maxMhz;
  auto gpu = gpuOfNode(node);
  if (!gpu) {
    properties.NumCPUCores = host_.processors;
    properties.DrmRenderMinor = -1;
    setMarketingName(properties, host_.processorName);
    return properties;
  }
  const AgentModel& agent = agents_[*gpu];
  const TargetFacts facts = factsOf(agent.target);
  properties.NumFComputeCores = kSimdsPerUnit * agent.computeUnits;
  properties.FComputeIdLo = 0x80000000u + *gpu * 0x1000;
  // Type 2: 64-bit doorbells that take the packet's index. Real gfx8 has type 1, which ROCr serves with a lock and a
  // clamp that a software doorbell does not need.
  properties.Capability.ui32.DoorbellType = 2;
  properties.Capability.ui32.QueueSizePowerOfTwo = 1;
  properties.Capability.ui32.SRAM_EDCSupport = facts.sramEcc;
  properties.Capability.ui32.CoherentHostAccess = 1;
  properties.MaxWavesPerSIMD = facts.wavesPerSimd;
  properties.LDSSizeInKB = kLdsKilobytes;
  properties.WaveFrontSize = kLanes;
  properties.NumShaderBanks = 1;
  properties.NumArrays = 1;
  properties.NumCUPerArray = agent.computeUnits;
  properties.NumSIMDPerCU = kSimdsPerUnit;
  properties.MaxSlotsScratchCU = kScratchSlotsPerUnit;
  properties.EngineId.ui32.Major = facts.major;
  properties.EngineId.ui32.Minor = facts.minor;
  properties.EngineId.ui32.Stepping = facts.stepping;
  // Newer than every firmware that ROCr has a workaround for: it then flushes code caches through a packet (>= 685 on
  // gfx8) and reclaims scratch (>= 729).
  properties.EngineId.ui32.uCode = 800;
  properties.uCodeEngineVersions.uCodeSDMA = 500;
  properties.VendorId = 0x1002;
  properties.DeviceId = facts.deviceId;
  properties.LocationId = (*gpu + 1) << 8;
  properties.LocalMemSize = 0;  // the banks say it
  properties.MaxEngineClockMhzFCompute = host_.maxMhz;
  properties.DrmRenderMinor = -1;
  properties.NumSdmaEngines = 2;
  properties.NumSdmaQueuesPerEngine = 8;
  properties.NumCpQueues = 24;
  properties.UniqueID = 0x50f7'0000'0000'0000ull | (static_cast<uint64_t>(agent.target) << 32) | (*gpu + 1);
  properties.VGPRSizePerCU = facts.vgprBytesPerUnit;
  properties.SGPRSizePerCU = 12800;
  // Reserved in the header of 5.2: since 5.6 the dies of the GPU (scratch is sized by them), KFD's id, the family.
  const HSAuint32 later[] = {1, 0x1000u + *gpu, facts.major == 8 ? kFamilyVi : kFamilyAi};
  constexpr size_t kLater = offsetof(HsaNodeProperties, SGPRSizePerCU) + sizeof(HSAuint32);
  static_assert(sizeof properties >= kLater + sizeof later);
  std::memcpy(reinterpret_cast<char*>(&properties) + kLater, later, sizeof later);
  setMarketingName(properties, std::string("Software GPU (") + targetName(agent.target) + ")");
  setAmdName(properties, std::string("software ") + targetName(agent.target));
  return properties;
}

std::vector<HsaMemoryProperties> Topology::memoryBanks(uint32_t node) const {
  auto gpu = gpuOfNode(node);
  if (!gpu) {
    HsaMemoryProperties system = bank(HSA_HEAPTYPE_SYSTEM, host_.memoryBytes, 0);
    system.Width = 64;
    system.MemoryClockMax = 1600;
    return {system};
  }
  HsaMemoryProperties vram = bank(HSA_HEAPTYPE_FRAME_BUFFER_PUBLIC, vramBytes_, 0);
  vram.Width = 64;
  vram.MemoryClockMax = 1600;
  return {vram, bank(HSA_HEAPTYPE_GPU_LDS, agents_[*gpu].ldsBytes, kSharedAperture),
          bank(HSA_HEAPTYPE_GPU_SCRATCH, kApertureBytes, kPrivateAperture)};
}

std::vector<HsaCacheProperties> Topology::caches(uint32_t node) const {
  auto gpu = gpuOfNode(node);
  if (!gpu) {
    return {cache(1, host_.l1Bytes, 64, true), cache(2, host_.l2Bytes, 64, true), cache(3, host_.l3Bytes, 64, true)};
  }
  const TargetFacts facts = factsOf(agents_[*gpu].target);
  return {cache(1, 16 << 10, facts.cacheLineBytes, false),
          cache(2, facts.l2Kilobytes << 10, facts.cacheLineBytes, false)};
}

std::vector<HsaIoLinkProperties> Topology::links(uint32_t node) const {
  std::vector<HsaIoLinkProperties> links;
  for (uint32_t other = 0; other < nodeCount(); ++other) {
    if (other != node) links.push_back(link(node, other));
  }
  return links;
}

}  // namespace softgpu
