#include <doctest/doctest.h>

#include <cstring>
#include <thread>

#include "command/blit_kernels.h"
#include "command/transfer.h"
#include "command_fixture.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

// Runs it with two threads that take pieces, as workers do.
TransferResult runWork(const Transfer& transfer) {
  TransferResult result;
  std::atomic<int> ends{0};
  TransferWork work(transfer, 0, [&](const TransferResult& r) {
    result = r;
    ++ends;
  });
  auto advance = [&] {
    while (work.advance()) {
    }
  };
  std::thread other(advance);
  advance();
  other.join();
  CHECK(work.finished());
  CHECK(ends == 1);
  CHECK(work.parallelism() == 0);
  return result;
}

}  // namespace

TEST_CASE("a transfer in pieces moves every byte once, whatever its size") {
  constexpr uint64_t kRoom = 12 << 20;
  DeviceMemory from(kRoom), to(kRoom);
  for (uint64_t i = 0; i < kRoom; ++i) *from.as<uint8_t>(i) = static_cast<uint8_t>(i * 7 + (i >> 9));
  for (uint64_t bytes : {0ull, 1ull, 63ull, 4096ull, (256ull << 10) - 1, 256ull << 10, (256ull << 10) + 1,
                         (4ull << 20) + 3, (9ull << 20) + 17}) {
    for (uint64_t shift : {0, 1, 13}) {
      std::memset(to.as<uint8_t>(), 0xcc, bytes + 64);
      Transfer copy;
      copy.source = from.address() + shift;
      copy.destination = to.address() + 16 - shift;
      copy.rowBytes = bytes;
      CHECK_FALSE(runWork(copy).fault);
      const uint8_t* start = to.as<uint8_t>(16 - shift);
      CHECK(std::memcmp(start, from.as<uint8_t>(shift), bytes) == 0);
      CHECK(start[bytes] == 0xcc);
      CHECK(start[-1] == 0xcc);
    }
  }
}

TEST_CASE("fills repeat their pattern from the first byte, across pieces") {
  DeviceMemory to(8 << 20);
  for (uint64_t bytes : {4ull, 1000ull, (256ull << 10) + 4, 6ull << 20}) {
    for (unsigned size : {1u, 2u, 4u}) {
      std::memset(to.as<uint8_t>(), 0, bytes + 64);
      Transfer fill;
      fill.kind = Transfer::Kind::Fill;
      fill.pattern = 0xa1b2c3d4;
      fill.patternBytes = static_cast<uint8_t>(size);
      fill.destination = to.address() + 4;
      fill.rowBytes = bytes;
      CHECK_FALSE(runWork(fill).fault);
      const uint8_t pattern[4] = {0xd4, 0xc3, 0xb2, 0xa1};
      bool right = true;
      for (uint64_t i = 0; i < bytes; ++i) right = right && *to.as<uint8_t>(4 + i) == pattern[i % size];
      CHECK(right);
      CHECK(*to.as<uint32_t>(0) == 0);
      CHECK(*to.as<uint8_t>(4 + bytes) == 0);
    }
  }
}

TEST_CASE("boxes of many short rows and of few long ones") {
  DeviceMemory from(16 << 20), to(16 << 20);
  for (uint64_t i = 0; i < from.size() / 4; ++i) *from.as<uint32_t>(i * 4) = static_cast<uint32_t>(i);
  for (auto [row, rows, slices] : {std::tuple{5u, 300u, 7u}, {300000u, 4u, 3u}, {4096u, 100u, 2u}}) {
    std::memset(to.as<uint8_t>(), 0, to.size());
    Transfer box;
    box.source = from.address() + 3;
    box.destination = to.address() + 5;
    box.rowBytes = row;
    box.rows = rows;
    box.slices = slices;
    box.sourcePitch = row + 11;
    box.sourceSlice = box.sourcePitch * rows + 100;
    box.destinationPitch = row + 3;
    box.destinationSlice = box.destinationPitch * rows + 9;
    CHECK_FALSE(runWork(box).fault);
    bool right = true;
    for (uint32_t z = 0; z < slices; ++z) {
      for (uint32_t y = 0; y < rows; ++y) {
        const uint8_t* got = to.as<uint8_t>(5 + z * box.destinationSlice + y * box.destinationPitch);
        right = right && std::memcmp(got, from.as<uint8_t>(3 + z * box.sourceSlice + y * box.sourcePitch), row) == 0 &&
                got[row] == 0 && got[row + 2] == 0;
      }
    }
    CHECK(right);
  }
}

TEST_CASE("a transfer that meets memory it may not touch ends with the fault, once") {
  DeviceMemory from(4 << 20), to(4 << 20), other(4096, 2);
  Transfer copy;
  copy.source = from.address();
  copy.destination = other.address();
  copy.rowBytes = 64;
  auto result = runWork(copy);
  REQUIRE(result.fault);
  CHECK(result.fault->address == other.address());
  CHECK(result.fault->write);
  CHECK(result.fault->mapped);
  copy.destination = to.address();
  copy.source = UINT64_MAX - (1 << 20);
  copy.rowBytes = 4 << 20;
  result = runWork(copy);
  REQUIRE(result.fault);
  CHECK_FALSE(result.fault->write);
  CHECK_FALSE(result.fault->mapped);
}

TEST_CASE("the fault of a transfer is the one that comes first in its order, whoever meets one first") {
  // Two units of 16384 rows. The last row of the first and all of the other are of a slice where nothing is.
  constexpr uint64_t kRow = 16, kNothing = 0x10000;
  DeviceMemory from(kRow << 14), to(kRow << 15);
  Transfer box;
  box.source = from.address();
  box.destination = to.address();
  box.rowBytes = box.sourcePitch = box.destinationPitch = kRow;
  box.rows = (1 << 14) - 1;
  box.slices = 2;
  box.sourceSlice = kNothing - from.address();
  box.destinationSlice = box.rows * kRow;
  for (unsigned i = 0; i < 100; ++i) {
    const TransferResult result = runWork(box);
    REQUIRE(result.fault);
    REQUIRE(result.fault->address == kNothing);
  }
}

TEST_CASE("a cancelled transfer ends without doing the rest") {
  DeviceMemory from(8 << 20), to(8 << 20);
  std::memset(from.as<uint8_t>(), 1, from.size());
  Transfer copy;
  copy.source = from.address();
  copy.destination = to.address();
  copy.rowBytes = from.size();
  TransferResult result;
  TransferWork work(copy, 0, [&](const TransferResult& r) { result = r; });
  CHECK(work.advance());
  work.cancel();
  while (work.advance()) {
  }
  CHECK(work.finished());
  CHECK(result.cancelled);
  CHECK(*to.as<uint8_t>(to.size() - 1) == 0);
}

TEST_CASE("what is left of a stopped transfer is dropped at once, however much it is") {
  DeviceMemory to(4096);
  Transfer box;
  box.source = 0x1000;  // nothing is there
  box.destination = to.address();
  box.rowBytes = box.sourcePitch = 1 << 18;
  box.rows = 16384;
  box.slices = 2048;
  TransferResult result;
  TransferWork work(box, 0, [&](const TransferResult& r) { result = r; });
  unsigned turns = 0;
  while (work.advance()) ++turns;
  CHECK(turns == 2);
  CHECK(work.finished());
  CHECK(result.fault);
}

TEST_CASE("a kernel that is none of ROCr's is no blit") {
  Gpu gpu(Target::gfx906);
  Kernel kernel(Target::gfx906, "s_load_dwordx8 s[4:11], s[0:1], 0x0\n s_waitcnt lgkmcnt(0)\n");
  AddressSpace::ReadSection section;
  CHECK_FALSE(recogniseBlit(gpu.launch(kernel, 64, 64)));
}
