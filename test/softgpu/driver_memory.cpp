#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "driver/memory.h"
#include "memory/address_space.h"

using namespace softgpu;

namespace {

constexpr uint64_t kMiB = 1 << 20, kGiB = 1 << 30;

struct Bench {
  Bench() : Bench(Configuration{{Target::gfx906, Target::gfx900}}) {}
  explicit Bench(const Configuration& configuration, std::chrono::milliseconds linger = std::chrono::seconds(5))
      : topology(configuration, host()), memory(topology, linger) {}
  static HostFacts host() {
    HostFacts facts;
    facts.memoryBytes = 4 * kGiB;
    return facts;
  }

  void* allocate(uint32_t node, uint64_t bytes, uint64_t alignment = 0) {
    void* address = nullptr;
    CHECK(memory.allocate(node, bytes, alignment, HsaMemFlags{}, &address) == HSAKMT_STATUS_SUCCESS);
    return address;
  }
  HSAKMT_STATUS map(void* address, uint64_t bytes, std::vector<uint32_t> nodes) {
    return memory.map(address, bytes, nodes);
  }
  uint64_t available(uint32_t node) {
    uint64_t bytes = 0;
    CHECK(memory.available(node, bytes) == HSAKMT_STATUS_SUCCESS);
    return bytes;
  }

  Topology topology;
  Memory memory;
};

HsaMemFlags scratchFlags() {
  HsaMemFlags flags{};
  flags.ui32.Scratch = 1;
  return flags;
}

// Which GPUs may touch every byte of a range: bit i for GPU i.
unsigned visibleTo(const void* address, uint64_t bytes) {
  AddressSpace::ReadSection section;
  unsigned mask = 0;
  for (unsigned agent = 0; agent < 2; ++agent) {
    uint64_t at = reinterpret_cast<uint64_t>(address), end = at + bytes;
    while (at < end) {
      auto range = AddressSpace::instance().find(at, agent);
      if (!range) break;
      at = range->end;
    }
    if (at >= end) mask |= 1u << agent;
  }
  return mask;
}

}  // namespace

TEST_CASE("memory is charged to its node until it is freed, and has an end") {
  Bench bench;
  const uint64_t vram = bench.available(1);
  CHECK(vram == 2 * kGiB);  // half of the host's
  void* a = bench.allocate(1, kGiB);
  CHECK(bench.available(1) == kGiB);
  CHECK(bench.available(2) == 2 * kGiB);
  void* b = bench.allocate(1, kGiB);
  void* c = nullptr;
  CHECK(bench.memory.allocate(1, 4096, 0, HsaMemFlags{}, &c) == HSAKMT_STATUS_NO_MEMORY);
  // 7/8 of the host's memory for all nodes together: 3.5 GiB of it, 2 taken.
  CHECK(bench.available(2) == kGiB + kGiB / 2);
  CHECK(bench.memory.allocate(2, 2 * kGiB, 0, HsaMemFlags{}, &c) == HSAKMT_STATUS_NO_MEMORY);
  CHECK(bench.memory.free(a, kGiB) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.free(b, kGiB) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.available(1) == vram);
}

TEST_CASE("allocations are aligned as asked, and by their size") {
  Bench bench;
  auto aligned = [](void* address, uint64_t alignment) { return reinterpret_cast<uint64_t>(address) % alignment == 0; };
  CHECK(aligned(bench.allocate(0, 4096), 4096));
  CHECK(aligned(bench.allocate(1, 3 * kMiB), 2 * kMiB));
  CHECK(aligned(bench.allocate(1, 8192, 64 * kMiB), 64 * kMiB));
  auto* bytes = static_cast<uint8_t*>(bench.allocate(1, 5 * kMiB));
  bytes[0] = bytes[5 * kMiB - 1] = 1;
}

TEST_CASE("nonsense is refused") {
  Bench bench;
  void* address = nullptr;
  auto allocate = [&](uint32_t node, uint64_t bytes, uint64_t alignment = 0) {
    return bench.memory.allocate(node, bytes, alignment, HsaMemFlags{}, &address);
  };
  CHECK(allocate(0, 0) == HSAKMT_STATUS_INVALID_PARAMETER);
  CHECK(allocate(0, 4097) == HSAKMT_STATUS_INVALID_PARAMETER);
  CHECK(allocate(3, 4096) == HSAKMT_STATUS_INVALID_NODE_UNIT);
  CHECK(allocate(0, 4096, 12288) == HSAKMT_STATUS_INVALID_PARAMETER);
  CHECK(allocate(1, 1ull << 60) == HSAKMT_STATUS_NO_MEMORY);
  CHECK(bench.memory.allocate(0, 4096, 0, HsaMemFlags{}, nullptr) == HSAKMT_STATUS_INVALID_PARAMETER);
  CHECK(bench.memory.allocate(0, 4096, 0, scratchFlags(), &address) == HSAKMT_STATUS_INVALID_NODE_UNIT);
  CHECK(bench.memory.free(&bench, 4096) == HSAKMT_STATUS_MEMORY_NOT_REGISTERED);
  CHECK(bench.memory.unmap(&bench) == HSAKMT_STATUS_MEMORY_NOT_REGISTERED);
  CHECK(bench.memory.deregisterHost(&bench) == HSAKMT_STATUS_MEMORY_NOT_REGISTERED);
  CHECK(bench.memory.registerHost(nullptr, 8, HsaMemFlags{}, {}) == HSAKMT_STATUS_INVALID_PARAMETER);
  // Addresses with nothing behind them cannot be registered: the first page of a process is never mapped.
  CHECK(bench.memory.registerHost(reinterpret_cast<void*>(64), 8, HsaMemFlags{}, {}) == HSAKMT_STATUS_ERROR);
  void* block = bench.allocate(1, 8192);
  CHECK(bench.memory.free(block, 4096) == HSAKMT_STATUS_INVALID_PARAMETER);
  CHECK(bench.map(block, 8192, {0}) == HSAKMT_STATUS_INVALID_NODE_UNIT);  // node 0 is no GPU
  CHECK(bench.memory.free(block, 8192) == HSAKMT_STATUS_SUCCESS);
}

TEST_CASE("mapping makes memory visible to exactly the nodes that it names") {
  Bench bench;
  void* block = bench.allocate(1, 64 << 10);
  CHECK(visibleTo(block, 64 << 10) == 0);
  CHECK(bench.map(block, 64 << 10, {1}) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(block, 64 << 10) == 1);
  CHECK(bench.map(block, 64 << 10, {2, 1, 2}) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(block, 64 << 10) == 3);
  HsaPointerInfo info;
  CHECK(bench.memory.query(static_cast<char*>(block) + 5000, info) == HSAKMT_STATUS_SUCCESS);
  CHECK(info.Type == HSA_POINTER_ALLOCATED);
  CHECK(static_cast<void*>(info.CPUAddress) == block);
  CHECK(uint64_t{info.SizeInBytes} == 64 << 10);
  CHECK(info.NMappedNodes == 2);
  CHECK(bench.map(block, 64 << 10, {2}) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(block, 1) == 2);
  CHECK(bench.memory.unmap(block) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(block, 1) == 0);
  CHECK(bench.map(block, 64 << 10, {}) == HSAKMT_STATUS_SUCCESS);  // a GPU's own memory: to that one
  CHECK(visibleTo(block, 64 << 10) == 1);
  CHECK(bench.memory.free(block, 64 << 10) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(block, 1) == 0);
  CHECK(bench.memory.query(block, info) != HSAKMT_STATUS_SUCCESS);
  CHECK(info.Type == HSA_POINTER_UNKNOWN);
}

TEST_CASE("host registrations may overlap, and each lasts until its own end") {
  Bench bench;
  constexpr uint64_t kPage = Memory::kPageBytes;
  auto storage = std::make_unique<uint8_t[]>(16 * kPage);
  uint8_t* base = storage.get() + (kPage - reinterpret_cast<uint64_t>(storage.get()) % kPage);
  uint8_t *first = base + 100, *second = base + 2 * kPage + 7;  // 5 pages and 3, sharing two
  CHECK(bench.memory.registerHost(first, 4 * kPage, HsaMemFlags{}, {}) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.registerHost(second, 4 * kPage, HsaMemFlags{}, {}) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.map(first, 4 * kPage, {1}) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.map(second, 4 * kPage, {2}) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(base, 2 * kPage) == 1);
  CHECK(visibleTo(base + 2 * kPage, 3 * kPage) == 3);
  CHECK(visibleTo(base + 5 * kPage, 2 * kPage) == 2);
  CHECK(bench.memory.unmap(first) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.deregisterHost(first) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(base, kPage) == 0);
  CHECK(visibleTo(base + 2 * kPage, 5 * kPage) == 2);
  HsaPointerInfo info;
  CHECK(bench.memory.query(second + 10, info) == HSAKMT_STATUS_SUCCESS);
  CHECK(info.Type == HSA_POINTER_REGISTERED_USER);
  // The same range twice: it stays until both have gone.
  CHECK(bench.memory.registerHost(second, 4 * kPage, HsaMemFlags{}, {}) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.unmap(second) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.deregisterHost(second) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(second, 4 * kPage) == 2);
  CHECK(bench.memory.deregisterHost(second) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(second, 1) == 0);
}

TEST_CASE("host memory that another thread found mapped stays visible for a while") {
  constexpr auto kLinger = std::chrono::milliseconds(50);
  Bench bench(Configuration{{Target::gfx906}}, kLinger);
  constexpr uint64_t kPage = Memory::kPageBytes;
  auto storage = std::make_unique<uint8_t[]>(4 * kPage);
  uint8_t* base = storage.get() + (kPage - reinterpret_cast<uint64_t>(storage.get()) % kPage);
  auto queried = [&] {
    HSAKMT_STATUS status{};
    std::thread([&] {
      HsaPointerInfo info;
      status = bench.memory.query(base, info);
    }).join();
    return status;
  };
  auto copy = [&](auto during) {
    CHECK(bench.memory.registerHost(base, kPage, HsaMemFlags{}, {}) == HSAKMT_STATUS_SUCCESS);
    CHECK(queried() == HSAKMT_STATUS_ERROR);  // not mapped yet
    CHECK(bench.map(base, kPage, {1}) == HSAKMT_STATUS_SUCCESS);
    during();
    CHECK(bench.memory.unmap(base) == HSAKMT_STATUS_SUCCESS);
    CHECK(queried() == HSAKMT_STATUS_ERROR);  // no longer
    CHECK(bench.memory.deregisterHost(base) == HSAKMT_STATUS_SUCCESS);
  };
  copy([&] {
    HsaPointerInfo info;
    CHECK(bench.memory.query(base, info) == HSAKMT_STATUS_SUCCESS);  // by the thread that registered it
  });
  CHECK(visibleTo(base, kPage) == 0);
  copy([&] { CHECK(queried() == HSAKMT_STATUS_SUCCESS); });
  CHECK(visibleTo(base, kPage) == 1);
  std::this_thread::sleep_for(2 * kLinger);
  copy([] {});
  CHECK(visibleTo(base, kPage) == 0);
}

TEST_CASE("scratch costs nothing until a part of it is mapped") {
  Bench bench;
  void* pool = nullptr;
  CHECK(bench.memory.allocate(1, 4 * kGiB, 0, scratchFlags(), &pool) == HSAKMT_STATUS_SUCCESS);
  const uint64_t before = bench.available(1);
  auto* part = static_cast<uint8_t*>(pool) + 16 * kMiB;
  CHECK(bench.map(part, kMiB, {}) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.available(1) == before - kMiB);
  CHECK(visibleTo(part, kMiB) == 1);
  CHECK(visibleTo(part + kMiB, 1) == 0);
  CHECK(bench.map(part + kMiB / 2, kMiB, {}) == HSAKMT_STATUS_INVALID_PARAMETER);  // overlaps
  CHECK(bench.map(part + kMiB, kMiB, {}) == HSAKMT_STATUS_SUCCESS);
  part[5] = 7;
  CHECK(bench.memory.unmap(part) == HSAKMT_STATUS_SUCCESS);
  CHECK(visibleTo(part, 1) == 0);
  CHECK(visibleTo(part + kMiB, kMiB) == 1);
  CHECK(bench.available(1) == before - kMiB);
  HsaPointerInfo info;
  CHECK(bench.memory.query(part, info) != HSAKMT_STATUS_SUCCESS);
  CHECK(bench.memory.free(pool, 4 * kGiB) == HSAKMT_STATUS_SUCCESS);
  CHECK(bench.available(1) == before);
}

TEST_CASE("many threads allocate, map and free at once, and nothing stays behind") {
  Bench bench;
  const uint64_t before = bench.available(1);
  std::vector<std::thread> threads;
  std::atomic<bool> good{true};
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 300; ++i) {
        void* block = nullptr;
        uint64_t bytes = 4096 * (1 + (i * 7 + t) % 50);
        bool ok = bench.memory.allocate(1, bytes, 0, HsaMemFlags{}, &block) == HSAKMT_STATUS_SUCCESS &&
                  bench.map(block, bytes, {1, 2}) == HSAKMT_STATUS_SUCCESS && visibleTo(block, bytes) == 3;
        if (!ok || bench.memory.free(block, bytes) != HSAKMT_STATUS_SUCCESS) good = false;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good);
  CHECK(bench.available(1) == before);
}
