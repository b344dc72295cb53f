// What a bad address does: the wave stops with the lowest offending lane's address, and nothing outside is touched.
#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

constexpr uint64_t kBytes = 8192;

// Every lane at its own dword of the memory's last page.
void spread(MemoryWave& w, const MappedMemory& memory) {
  for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, memory.begin() + 4096 + lane * 16);
}

}  // namespace

TEST_CASE("memory: a fault names the lowest bad lane, its address and whether it wrote") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  memory.fill(1);
  const std::vector<uint8_t> before(memory.data(), memory.data() + kBytes);
  for (bool write : {false, true}) {
    spread(w, memory);
    w.set64(10, 17, memory.end() + 100);
    w.set64(10, 40, 0);
    w.wave->setExec(kAll);
    CHECK_FALSE(w.run(write ? "global_store_dword v[10:11], v20, off" : "global_load_dword v20, v[10:11], off"));
    CHECK(w.wave->fault.kind == FaultKind::MemoryAccess);
    CHECK(w.wave->fault.lane == 17);
    CHECK(w.wave->fault.address == memory.end() + 100);
    CHECK(w.wave->fault.write == write);
    CHECK(w.wave->fault.pc == w.wave->steppedPc);
    CHECK(w.wave->fault.instruction.find(write ? "global_store_dword" : "global_load_dword") != std::string::npos);
    CHECK(std::memcmp(before.data(), memory.data(), kBytes) == 0);
    // The same addresses in lanes that are off harm nobody.
    w.wave->setExec(~(1ull << 17 | 1ull << 40));
    CHECK(w.run("global_load_dword v20, v[10:11], off"));
  }
}

TEST_CASE("memory: the last byte of a range is reached and the next is not") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  memory.fill(2);
  const struct {
    const char* name;
    unsigned bytes;
  } accesses[] = {{"ubyte", 1}, {"ushort", 2}, {"dword", 4}, {"dwordx2", 8}, {"dwordx3", 12}, {"dwordx4", 16}};
  for (const auto& access : accesses) {
    const std::string line = std::string("global_load_") + access.name + " v" +
                             (access.bytes > 4 ? "[20:" + std::to_string(19 + access.bytes / 4) + "]" : "20") +
                             ", v[10:11], off";
    for (uint64_t exec : {kAll, uint64_t{1} << 63, uint64_t{0x8000000000000001}}) {
      w.wave->setExec(exec);
      for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, memory.end() - access.bytes * (kLanes - lane));
      INFO(line << " exec " << exec);
      CHECK(w.run(line));
      for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, w.v64(10, lane) + 1);
      CHECK_FALSE(w.run(line));
      CHECK(w.wave->fault.lane == 63);
      CHECK(w.wave->fault.address == memory.end());
      // Before the first byte.
      for (unsigned lane = 0; lane < kLanes; ++lane) w.set64(10, lane, memory.begin() - 1 + access.bytes * lane);
      CHECK(w.run(line) == !(exec & 1));
      if (exec & 1) CHECK(w.wave->fault.address == memory.begin() - 1);
    }
  }
}

TEST_CASE("memory: lanes in different ranges are all reached, wherever the ranges lie") {
  MemoryWave w(Target::gfx900);
  MappedMemory near(kBytes), other(4096 * 3);
  near.fill(3);
  other.fill(4);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    w.set64(10, lane, (lane % 2 ? near.begin() : other.begin()) + lane * 4);
  }
  REQUIRE(w.run("global_load_dword v20, v[10:11], off"));
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    CHECK(w.v(20, lane) == (lane % 2 ? near : other).get<uint32_t>(lane * 4));
  }
}

TEST_CASE("memory: 64-bit offsets of a scalar base reach no further than the range") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  w.wave->setPair(4, memory.begin());
  for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = lane == 5 ? 0xfffffffc : lane * 4;
  CHECK_FALSE(w.run("global_load_dword v20, v10, s[4:5]"));
  CHECK(w.wave->fault.lane == 5);
  CHECK(w.wave->fault.address == memory.begin() + 0xfffffffc);
}

TEST_CASE("memory: unaligned atomics fault") {
  MemoryWave w(Target::gfx90a);
  MappedMemory memory(kBytes);
  for (const char* line : {"global_atomic_add v[10:11], v20, off", "flat_atomic_add_x2 v[10:11], v[20:21]",
                           "global_atomic_add_f64 v[10:11], v[20:21], off"}) {
    spread(w, memory);
    w.set64(10, 9, memory.begin() + 4098);
    w.wave->setExec(kAll);
    CHECK_FALSE(w.run(line));
    CHECK(w.wave->fault.lane == 9);
    CHECK(w.wave->fault.address == memory.begin() + 4098);
    CHECK(w.wave->fault.write);
  }
}

TEST_CASE("memory: another agent's memory is out of reach") {
  MemoryWave w(Target::gfx900);
  MappedMemory memory(kBytes);
  spread(w, memory);
  w.wave->agent = 1;
  CHECK_FALSE(w.run("global_load_dword v20, v[10:11], off"));
  CHECK(w.wave->fault.address == memory.begin() + 4096);
}

}  // namespace softgpu::memorytest
