// The copy engine: packets written here from the field layouts that sdma_registers.h (ROCr 5.2.3) gives.
#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <thread>

#include "command/sdma_queue.h"
#include "command_fixture.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

using Words = std::vector<uint32_t>;

uint32_t low(uint64_t value) {
  return static_cast<uint32_t>(value);
}
uint32_t high(uint64_t value) {
  return static_cast<uint32_t>(value >> 32);
}

Words copyPacket(uint64_t to, uint64_t from, uint32_t count) {
  return {1, count, 0, low(from), high(from), low(to), high(to)};
}
Words fillPacket(uint64_t to, uint32_t value, uint32_t count, uint32_t size = 2) {
  return {11u | size << 30, low(to), high(to), value, count};
}
Words fencePacket(uint64_t to, uint32_t value) {
  return {5, low(to), high(to), value};
}
Words trapPacket(uint32_t event) {
  return {6, event};
}
Words pollPacket(uint64_t at, uint32_t value, uint32_t condition = 3) {
  return {8u | condition << 28 | 1u << 31, low(at), high(at), value, 0xffffffff, 0x0fff0004};
}
Words addPacket(uint64_t at, uint64_t value) {
  return {10u | 47u << 25, low(at), high(at), low(value), high(value), 0, 0, 0};
}
Words timePacket(uint64_t at) {
  return {13u | 2u << 8, low(at), high(at)};
}

struct Engine {
  explicit Engine(Target target = Target::gfx906) : gpu(target) {
    queue = std::make_shared<SdmaQueue>(ring.address(), ring.size(), gpu.model, interrupts);
  }
  ~Engine() { queue->stop(); }

  void write(const Words& packet) {
    for (uint32_t word : packet) {
      std::memcpy(ring.as<uint8_t>(written % ring.size()), &word, 4);
      written += 4;
    }
  }
  void ring_() {
    const bool offsets = gpu.model.target == Target::gfx803;
    std::atomic_ref<uint64_t>(queue->pointers().write).store(offsets ? written % ring.size() : written);
    queue->process();
  }
  void submit(const Words& packet) {
    write(packet);
    ring_();
  }
  uint64_t readPointer() { return std::atomic_ref<uint64_t>(queue->pointers().read).load(); }
  bool drained() {
    const bool offsets = gpu.model.target == Target::gfx803;
    return eventually([&] { return readPointer() == (offsets ? written % ring.size() : written); });
  }

  Gpu gpu;
  DeviceMemory ring{65536}, memory{16 << 20};
  Signals signals;
  RecordedInterrupts interrupts{signals.mailboxes};
  std::shared_ptr<SdmaQueue> queue;
  uint64_t written = 0;
};

}  // namespace

TEST_CASE("SDMA copies count bytes less one, on gfx8 bytes") {
  for (auto [target, count] : {std::pair{Target::gfx906, 99u}, {Target::gfx90a, 99u}, {Target::gfx803, 100u}}) {
    Engine engine(target);
    for (unsigned i = 0; i < 200; ++i) *engine.memory.as<uint8_t>(i) = static_cast<uint8_t>(i + 1);
    engine.submit(copyPacket(engine.memory.address() + 1001, engine.memory.address() + 3, count));
    CHECK(engine.drained());
    for (unsigned i = 0; i < 100; ++i) CHECK(*engine.memory.as<uint8_t>(1001 + i) == i + 4);
    CHECK(*engine.memory.as<uint8_t>(1000) == 0);
    CHECK(*engine.memory.as<uint8_t>(1101) == 0);
  }
}

TEST_CASE("SDMA copies that continue each other go together, and what follows waits for them") {
  Engine engine;
  constexpr uint64_t kHalf = 7 << 20, kPacket = 1 << 20;
  auto* words = engine.memory.as<uint32_t>();
  for (uint64_t i = 0; i < kHalf / 4; ++i) words[i] = static_cast<uint32_t>(i * 2654435761u);
  const uint64_t base = engine.memory.address(), flag = base + (15 << 20);
  for (uint64_t at = 0; at < kHalf; at += kPacket) engine.write(copyPacket(base + kHalf + at, base + at, kPacket - 1));
  engine.write(fencePacket(flag, 0xabcd));
  engine.write(trapPacket(9));
  engine.ring_();
  CHECK(eventually([&] { return std::atomic_ref<uint32_t>(*engine.memory.as<uint32_t>(15 << 20)).load() == 0xabcd; }));
  CHECK(std::memcmp(words, engine.memory.as<uint8_t>(kHalf), kHalf) == 0);
  CHECK(engine.drained());
  CHECK(engine.interrupts.raised() == std::vector<uint32_t>{9});
}

TEST_CASE("SDMA fills in elements of one, two and four bytes") {
  Engine engine;
  const uint64_t base = engine.memory.address();
  engine.submit(fillPacket(base + 64, 0x11223344, (10 - 1) * 4));
  engine.submit(fillPacket(base + 256 + 2, 0x5566, (5 - 1) * 2, 1));
  engine.submit(fillPacket(base + 512 + 1, 0x77, 3 - 1, 0));
  CHECK(engine.drained());
  for (unsigned i = 0; i < 10; ++i) CHECK(*engine.memory.as<uint32_t>(64 + i * 4) == 0x11223344);
  CHECK(*engine.memory.as<uint32_t>(60) == 0);
  CHECK(*engine.memory.as<uint32_t>(104) == 0);
  for (unsigned i = 0; i < 5; ++i) CHECK(*engine.memory.as<uint16_t>(258 + i * 2) == 0x5566);
  CHECK(*engine.memory.as<uint16_t>(268) == 0);
  for (unsigned i = 0; i < 3; ++i) CHECK(*engine.memory.as<uint8_t>(513 + i) == 0x77);
  CHECK(*engine.memory.as<uint8_t>(516) == 0);
}

TEST_CASE("SDMA polls memory, adds to signals and tells the time, in order") {
  Engine engine;
  auto* word = engine.memory.as<volatile uint32_t>(0);
  auto* sum = engine.memory.as<volatile uint64_t>(64);
  auto* time = engine.memory.as<volatile uint64_t>(128);
  const uint64_t base = engine.memory.address();
  *word = 5;
  *sum = 1000;
  const uint64_t before = gpuTicks();
  engine.write(pollPacket(base, 0));
  engine.write(timePacket(base + 128));
  engine.write(addPacket(base + 64, UINT64_MAX));
  engine.ring_();
  CHECK(engine.queue->blocked());
  CHECK(engine.readPointer() == 0);
  CHECK(*sum == 1000);
  *word = 0;
  engine.queue->process();
  CHECK(engine.drained());
  CHECK(*sum == 999);
  CHECK(*time >= before);
  CHECK(*time <= gpuTicks());
}

TEST_CASE("SDMA conditions") {
  // value, condition, reference, holds
  const std::tuple<uint32_t, uint32_t, uint32_t, bool> rows[] = {
      {9, 0, 1, true},  {1, 1, 2, true},  {2, 1, 2, false}, {2, 2, 2, true},  {3, 2, 2, false},
      {4, 3, 4, true},  {4, 3, 5, false}, {4, 4, 5, true},  {5, 4, 5, false}, {5, 5, 5, true},
      {4, 5, 5, false}, {6, 6, 5, true},  {5, 6, 5, false},
  };
  for (auto [value, condition, reference, holds] : rows) {
    Engine engine;
    *engine.memory.as<uint32_t>(0) = value;
    engine.submit(pollPacket(engine.memory.address(), reference, condition));
    CHECK(engine.queue->blocked() == !holds);
  }
}

TEST_CASE("SDMA copies boxes") {
  Engine engine;
  // 6 x 3 x 2 elements of 4 bytes, from (2, 1, 1) in rows of 16 and slices of 80, to (1, 2, 0) in rows of 8 and slices
  // of 64.
  auto* from = engine.memory.as<uint32_t>(0);
  auto* to = engine.memory.as<uint32_t>(1 << 16);
  for (unsigned i = 0; i < 80 * 4; ++i) from[i] = i + 1;
  const uint64_t source = engine.memory.address(), destination = source + (1 << 16);
  engine.submit({1u | 4u << 8 | 2u << 29, low(source), high(source), 2u | 1u << 16, 1u | (16 - 1) << 13, 80 - 1,
                 low(destination), high(destination), 1u | 2u << 16, 0u | (8 - 1) << 13, 64 - 1,
                 (6 - 1) | (3 - 1) << 16, 2 - 1});
  CHECK(engine.drained());
  for (unsigned z = 0; z < 3; ++z) {
    for (unsigned y = 0; y < 8; ++y) {
      for (unsigned x = 0; x < 8; ++x) {
        const bool inside = x >= 1 && x < 7 && y >= 2 && y < 5 && z < 2;
        const uint32_t wanted = inside ? from[(z + 1) * 80 + (y - 2 + 1) * 16 + (x - 1 + 2)] : 0;
        CHECK(to[z * 64 + y * 8 + x] == wanted);
      }
    }
  }
}

TEST_CASE("SDMA skips padding and payload of no-ops, cache requests and register polls") {
  Engine engine;
  engine.write(Words(40, 0));
  engine.write({3u << 16, 0xdeadbeef, 0xdeadbeef, 0xdeadbeef});
  engine.write({17u | 1u << 8, 0, 0, 0, 0});
  engine.write({8, 0, 0x80000000, 0, 0, 0});  // the host-data-path flush that ROCr sends on gfx9
  engine.write(fencePacket(engine.memory.address(), 77));
  engine.ring_();
  CHECK(engine.drained());
  CHECK(*engine.memory.as<uint32_t>(0) == 77);
}

TEST_CASE("SDMA waits for the rest of a packet that is not all there") {
  Engine engine;
  const Words packet = fencePacket(engine.memory.address(), 5);
  for (uint32_t word : packet) {
    CHECK(engine.readPointer() == 0);
    engine.submit({word});
  }
  CHECK(engine.drained());
  CHECK(*engine.memory.as<uint32_t>(0) == 5);
  CHECK(engine.interrupts.faults().empty());
}

TEST_CASE("SDMA goes round its ring, in both ways of counting") {
  for (Target target : {Target::gfx900, Target::gfx803}) {
    Engine engine(target);
    for (unsigned i = 0; i < 5000; ++i) {
      engine.submit(fencePacket(engine.memory.address() + i % 100 * 4, i));
      REQUIRE(engine.drained());
    }
    CHECK(*engine.memory.as<uint32_t>(99 * 4) == 4999);
  }
}

TEST_CASE("SDMA addresses that the GPU may not touch are memory faults, and the queue stops") {
  const uint64_t wild = 0x10000;
  Engine probe;
  const uint64_t good = probe.memory.address(), end = good + probe.memory.size();
  struct Case {
    Words packet;
    uint64_t address;
    bool write;
  };
  const Case cases[] = {
      {copyPacket(wild, good, 7), wild, true},
      {copyPacket(good, wild, 7), wild, false},
      {copyPacket(good, end - 4, 7), end, false},
      {copyPacket(end - 4, good, (4 << 20) - 1), end, true},
      {copyPacket(UINT64_MAX - 3, good, 7), UINT64_MAX - 3, true},
      {fillPacket(end - 8, 1, (100 - 1) * 4), end, true},
      {fencePacket(wild, 1), wild, true},
      {fencePacket(good + 1, 1), good + 1, true},  // unaligned
      {addPacket(end - 4, 1), end - 4, true},
      {timePacket(wild), wild, true},
      {pollPacket(wild, 0), wild, false},
  };
  for (const Case& c : cases) {
    Engine engine;
    // Nothing else may lie behind the probe's memory for the cases at its end to be sure.
    {
      AddressSpace::ReadSection section;
      if (AddressSpace::instance().find(end, 0)) continue;
    }
    engine.submit(c.packet);
    engine.submit(fencePacket(engine.memory.address(), 1));
    REQUIRE(eventually([&] { return !engine.interrupts.faults().empty(); }));
    const MemoryFault fault = engine.interrupts.faults().front();
    CHECK(fault.address == c.address);
    CHECK(fault.write == c.write);
    CHECK(*engine.memory.as<uint32_t>(0) == 0);
  }
}

TEST_CASE("SDMA packets that mean nothing stop the queue") {
  for (const Words& packet :
       {Words{2, 0, 0, 0}, Words{1u | 9u << 8, 0, 0, 0, 0, 0, 0}, Words{10u | 3u << 25, 0, 0, 0, 0, 0, 0, 0},
        Words{13, 0, 0}, Words{11u | 3u << 30, 0, 0, 0, 0}, Words{8u | 7u << 28 | 1u << 31, 0, 0, 0, 0, 0},
        Words{1u | 4u << 8 | 7u << 29, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Words{0xffffffff}}) {
    Engine engine;
    engine.submit(packet);
    CHECK(engine.interrupts.faults().size() == 1);
    CHECK(engine.readPointer() == 0);
    CHECK_FALSE(engine.queue->hasNews());
  }
}

TEST_CASE("no bytes in an SDMA ring do harm") {
  std::mt19937 random(7);
  for (unsigned round = 0; round < 3000; ++round) {
    Engine engine(round % 2 ? Target::gfx906 : Target::gfx90a);
    for (unsigned i = 0; i < 40; ++i) {
      uint32_t word = random();
      // Headers of packets that exist, now and then, so that their fields are met with noise too.
      if (i % 7 == 0) word = (word & 0xe0000000) | (random() % 18) | (random() % 5) << 8 | (47u << 25) * (random() % 2);
      engine.write({word});
    }
    engine.ring_();
  }
}
