#include "memory_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include "coverage.h"
#include "isa/micro_op.h"

namespace softgpu::memorytest {

namespace {

constexpr uint64_t kPage = 4096;

}  // namespace

MappedMemory::MappedMemory(uint64_t bytes) : bytes_(bytes), reserved_((bytes + kPage - 1) / kPage * kPage + 2 * kPage) {
  void* place = mmap(nullptr, reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(place != MAP_FAILED);
  // The memory ends where its last page ends, so that a byte too far is a signal.
  const uint64_t usable = reserved_ - 2 * kPage;
  REQUIRE(mprotect(static_cast<uint8_t*>(place) + kPage, usable, PROT_READ | PROT_WRITE) == 0);
  begin_ = reinterpret_cast<uint64_t>(place) + kPage + usable - bytes;
  AddressSpace::instance().map(begin_, bytes_, 1);
}

MappedMemory::~MappedMemory() {
  AddressSpace::instance().unmap(begin_);
  munmap(reinterpret_cast<void*>(begin_ + bytes_ + kPage - reserved_), reserved_);
}

void MappedMemory::fill(uint32_t seed) {
  std::mt19937_64 random(seed);
  for (uint64_t i = 0; i < bytes_; i += 8) {
    const uint64_t value = random();
    std::memcpy(data() + i, &value, std::min<uint64_t>(8, bytes_ - i));
  }
}

MemoryWave::MemoryWave(Target t)
    : target(t), vgprs_(Wave::kRows * kLanes + 16), accVgprs_(vgprs_.size()), lds_(kLdsBytes / 4 + 16) {
  const auto align = [](uint32_t* p) { return p + (64 - reinterpret_cast<uintptr_t>(p) % 64) % 64 / 4; };
  wave->target = target;
  wave->vgpr = align(vgprs_.data());
  wave->accVgpr = align(accVgprs_.data());
  wave->vgprCount = 256;
  wave->mode = mode::kFloatDefault;
  wave->lds = reinterpret_cast<uint8_t*>(align(lds_.data()));
  wave->ldsBytes = kLdsBytes;
  wave->sharedAperture = kSharedAperture;
  wave->privateAperture = kPrivateAperture;
  wave->sgpr[operand::kM0] = ~0u;
  wave->setExec(kAll);
  AddressSpace::ReadSection section;
  region_ = CodeRegion::find(code_.begin(), 0, target);
  wave->code = region_.get();
  wave->steppedPc = code_.begin();
}

bool MemoryWave::implemented(const std::vector<uint32_t>& words) {
  Instruction in;
  MicroOp op;
  REQUIRE(decode(words.data(), static_cast<uint32_t>(words.size()), target, in));
  return (in.encoding == Encoding::DS ? lowerLds : lowerMemory)(in, target, op) != nullptr;
}

bool MemoryWave::run(const std::vector<uint32_t>& words) {
  REQUIRE(!words.empty());
  std::memcpy(code_.data(), words.data(), words.size() * 4);
  Instruction in;
  REQUIRE(decode(words.data(), static_cast<uint32_t>(words.size()), target, in));
  MicroOp ops[8];
  ops[0].opcode = in.opcode;
  ops[0].words = in.words;
  const Handler handler = (in.encoding == Encoding::DS ? lowerLds : lowerMemory)(in, target, ops[0]);
  REQUIRE((handler != nullptr));
  test::covers(in.opcode);
  wave->stop = Stop::None;
  wave->fault = {};
  AddressSpace::ReadSection section;
  for (unsigned i = 0; i < Wave::kRanges; ++i) wave->rangeBegin[i] = wave->rangeEnd[i] = 0;
  const MicroOp* following = handler(*wave, ops);
  if (following) CHECK(following == ops + in.words);
  CHECK((following == nullptr) == (wave->stop == Stop::Fault));
  return following != nullptr;
}

bool MemoryWave::run(const std::string& line) {
  INFO(line);
  return run(test::assemble(target, line));
}

void MemoryWave::randomize(unsigned first, unsigned count, uint32_t seed) {
  std::mt19937 random(seed);
  for (unsigned i = first * kLanes; i < (first + count) * kLanes; ++i) {
    wave->vgpr[i] = static_cast<uint32_t>(random());
    wave->accVgpr[i] = static_cast<uint32_t>(random());
  }
}

}  // namespace softgpu::memorytest
