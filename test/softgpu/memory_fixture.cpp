#include "memory_fixture.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "isa/micro_op.h"

namespace softgpu::memorytest {

namespace {

constexpr uint64_t kPage = 4096;

std::vector<uint32_t> wordsOf(const std::string& encoding) {
  std::vector<uint8_t> bytes;
  for (size_t at = encoding.find("0x"); at != std::string::npos; at = encoding.find("0x", at + 2)) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(encoding.substr(at, 4), nullptr, 16)));
  }
  std::vector<uint32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), words.size() * 4);
  return words;
}

}  // namespace

std::vector<std::vector<uint32_t>> assemble(Target target, const std::vector<std::string>& lines) {
  char source[] = "/tmp/softgpu-test-XXXXXX";
  const int file = mkstemp(source);
  REQUIRE(file >= 0);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  REQUIRE(write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(file);
  const std::string command = std::string("llvm-mc-19 -triple=amdgcn -mcpu=") + targetName(target) +
                              (target == Target::gfx90a ? " -mattr=-tgsplit" : "") + " -show-encoding " + source +
                              " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::string output;
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, n);
  pclose(pipe);
  unlink(source);

  // Errors name their line; what was assembled comes in order.
  std::vector<std::vector<uint32_t>> result(lines.size());
  std::vector<bool> bad(lines.size());
  std::vector<std::vector<uint32_t>> encoded;
  std::istringstream stream(output);
  for (std::string line; std::getline(stream, line);) {
    const size_t error = line.find(": error:");
    if (error != std::string::npos && line.rfind(source, 0) == 0) {
      bad[std::stoul(line.substr(std::strlen(source) + 1)) - 1] = true;
    } else if (const size_t at = line.find("encoding: ["); at != std::string::npos) {
      encoded.push_back(wordsOf(line.substr(at)));
    }
  }
  size_t next = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!bad[i] && next < encoded.size()) result[i] = encoded[next++];
  }
  REQUIRE(next == encoded.size());
  return result;
}

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
  std::mt19937 random(seed);
  for (uint64_t i = 0; i < bytes_; ++i) data()[i] = static_cast<uint8_t>(random());
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
  static std::map<std::pair<Target, std::string>, std::vector<uint32_t>> known;
  auto& words = known[{target, line}];
  if (words.empty()) words = assemble(target, {line})[0];
  INFO(line);
  return run(words);
}

void MemoryWave::randomize(unsigned first, unsigned count, uint32_t seed) {
  std::mt19937 random(seed);
  for (unsigned i = first * kLanes; i < (first + count) * kLanes; ++i) {
    wave->vgpr[i] = static_cast<uint32_t>(random());
    wave->accVgpr[i] = static_cast<uint32_t>(random());
  }
}

}  // namespace softgpu::memorytest
