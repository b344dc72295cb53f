// AQL packets through a queue of their own, with the worker pool behind it.
#include <doctest/doctest.h>
#include <hsa/hsa_ext_amd.h>

#include <atomic>
#include <cstring>
#include <random>
#include <thread>

#include "command/aql_queue.h"
#include "command/faults.h"
#include "command/processor.h"
#include "command_fixture.h"

using namespace softgpu;
using namespace softgpu::test;

namespace {

constexpr uint16_t kBarrier = 1 << HSA_PACKET_HEADER_BARRIER;
constexpr uint32_t kSize = 64;

// Stores 1 to the word at its kernel arguments' address.
const char* const kStoreOne = R"(
  s_load_dwordx2 s[0:1], s[0:1], 0x0
  s_waitcnt lgkmcnt(0)
  v_mov_b32 v0, 1
  v_mov_b32 v1, s0
  v_mov_b32 v2, s1
  flat_store_dword v[1:2], v0
  s_waitcnt vmcnt(0)
)";
const char* const kEndless = "1: s_sleep 1\n s_branch 1b\n";

struct Bench {
  explicit Bench(Target target = Target::gfx906) : gpu(target) {
    std::memset(control.as<uint8_t>(), 0, control.size());
    hsa().hsa_queue.base_address = ring.as<void>();
    hsa().hsa_queue.size = kSize;
    for (uint32_t i = 0; i < kSize; ++i) *ring.as<uint16_t>(i * 64) = HSA_PACKET_TYPE_INVALID;
    inactive = &signals.make(0, 0);
    hsa().queue_inactive_signal.handle = Signals::handle(*inactive);
    queue = std::make_shared<AqlQueue>(hsa(), gpu.model, interrupts);
  }
  ~Bench() { queue->stop(); }

  amd_queue_t& hsa() { return *control.as<amd_queue_t>(); }
  uint64_t readIndex() { return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(hsa().read_dispatch_id)).load(); }
  int64_t error() { return Signals::value(*inactive); }

  void write(uint16_t header, const void* packet) {
    uint8_t* slot = ring.as<uint8_t>(written % kSize * 64);
    std::memcpy(slot + 2, static_cast<const uint8_t*>(packet) + 2, 62);
    std::atomic_ref<uint16_t>(*reinterpret_cast<uint16_t*>(slot)).store(header, std::memory_order_release);
    ++written;
    std::atomic_ref<uint64_t>(const_cast<uint64_t&>(hsa().write_dispatch_id)).store(written);
  }
  template <typename Packet>
  void submit(uint16_t header, const Packet& packet) {
    static_assert(sizeof packet == 64);
    write(header, &packet);
    queue->process();
  }
  hsa_kernel_dispatch_packet_t dispatch(const Kernel& kernel, const amd_signal_t* done = nullptr) {
    hsa_kernel_dispatch_packet_t packet{};
    packet.setup = 1;
    packet.workgroup_size_x = packet.grid_size_x = 64;
    packet.workgroup_size_y = packet.workgroup_size_z = packet.grid_size_y = packet.grid_size_z = 1;
    packet.kernel_object = kernel.object();
    packet.kernarg_address = arguments.as<void>();
    if (done) packet.completion_signal.handle = Signals::handle(*done);
    return packet;
  }
  hsa_barrier_and_packet_t barrier(std::vector<const amd_signal_t*> on, const amd_signal_t* done) {
    hsa_barrier_and_packet_t packet{};
    for (size_t i = 0; i < on.size(); ++i) packet.dep_signal[i].handle = Signals::handle(*on[i]);
    if (done) packet.completion_signal.handle = Signals::handle(*done);
    return packet;
  }
  bool retired() {
    return eventually([&] { return readIndex() == written; });
  }

  Gpu gpu;
  DeviceMemory control{4096}, ring{kSize * 64}, arguments{4096}, data{65536};
  Signals signals;
  RecordedInterrupts interrupts{signals.mailboxes};
  amd_signal_t* inactive = nullptr;
  std::shared_ptr<AqlQueue> queue;
  uint64_t written = 0;
};

}  // namespace

TEST_CASE("a kernel dispatch runs, completes its signal with its times, and gives its slot back") {
  Bench bench;
  Kernel store(Target::gfx906, kStoreOne);
  *bench.arguments.as<uint64_t>() = bench.data.address() + 64;
  amd_signal_t& done = bench.signals.make(1, 3);
  const uint64_t before = gpuTicks();
  bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH | kBarrier, bench.dispatch(store, &done));
  REQUIRE(bench.retired());
  CHECK(Signals::value(done) == 2);
  CHECK(*bench.data.as<uint32_t>(64) == 1);
  CHECK(done.start_ts >= before);
  CHECK(done.end_ts >= done.start_ts);
  CHECK(done.end_ts <= gpuTicks());
  CHECK(*bench.signals.mailboxes.as<uint64_t>(8) == 2);  // its event's id
  CHECK(bench.interrupts.raised() == std::vector<uint32_t>{2});
  CHECK(*bench.ring.as<uint16_t>() == HSA_PACKET_TYPE_INVALID);
  CHECK(bench.error() == 0);
}

TEST_CASE("packets are processed from the moment that their header is valid, in order, around the ring") {
  Bench bench;
  amd_signal_t& done = bench.signals.make(1, 1000);
  for (unsigned i = 0; i < 500; ++i) {
    bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({}, &done));
    REQUIRE(bench.readIndex() == i + 1);
  }
  CHECK(Signals::value(done) == 500);
  // A slot that is reserved and not yet written holds the queue up, and what comes after it.
  const auto packet = bench.barrier({}, &done);
  bench.submit(HSA_PACKET_TYPE_INVALID, packet);
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND, packet);
  CHECK(bench.readIndex() == 500);
  CHECK_FALSE(bench.queue->hasNews());
  *bench.ring.as<uint16_t>(500 % kSize * 64) = HSA_PACKET_TYPE_BARRIER_AND;
  CHECK(bench.queue->hasNews());
  bench.queue->process();
  CHECK(bench.readIndex() == 502);
}

TEST_CASE("barrier packets wait for all or any of their signals") {
  Bench bench;
  amd_signal_t &a = bench.signals.make(1, 1), &b = bench.signals.make(2, -1), &done = bench.signals.make(3, 1);
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({&a, &b}, &done));
  CHECK(bench.queue->blocked());
  a.value = 0;
  bench.queue->process();
  CHECK(Signals::value(done) == 1);
  b.value = 0;
  bench.queue->process();
  CHECK(Signals::value(done) == 0);
  CHECK_FALSE(bench.queue->blocked());

  a.value = 7;
  b.value = 7;
  bench.submit(HSA_PACKET_TYPE_BARRIER_OR, bench.barrier({&a, &b}, &done));
  CHECK(bench.queue->blocked());
  b.value = 0;
  bench.queue->process();
  CHECK(Signals::value(done) == -1);
  bench.submit(HSA_PACKET_TYPE_BARRIER_OR, bench.barrier({}, &done));
  CHECK(Signals::value(done) == -2);
}

TEST_CASE("the barrier bit holds a packet back until the earlier ones have completed; without it they overlap") {
  Bench bench;
  Kernel endless(Target::gfx906, kEndless);
  amd_signal_t& passed = bench.signals.make(1, 2);
  bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, bench.dispatch(endless));
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({}, &passed));
  CHECK(Signals::value(passed) == 1);
  CHECK(bench.readIndex() == 0);  // in order only
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND | kBarrier, bench.barrier({}, &passed));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(Signals::value(passed) == 1);
  const auto before = std::chrono::steady_clock::now();
  bench.queue->stop();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
  CHECK(Signals::value(passed) == 1);
}

TEST_CASE("dispatches that the processor refuses stop the queue with the code for it") {
  Kernel store(Target::gfx906, kStoreOne), wide(Target::gfx906, kStoreOne, {.vgprs = 256});
  using Packet = hsa_kernel_dispatch_packet_t;
  struct Case {
    int64_t code;
    void (*spoil)(Packet&);
  };
  const Case cases[] = {
      {2, [](Packet& p) { p.setup = 0; }},
      {2, [](Packet& p) { p.grid_size_y = 0; }},
      {2, [](Packet& p) { p.workgroup_size_x = 0; }},
      {2, [](Packet& p) { p.grid_size_z = 2; }},  // with one dimension
      {64, [](Packet& p) { p.workgroup_size_x = 1025; }},
      {64, [](Packet& p) { p.setup = 3, p.workgroup_size_x = p.workgroup_size_y = p.workgroup_size_z = 65535; }},
      {4, [](Packet& p) { p.group_segment_size = 65537; }},
      {4, [](Packet& p) { p.group_segment_size = UINT32_MAX; }},
      {8, [](Packet& p) { p.kernel_object = 0; }},
      {8, [](Packet& p) { p.kernel_object += 4; }},
      {8, [](Packet& p) { p.kernel_object = 0xffffffffffffffc0; }},
      {1, [](Packet& p) { p.private_segment_size = 4; }},  // not refused: it asks for scratch
  };
  for (const Case& c : cases) {
    Bench bench;
    Packet packet = bench.dispatch(store);
    c.spoil(packet);
    bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, packet);
    CHECK(bench.error() == c.code);
    CHECK(bench.interrupts.raised() == std::vector<uint32_t>{1});
    CHECK(bench.readIndex() == 0);
  }
  Bench bench;
  Packet packet = bench.dispatch(wide);
  packet.workgroup_size_x = 1024;  // 16 waves of 256 registers
  bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, packet);
  CHECK(bench.error() == 128);
}

TEST_CASE("packets of unknown types and formats stop the queue with the code for it") {
  for (auto [header, format, code] : {std::tuple{4, 0, 32}, {6, 0, 32}, {255, 0, 32}, {0, 0, 256}, {0, 9, 256}}) {
    Bench bench;
    hsa_kernel_dispatch_packet_t packet{};
    packet.setup = static_cast<uint16_t>(format);
    bench.submit(static_cast<uint16_t>(header), packet);
    CHECK(bench.error() == code);
    // A dead queue stays dead.
    amd_signal_t& done = bench.signals.make(5, 1);
    bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({}, &done));
    CHECK(Signals::value(done) == 1);
    CHECK_FALSE(bench.queue->hasNews());
  }
}

TEST_CASE("signals that the GPU may not touch are memory faults") {
  for (uint64_t handle : {uint64_t{0x1000}, UINT64_MAX - 63, uint64_t{1} << 46}) {
    Bench bench;
    hsa_barrier_and_packet_t packet{};
    packet.completion_signal.handle = handle;
    bench.submit(HSA_PACKET_TYPE_BARRIER_AND, packet);
    REQUIRE(bench.interrupts.faults().size() == 1);
    CHECK(bench.interrupts.faults()[0].address == handle);
    CHECK(bench.error() == 0);  // told by the memory event

    Bench other;
    packet = {};
    packet.dep_signal[4].handle = handle;
    other.submit(HSA_PACKET_TYPE_BARRIER_AND, packet);
    CHECK(other.interrupts.faults().size() == 1);
  }
}

TEST_CASE("a queue asks for scratch, waits for the answer and goes on") {
  Bench bench;
  Kernel store(Target::gfx906, kStoreOne);
  *bench.arguments.as<uint64_t>() = bench.data.address();
  amd_signal_t& done = bench.signals.make(1, 1);
  auto packet = bench.dispatch(store, &done);
  packet.private_segment_size = 20;  // 1280 bytes for 64 lanes: 2 KiB for a wave
  bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, packet);
  CHECK(bench.error() == 1);
  CHECK(bench.queue->blocked());
  bench.queue->process();
  CHECK(Signals::value(done) == 1);
  // As ROCr answers: descriptor, size, COMPUTE_TMPRING_SIZE (2 KiB for each of 4 waves), then 0 to the signal.
  DeviceMemory scratch(8192);
  bench.hsa().scratch_resource_descriptor[0] = static_cast<uint32_t>(scratch.address());
  bench.hsa().scratch_resource_descriptor[1] = static_cast<uint32_t>(scratch.address() >> 32);
  bench.hsa().scratch_backing_memory_byte_size = 8192;
  bench.hsa().compute_tmpring_size = 4 | 2 << 12;
  bench.hsa().queue_properties = AMD_QUEUE_PROPERTIES_USE_SCRATCH_ONCE;
  std::atomic_ref<int64_t>(const_cast<int64_t&>(bench.inactive->value)).store(0);
  bench.queue->process();
  REQUIRE(bench.retired());
  CHECK(Signals::value(done) == 0);
  // It was for one dispatch only: ROCr takes it back before anything else runs.
  CHECK(bench.error() == 512);
  amd_signal_t& next = bench.signals.make(2, 1);
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({}, &next));
  CHECK(Signals::value(next) == 1);
  CHECK(bench.queue->blocked());
  std::atomic_ref<int64_t>(const_cast<int64_t&>(bench.inactive->value)).store(0);
  std::atomic_ref<uint32_t>(bench.hsa().queue_properties).store(0);
  bench.queue->process();
  CHECK(Signals::value(next) == 0);
}

TEST_CASE("a kernel's fault stops its queue and says where; its signal never fires") {
  Kernel illegal(Target::gfx906, "s_nop 0\n .long 0xbf9fffff\n"), trap(Target::gfx906, "s_trap 2\n"),
      store(Target::gfx906, kStoreOne);
  {
    Bench bench;
    amd_signal_t& done = bench.signals.make(1, 1);
    bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, bench.dispatch(illegal, &done));
    REQUIRE(eventually([&] { return bench.error() != 0; }));
    CHECK(bench.error() == 0x40000000);
    CHECK(Signals::value(done) == 1);
    const auto report = lastFault(reinterpret_cast<uint64_t>(&bench.hsa()));
    REQUIRE(report);
    CHECK(report->kind == FaultReport::Kind::IllegalInstruction);
    REQUIRE(report->kernel);
    CHECK(report->kernel->object == illegal.object());
    REQUIRE(report->instruction);
    CHECK(report->instruction->text == ".long 0xbf9fffff, 0xbf810000");
    CHECK(report->instruction->pc == illegal.object() + 256 + 4);
    CHECK_FALSE(report->access);
  }
  {
    Bench bench;
    bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, bench.dispatch(trap));
    REQUIRE(eventually([&] { return bench.error() != 0; }));
    CHECK(bench.error() == 0x80000000);
    const auto report = lastFault(reinterpret_cast<uint64_t>(&bench.hsa()));
    REQUIRE(report);
    CHECK(report->kind == FaultReport::Kind::Trap);
    CHECK(report->trap == 2);
    CHECK(report->instruction->text == "s_trap 2");
  }
  {
    Bench bench;
    *bench.arguments.as<uint64_t>() = 0x2004;
    bench.submit(HSA_PACKET_TYPE_KERNEL_DISPATCH, bench.dispatch(store));
    REQUIRE(eventually([&] { return !bench.interrupts.faults().empty(); }));
    CHECK(bench.interrupts.faults()[0].address == 0x2004);
    CHECK(bench.interrupts.faults()[0].write);
    CHECK(bench.error() == 0);
    const auto report = lastFault(reinterpret_cast<uint64_t>(&bench.hsa()));
    REQUIRE(report);
    CHECK(report->kind == FaultReport::Kind::Memory);
    CHECK(report->instruction->text.starts_with("flat_store_dword"));
    CHECK(report->access->address == 0x2004);
    CHECK(report->access->write);
    CHECK(report->access->lane == 0u);
    CHECK(report->access->nearest);
  }
}

TEST_CASE("a suspended queue starts nothing until it goes on") {
  Bench bench;
  amd_signal_t& done = bench.signals.make(1, 1);
  bench.queue->suspend(true);
  bench.submit(HSA_PACKET_TYPE_BARRIER_AND, bench.barrier({}, &done));
  CHECK(Signals::value(done) == 1);
  CHECK_FALSE(bench.queue->hasNews());
  bench.queue->suspend(false);
  CHECK(bench.queue->hasNews());
  bench.queue->process();
  CHECK(Signals::value(done) == 0);
}

TEST_CASE("PM4 in a packet: caches are invalidated, anything else is refused") {
  DeviceMemory buffer(4096);
  auto header = [](uint32_t opcode, uint32_t words) { return 3u << 30 | (words - 2) << 16 | opcode << 8; };
  struct Case {
    std::vector<uint32_t> commands;
    uint32_t size;
    bool good;
  };
  const Case cases[] = {
      {{header(0x58, 7), 0, 0, 0, 0, 0, 0}, 7, true},
      {{header(0x10, 3), 1, 2, header(0x58, 7), 0, 0, 0, 0, 0, 0}, 10, true},
      {{header(0x58, 7), 0, 0}, 3, false},                    // truncated
      {{header(0x79, 3), 0, 0}, 3, false},                    // a register write
      {{0x12345678}, 1, false},                               // no type-3 packet
      {{header(0x58, 7), 0, 0, 0, 0, 0, 0}, 0xfffff, false},  // longer than the memory
  };
  for (const Case& c : cases) {
    Bench bench;
    std::memset(buffer.as<uint8_t>(), 0, buffer.size());
    std::memcpy(buffer.as<uint8_t>(), c.commands.data(), c.commands.size() * 4);
    amd_signal_t& done = bench.signals.make(1, 1);
    uint32_t words[16] = {1u << 16,
                          header(0x3f, 4),
                          static_cast<uint32_t>(buffer.address()),
                          static_cast<uint32_t>(buffer.address() >> 32),
                          c.size | 1u << 23,
                          10};
    const uint64_t handle = Signals::handle(done);
    std::memcpy(&words[14], &handle, 8);
    bench.write(HSA_PACKET_TYPE_VENDOR_SPECIFIC, words);
    bench.queue->process();
    CHECK(Signals::value(done) == (c.good ? 0 : 1));
    CHECK(bench.error() == (c.good ? 0 : 256));
  }
}

TEST_CASE("no bytes in an AQL ring do harm") {
  std::mt19937 random(11);
  Kernel store(Target::gfx906, kStoreOne);
  for (unsigned round = 0; round < 3000; ++round) {
    Bench bench(round % 3 ? Target::gfx906 : Target::gfx803);
    uint32_t words[16];
    for (uint32_t& word : words) word = random();
    // Half of them nearly right, so that the checks behind the first are met too.
    auto packet = bench.dispatch(store);
    if (round % 2) {
      std::memcpy(words, &packet, sizeof words);
      words[random() % 16] = random();
      if (words[7] > 4096) words[7] = 0;  // the grid's z and the private segment: not worth minutes or gigabytes
      for (unsigned i = 3; i < 6; ++i) words[i] %= 200;
    }
    bench.write(static_cast<uint16_t>(round % 2 ? uint32_t{HSA_PACKET_TYPE_KERNEL_DISPATCH} : random()), words);
    bench.queue->process();
  }
}

// What the queue then waits for is a plain store of the host's, which wakes nobody.
TEST_CASE("a watcher that sleeps looks again once another worker has found a queue that must wait") {
  Bench bench;
  PacketProcessor processor(1, bench.interrupts);
  REQUIRE(processor.createAql(bench.hsa(), bench.gpu.model));
  processor.sleep();  // ends at once: the new queue called
  amd_signal_t& gate = bench.signals.make(1, 1);
  amd_signal_t& done = bench.signals.make(2, 1);
  std::atomic<bool> woke{false};
  std::thread watcher([&] {
    processor.sleep();
    woke = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const hsa_barrier_and_packet_t barrier = bench.barrier({&gate}, &done);
  bench.write(HSA_PACKET_TYPE_BARRIER_AND, &barrier);
  processor.poll();
  CHECK(eventually([&] { return woke.load(); }, std::chrono::seconds(2)));
  processor.wake();
  watcher.join();
  std::atomic_ref<int64_t>(const_cast<int64_t&>(gate.value)).store(0);
  CHECK(eventually([&] {
    processor.sleep();
    processor.poll();
    return Signals::value(done) == 0;
  }));
  processor.destroyAll();
}
