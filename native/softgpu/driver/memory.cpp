#include "driver/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <set>

#include "wave/code.h"

namespace softgpu {
namespace {

constexpr uint64_t kHugePageBytes = 2ull << 20;
constexpr uint64_t kAddressLimit = 1ull << 47;

uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}
uint64_t alignDown(uint64_t value, uint64_t alignment) {
  return value & ~(alignment - 1);
}
void* pointer(uint64_t address) {
  return reinterpret_cast<void*>(address);
}

// Address space without pages behind it until they are touched: ROCr reserves gigabytes of scratch that it may never
// use.
uint64_t reserve(uint64_t bytes, uint64_t alignment) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  uint64_t slack = alignment > Memory::kPageBytes ? alignment : 0;
  void* raw = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (raw == MAP_FAILED) return 0;
  uint64_t begin = reinterpret_cast<uint64_t>(raw);
  uint64_t aligned = alignUp(begin, alignment);
  if (aligned != begin) munmap(raw, aligned - begin);
  if (uint64_t tail = begin + slack - aligned) munmap(pointer(aligned + bytes), tail);
  return aligned;
}

uint64_t reserveAt(uint64_t address, uint64_t bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void* raw = mmap(pointer(address), bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (raw == MAP_FAILED) return 0;
  if (raw != pointer(address)) {  // a kernel that does not know the flag takes the address as a hint
    munmap(raw, bytes);
    return 0;
  }
  return address;
}

// Whether the host has pages there at all.
bool isHostMemory(uint64_t begin, uint64_t end) {
  uint64_t page = alignDown(begin, Memory::kPageBytes);
  return msync(pointer(page), alignUp(end, Memory::kPageBytes) - page, MS_ASYNC) == 0 || errno != ENOMEM;
}

uint64_t memoryLimit(uint64_t hostBytes) {
  if (const char* megabytes = std::getenv("GCN_SOFTGPU_MEMORY_MB")) {
    if (uint64_t limit = std::strtoull(megabytes, nullptr, 10)) return limit << 20;
  }
  return hostBytes / 8 * 7;  // the process and the machine want some too
}

}  // namespace

Memory::Memory(const Topology& topology, std::chrono::milliseconds linger)
    : topology_(topology),
      linger_(linger),
      used_(topology.nodeCount()),
      limitTotal_(memoryLimit(topology.memoryBytesOfNode(Topology::kHostNode))) {}

Memory::Block* Memory::allocationOf(uint64_t address) {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return nullptr;
  Block& block = std::prev(after)->second;
  return block.holds(address) ? &block : nullptr;
}

Memory::Block* Memory::registrationAt(uint64_t begin, uint64_t bytes) {
  auto [first, last] = registrations_.equal_range(begin);
  Block* any = nullptr;
  for (auto it = first; it != last; ++it) {
    if (bytes != 0 && it->second.end == begin + bytes) return &it->second;
    any = &it->second;
  }
  return bytes == 0 ? any : nullptr;
}

Memory::Block* Memory::blockOf(uint64_t address) {
  // What was allocated for the GPUs says more of an address than a registration on top of it.
  if (Block* block = allocationOf(address)) return block;
  for (auto& [begin, block] : registrations_) {
    if (begin > address) break;
    if (block.holds(address)) return &block;
  }
  return nullptr;
}

bool Memory::masks(std::span<const uint32_t> nodes, AgentMask& mask) const {
  for (uint32_t node : nodes) {
    auto gpu = topology_.gpuOfNode(node);
    if (!gpu) return false;
    mask |= 1u << *gpu;
  }
  return true;
}

HSAKMT_STATUS Memory::allocate(uint32_t node, uint64_t bytes, uint64_t alignment, HsaMemFlags flags, void** address) {
  if (!address || bytes == 0 || bytes % kPageBytes != 0) return HSAKMT_STATUS_INVALID_PARAMETER;
  if (alignment != 0 && (!std::has_single_bit(alignment) || alignment < kPageBytes)) {
    return HSAKMT_STATUS_INVALID_PARAMETER;
  }
  if (node >= topology_.nodeCount()) return HSAKMT_STATUS_INVALID_NODE_UNIT;
  if (flags.ui32.GDSMemory) return HSAKMT_STATUS_NOT_SUPPORTED;
  const bool scratch = flags.ui32.Scratch;
  if (scratch && !topology_.gpuOfNode(node)) return HSAKMT_STATUS_INVALID_NODE_UNIT;
  if (alignment == 0) alignment = bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes;

  std::lock_guard lock(mutex_);
  // Scratch is charged when parts of it are mapped.
  const uint64_t charged = scratch ? 0 : bytes;
  if (charged > topology_.memoryBytesOfNode(node) - std::min(used_[node], topology_.memoryBytesOfNode(node)) ||
      charged > limitTotal_ - std::min(usedTotal_, limitTotal_) || bytes >= kAddressLimit) {
    return HSAKMT_STATUS_NO_MEMORY;
  }
  uint64_t begin = 0;
  if (flags.ui32.FixedAddress) {
    uint64_t wanted = reinterpret_cast<uint64_t>(*address);
    if (wanted == 0 || wanted % kPageBytes != 0) return HSAKMT_STATUS_INVALID_PARAMETER;
    begin = reserveAt(wanted, bytes);
  } else {
    begin = reserve(bytes, alignment);
  }
  if (begin == 0) return HSAKMT_STATUS_NO_MEMORY;
  if (bytes >= kHugePageBytes) madvise(pointer(begin), bytes, scratch ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);

  Block block;
  block.begin = begin;
  block.end = begin + bytes;
  block.node = node;
  block.flags = flags;
  block.charged = charged;
  allocations_.emplace(begin, std::move(block));
  used_[node] += charged;
  usedTotal_ += charged;
  *address = pointer(begin);
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::free(void* address, uint64_t bytes) {
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  std::lock_guard lock(mutex_);
  auto found = allocations_.find(begin);
  if (found == allocations_.end()) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;
  if (bytes != 0 && alignUp(bytes, kPageBytes) != found->second.end - begin) return HSAKMT_STATUS_INVALID_PARAMETER;
  const Block block = std::move(found->second);
  allocations_.erase(found);
  for (auto [part, end] : block.scratch) AddressSpace::instance().unmap(part);
  if (block.mask) publish(block.begin, block.end);
  invalidateCode(block.begin, block.end - block.begin);
  used_[block.node] -= block.charged;
  usedTotal_ -= block.charged;
  munmap(pointer(block.begin), block.end - block.begin);
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::registerHost(void* address, uint64_t bytes, HsaMemFlags flags, std::span<const uint32_t> nodes) {
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  if (!address || bytes == 0 || begin + bytes < begin || begin + bytes > kAddressLimit) {
    return HSAKMT_STATUS_INVALID_PARAMETER;
  }
  AgentMask mask = 0;
  if (!masks(nodes, mask)) return HSAKMT_STATUS_INVALID_NODE_UNIT;
  if (!isHostMemory(begin, begin + bytes)) return HSAKMT_STATUS_ERROR;  // as pinning pages that are not there fails

  std::lock_guard lock(mutex_);
  endLingering();
  Block* block = registrationAt(begin, bytes);
  if (!block) {
    Block fresh;
    fresh.begin = begin;
    fresh.end = begin + bytes;
    fresh.node = Topology::kHostNode;
    fresh.flags = flags;
    fresh.registrar = std::this_thread::get_id();
    block = &registrations_.emplace(begin, std::move(fresh))->second;
  }
  ++block->registrations;
  if (!nodes.empty()) block->registeredNodes.assign(nodes.begin(), nodes.end());
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::deregisterHost(void* address) {
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  std::lock_guard lock(mutex_);
  auto [first, last] = registrations_.equal_range(begin);
  if (first == last) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;
  // By address alone: the latest one goes first.
  auto found = std::prev(last);
  if (--found->second.registrations != 0) return HSAKMT_STATUS_SUCCESS;
  uint64_t end = found->second.end;
  bool mapped = found->second.mask != 0;
  registrations_.erase(found);
  if (mapped) publish(begin, end);
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::mapScratch(Block& pool, uint64_t begin, uint64_t bytes) {
  uint64_t end = begin + bytes;
  auto after = pool.scratch.lower_bound(begin);
  bool overlaps = (after != pool.scratch.end() && after->first < end) ||
                  (after != pool.scratch.begin() && std::prev(after)->second > begin);
  if (overlaps) return HSAKMT_STATUS_INVALID_PARAMETER;
  if (bytes > limitTotal_ - std::min(usedTotal_, limitTotal_)) return HSAKMT_STATUS_NO_MEMORY;
  pool.scratch.emplace(begin, end);
  pool.charged += bytes;
  used_[pool.node] += bytes;
  usedTotal_ += bytes;
  AddressSpace::instance().map(begin, bytes, 1u << *topology_.gpuOfNode(pool.node));
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::map(void* address, uint64_t bytes, std::span<const uint32_t> nodes) {
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  AgentMask mask = 0;
  if (!masks(nodes, mask)) return HSAKMT_STATUS_INVALID_NODE_UNIT;
  if (!address || bytes == 0 || begin + bytes < begin) return HSAKMT_STATUS_INVALID_PARAMETER;

  std::lock_guard lock(mutex_);
  Block* block = allocationOf(begin);
  if (block && begin + bytes > block->end && block->begin != begin) block = nullptr;
  if (block && block->flags.ui32.Scratch) {
    if (begin % kPageBytes != 0 || bytes % kPageBytes != 0) return HSAKMT_STATUS_MEMORY_ALIGNMENT;
    return mapScratch(*block, begin, bytes);
  }
  if (Block* registered = registrationAt(begin, bytes)) block = registered;
  if (!block || (block->registrations == 0 && block->begin != begin)) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;

  std::vector<uint32_t> mapped(nodes.begin(), nodes.end());
  if (mapped.empty()) {
    mapped = !block->registeredNodes.empty() ? block->registeredNodes : topology_.gpuNodes();
    if (block->registrations == 0 && topology_.gpuOfNode(block->node)) mapped = {block->node};
    masks(mapped, mask);
  }
  std::sort(mapped.begin(), mapped.end());
  mapped.erase(std::unique(mapped.begin(), mapped.end()), mapped.end());
  block->mappedNodes = std::move(mapped);
  block->mask = mask;
  publish(block->begin, block->end);
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::unmap(void* address) {
  uint64_t begin = reinterpret_cast<uint64_t>(address);
  std::lock_guard lock(mutex_);
  endLingering();
  Block* block = allocationOf(begin);
  if (block && block->flags.ui32.Scratch) {
    auto part = block->scratch.find(begin);
    if (part == block->scratch.end()) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;
    uint64_t bytes = part->second - begin;
    AddressSpace::instance().unmap(begin);
    madvise(address, bytes, MADV_DONTNEED);
    block->charged -= bytes;
    used_[block->node] -= bytes;
    usedTotal_ -= bytes;
    block->scratch.erase(part);
    return HSAKMT_STATUS_SUCCESS;
  }
  if (Block* registered = registrationAt(begin, 0)) {
    // Unmapped by address alone, and a later registration of the same range may still be in use.
    if (registered->registrations > 1) return HSAKMT_STATUS_SUCCESS;
    block = registered;
  }
  if (!block || block->begin != begin) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;
  block->mappedNodes.clear();
  if (block->mask) {
    if (block->knownToOthers) {
      lingering_.push_back({block->begin, block->end, block->mask, std::chrono::steady_clock::now() + linger_});
      block->knownToOthers = false;
    }
    block->mask = 0;
    publish(block->begin, block->end);
  }
  return HSAKMT_STATUS_SUCCESS;
}

void Memory::endLingering() {
  const auto now = std::chrono::steady_clock::now();
  while (!lingering_.empty() && lingering_.front().until <= now) {
    const Lingering ended = lingering_.front();
    lingering_.erase(lingering_.begin());
    publish(ended.begin, ended.end);
  }
}

// Brings the address space in line with what is mapped in [begin, end): host registrations may overlap each other and
// allocations, and a page is visible to an agent as long as one of them makes it so. Pages, because the hardware has no
// finer grain: a kernel may read past a registered array to the end of its page.
void Memory::publish(uint64_t begin, uint64_t end) {
  begin = alignDown(begin, kPageBytes);
  end = alignUp(end, kPageBytes);
  std::vector<MemoryRange> ranges;
  std::set<uint64_t> cuts{begin, end};
  auto consider = [&](const auto& block) {
    uint64_t first = alignDown(block.begin, kPageBytes), last = alignUp(block.end, kPageBytes);
    if (block.mask == 0 || last <= begin || first >= end) return;
    ranges.push_back({first, last, block.mask});
    cuts.insert(std::clamp(first, begin, end));
    cuts.insert(std::clamp(last, begin, end));
  };
  for (auto it = allocations_.lower_bound(begin); it != allocations_.end() && it->first < end; ++it)
    consider(it->second);
  if (const Block* block = allocationOf(begin); block && block->begin < begin) consider(*block);
  for (const auto& [first, block] : registrations_) consider(block);
  for (const Lingering& former : lingering_) consider(former);

  AddressSpace& space = AddressSpace::instance();
  for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
    uint64_t from = *cut, to = *std::next(cut);
    AgentMask mask = 0;
    for (const MemoryRange& range : ranges) {
      if (range.begin <= from && range.end >= to) mask |= range.agents;
    }
    // First with an empty mask: the range that is there may reach beyond this part, and only a whole one can be
    // unmapped.
    space.map(from, to - from, mask);
    if (mask == 0) space.unmap(from);
  }
}

HSAKMT_STATUS Memory::query(const void* address, HsaPointerInfo& info) {
  info = {};
  std::lock_guard lock(mutex_);
  Block* block = blockOf(reinterpret_cast<uint64_t>(address));
  if (!block || block->flags.ui32.Scratch) return HSAKMT_STATUS_ERROR;  // the type says HSA_POINTER_UNKNOWN
  if (block->registrations && block->registrar != std::this_thread::get_id()) {
    if (block->mask == 0) return HSAKMT_STATUS_ERROR;  // about to go, or not there yet
    block->knownToOthers = true;
  }
  info.Type = block->registrations ? HSA_POINTER_REGISTERED_USER : HSA_POINTER_ALLOCATED;
  info.Node = block->node;
  info.MemFlags = block->flags;
  info.CPUAddress = pointer(block->begin);
  info.GPUAddress = block->begin;
  info.SizeInBytes = block->end - block->begin;
  info.NRegisteredNodes = static_cast<HSAuint32>(block->registeredNodes.size());
  info.RegisteredNodes = block->registeredNodes.data();
  info.NMappedNodes = static_cast<HSAuint32>(block->mappedNodes.size());
  info.MappedNodes = block->mappedNodes.data();
  info.UserData = block->userData;
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::setUserData(const void* address, void* data) {
  std::lock_guard lock(mutex_);
  Block* block = blockOf(reinterpret_cast<uint64_t>(address));
  if (!block) return HSAKMT_STATUS_MEMORY_NOT_REGISTERED;
  block->userData = data;
  return HSAKMT_STATUS_SUCCESS;
}

HSAKMT_STATUS Memory::available(uint32_t node, uint64_t& bytes) {
  if (node >= topology_.nodeCount()) return HSAKMT_STATUS_INVALID_NODE_UNIT;
  std::lock_guard lock(mutex_);
  bytes = std::min(topology_.memoryBytesOfNode(node) - std::min(used_[node], topology_.memoryBytesOfNode(node)),
                   limitTotal_ - std::min(usedTotal_, limitTotal_));
  return HSAKMT_STATUS_SUCCESS;
}

}  // namespace softgpu
