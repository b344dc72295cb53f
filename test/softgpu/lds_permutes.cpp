// DS operations that move data between lanes (Vega ISA, 12.13 and 12.13.1).
#include "isa/memory/simd/kernels.h"
#include "memory_fixture.h"

namespace softgpu::memorytest {

namespace {

// The manual's pseudo-code of DS_SWIZZLE_B32.
unsigned swizzleSource(unsigned offset, unsigned i) {
  if (offset >= 0xe000) {
    const unsigned mask = offset & 0x1f;
    unsigned j = 0;
    for (unsigned bit = 0; bit < 5; ++bit) {
      if (i & 1u << bit) j |= 16u >> bit;
    }
    j = j >> std::popcount(mask);
    j |= i & mask;
    return j | (i & 0x20);
  }
  if (offset >= 0xc000) {
    int rotate = static_cast<int>(offset >> 5 & 0x1f);
    const unsigned mask = offset & 0x1f;
    if (offset & 0x400) rotate = -rotate;
    const unsigned j = (i & mask) | ((i + static_cast<unsigned>(rotate)) & ~mask & 0x1f);
    return (j & 0x1f) | (i & 0x20);
  }
  if (offset & 0x8000) return (i & ~3u) + (offset >> (2 * (i % 4)) & 3);
  const unsigned j = (((i & 0x1f) & (offset & 0x1f)) | (offset >> 5 & 0x1f)) ^ (offset >> 10 & 0x1f);
  return j | (i & 0x20);
}

}  // namespace

TEST_CASE("lds: permutes send and fetch between active lanes") {
  for (Target target : {Target::gfx803, Target::gfx900, Target::gfx90a}) {
    MemoryWave w(target);
    for (uint64_t exec : kExecs) {
      w.randomize(20, 3, 1);
      std::vector<uint32_t> sent(kLanes), old(kLanes);
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        w.v(10, lane) = (lane * 37 % 50) * 4 + lane % 4 + 1024 * lane;
        old[lane] = w.v(21, lane);
        if (exec >> lane & 1) sent[(w.v(10, lane) + 8) / 4 % 64] = w.v(20, lane);
      }
      w.wave->setExec(exec);
      REQUIRE(w.run("ds_permute_b32 v21, v10, v20 offset:8"));
      REQUIRE(w.run("ds_bpermute_b32 v22, v10, v20 offset:8"));
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const unsigned from = (w.v(10, lane) + 8) / 4 % 64;
        CHECK(w.v(21, lane) == (exec >> lane & 1 ? sent[lane] : old[lane]));
        if (exec >> lane & 1) CHECK(w.v(22, lane) == (exec >> from & 1 ? w.v(20, from) : 0));
      }
    }
    // In place.
    w.wave->setExec(kAll);
    for (unsigned lane = 0; lane < kLanes; ++lane) w.v(10, lane) = (63 - lane) * 4;
    REQUIRE(w.run("ds_bpermute_b32 v10, v10, v10"));
    for (unsigned lane = 0; lane < kLanes; ++lane) CHECK(w.v(10, lane) == lane * 4);
  }
}

TEST_CASE("lds: swizzles of every mode") {
  MemoryWave w(Target::gfx900);
  std::vector<unsigned> patterns;
  for (unsigned mask : {0u, 1u, 3u, 7u, 0x10u, 0x15u, 0x1fu}) {
    patterns.push_back(0xe000 | mask);
    for (unsigned turn : {0u, 1u, 5u, 31u}) {
      patterns.push_back(0xc000 | turn << 5 | mask);
      patterns.push_back(0xc400 | turn << 5 | mask);
      patterns.push_back(turn << 10 | 3 << 5 | mask);
      patterns.push_back(turn << 10 | turn << 5 | mask);
    }
  }
  for (unsigned quad : {0x1bu, 0xe4u, 0x00u, 0xb1u}) patterns.push_back(0x8000 | quad);
  std::vector<std::string> lines;
  for (unsigned pattern : patterns) lines.push_back("ds_swizzle_b32 v21, v20 offset:" + std::to_string(pattern));
  const auto words = test::assembleAll(Target::gfx900, lines);
  for (size_t i = 0; i < patterns.size(); ++i) {
    for (uint64_t exec : kExecs) {
      w.randomize(20, 2, 1);
      const uint32_t kept = w.v(21, 7);
      w.wave->setExec(exec);
      REQUIRE(w.run(words[i]));
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const unsigned from = swizzleSource(patterns[i], lane);
        if (exec >> lane & 1) wrong += w.v(21, lane) != (exec >> from & 1 ? w.v(20, from) : 0);
      }
      INFO("pattern " << patterns[i] << " exec " << exec);
      CHECK(wrong == 0);
      if (!(exec >> 7 & 1)) CHECK(w.v(21, 7) == kept);
    }
  }
}

TEST_CASE("lds: every host level fetches the same lanes") {
  std::mt19937 random(8);
  uint32_t data[kLanes], from[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    data[lane] = static_cast<uint32_t>(random());
    from[lane] = static_cast<uint32_t>(random());
  }
  for (const char* level : {"portable", "avx2", "avx512"}) {
    const MemoryKernels* kernels = memoryKernelsNamed(level);
    if (!kernels) continue;
    for (uint64_t exec : kExecs) {
      uint32_t result[kLanes];
      std::memset(result, 0xee, sizeof result);
      kernels->pull(result, data, from, exec);
      unsigned wrong = 0;
      for (unsigned lane = 0; lane < kLanes; ++lane) {
        const uint32_t fetched = exec >> from[lane] % 64 & 1 ? data[from[lane] % 64] : 0;
        wrong += result[lane] != (exec >> lane & 1 ? fetched : 0xeeeeeeee);
      }
      INFO(level << " exec " << exec);
      CHECK(wrong == 0);
    }
  }
}

}  // namespace softgpu::memorytest
