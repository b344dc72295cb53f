// Who may touch what, and that an unmapped range is really left alone.
#include <atomic>
#include <thread>

#include "harness.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {
constexpr uint64_t kBase = 0x700000000000;  // never dereferenced
}

TEST_CASE("address space: ranges by agent, replaced and cut by newer ones") {
  AddressSpace& space = AddressSpace::instance();
  {
    AddressSpace::ReadSection section;
    space.map(kBase, 0x3000, 0b01);
    CHECK(space.find(kBase + 0x2fff, 0)->end == kBase + 0x3000);
    CHECK_FALSE(space.find(kBase + 0x3000, 0));
    CHECK_FALSE(space.find(kBase, 1));
    space.map(kBase, 0x3000, 0b11);
    CHECK(space.find(kBase, 1));
    space.map(kBase + 0x1000, 0x1000, 0b10);
    CHECK(space.find(kBase, 0)->end == kBase + 0x1000);
    CHECK_FALSE(space.find(kBase + 0x1000, 0));
    CHECK(space.find(kBase + 0x1800, 1)->begin == kBase + 0x1000);
    CHECK(space.find(kBase + 0x2000, 0)->begin == kBase + 0x2000);
    CHECK(space.nearest(kBase + 0x5000)->end == kBase + 0x3000);
  }
  for (uint64_t begin : {kBase, kBase + 0x1000, kBase + 0x2000}) space.unmap(begin);
  AddressSpace::ReadSection section;
  CHECK_FALSE(space.find(kBase, 0));
  CHECK_FALSE(space.find(kBase + 0x1800, 1));
}

TEST_CASE("address space: unmap waits for sections that were open") {
  AddressSpace& space = AddressSpace::instance();
  space.map(kBase + 0x100000, 0x1000, 1);
  std::atomic<bool> unmapped{false};
  std::thread other;
  {
    AddressSpace::ReadSection section;
    {
      AddressSpace::ReadSection nested;
    }
    REQUIRE(space.find(kBase + 0x100000, 0));
    other = std::thread([&] {
      space.unmap(kBase + 0x100000);
      unmapped = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK_FALSE(unmapped);
    CHECK_FALSE(space.find(kBase + 0x100000, 0));
  }
  other.join();
  CHECK(unmapped);
}

TEST_CASE("address space: readers and writers at once") {
  AddressSpace& space = AddressSpace::instance();
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> found{0};
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        {
          AddressSpace::ReadSection section;
          for (unsigned n = 0; n < 64; ++n) {
            if (auto range = space.find(kBase + 0x200000 + n * 0x1000, 0)) {
              if (range->end - range->begin != 0x1000) found = UINT64_MAX;
              ++found;
            }
          }
        }
        std::this_thread::yield();  // unmap waits for sections, and a machine with few cores for their threads
      }
    });
  }
  for (unsigned round = 0; round < 50; ++round) {
    for (unsigned n = 0; n < 64; ++n) space.map(kBase + 0x200000 + n * 0x1000, 0x1000, 1);
    for (unsigned n = 0; n < 64; ++n) space.unmap(kBase + 0x200000 + n * 0x1000);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(found != UINT64_MAX);
}
