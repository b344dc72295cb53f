#include "harness.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>

namespace softgpu::test {
namespace {

// Between the programs of one assembly; no instruction looks like this four times in a row.
constexpr uint32_t kMarker = 0xfeedc0de;
constexpr unsigned kMarkerLength = 4;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "softgpu-test-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void command(const std::string& line) {
  if (std::system(line.c_str()) != 0) throw std::runtime_error("failed: " + line);
}

// The .text section of an ELF object.
std::vector<uint32_t> textOf(const std::string& object) {
  const auto at = [&]<class T>(size_t offset, T) {
    T value;
    std::memcpy(&value, object.data() + offset, sizeof value);
    return value;
  };
  const auto header = at(0, Elf64_Ehdr{});
  const auto section = [&](size_t n) { return at(header.e_shoff + n * sizeof(Elf64_Shdr), Elf64_Shdr{}); };
  const auto names = section(header.e_shstrndx);
  for (size_t n = 0; n < header.e_shnum; ++n) {
    const auto one = section(n);
    if (std::string(object.data() + names.sh_offset + one.sh_name) != ".text") continue;
    std::vector<uint32_t> words(one.sh_size / 4);
    std::memcpy(words.data(), object.data() + one.sh_offset, words.size() * 4);
    return words;
  }
  throw std::runtime_error("an object without .text");
}

std::vector<uint32_t> assembleText(Target target, const std::string& text) {
  TemporaryDirectory directory;
  const std::string source = directory.file("in.s"), object = directory.file("out.o");
  std::ofstream(source) << ".text\n" << text << '\n';
  command("llvm-mc-19 -triple=amdgcn-amd-amdhsa -mcpu=" + std::string(targetName(target)) + " -filetype=obj -o " +
          object + " " + source);
  std::ifstream in(object, std::ios::binary);
  return textOf(std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
}

std::mutex assembledMutex;
std::map<std::pair<Target, std::string>, std::vector<uint32_t>> assembled;

}  // namespace

std::vector<uint32_t> assemble(Target target, const std::string& text) {
  return assembleAll(target, {text}).front();
}

std::vector<std::vector<uint32_t>> assembleAll(Target target, const std::vector<std::string>& texts) {
  std::lock_guard lock(assembledMutex);
  std::string missing;
  std::vector<const std::string*> wanted;
  for (const std::string& text : texts) {
    if (assembled.contains({target, text})) continue;
    missing += text + '\n';
    for (unsigned i = 0; i < kMarkerLength; ++i) missing += ".long " + std::to_string(kMarker) + '\n';
    wanted.push_back(&text);
  }
  if (!wanted.empty()) {
    const std::vector<uint32_t> words = assembleText(target, missing);
    const std::vector<uint32_t> marker(kMarkerLength, kMarker);
    auto at = words.begin();
    for (const std::string* text : wanted) {
      auto end = std::search(at, words.end(), marker.begin(), marker.end());
      assembled[{target, *text}] = std::vector<uint32_t>(at, end);
      at = end + kMarkerLength;
    }
  }
  std::vector<std::vector<uint32_t>> programs;
  for (const std::string& text : texts) programs.push_back(assembled.at({target, text}));
  return programs;
}

// A page on each side that nobody may touch: what runs over an end must not find a neighbour there.
constexpr size_t kGuard = 4096;

DeviceMemory::DeviceMemory(size_t bytes, AgentMask agents) : size_((bytes + 4095) & ~size_t{4095}) {
  void* memory = mmap(nullptr, size_ + 2 * kGuard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  bytes_ = static_cast<uint8_t*>(memory) + kGuard;
  if (mprotect(bytes_, size_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  AddressSpace::instance().map(address(), size_, agents);
}

DeviceMemory::~DeviceMemory() {
  AddressSpace::instance().unmap(address());
  invalidateCode(address(), size_);
  munmap(bytes_ - kGuard, size_ + 2 * kGuard);
}

WaveTest::WaveTest(Target target)
    : slot_(GroupSlot::take(1)), wave(*slot_->group.waves[0]), code_(65536), codeSet_(0, target) {
  slot_->group.code = &codeSet_;
  slot_->group.ldsBytes = GroupSlot::kMaxLds;
  std::memset(wave.sgpr, 0, sizeof wave.sgpr);
  std::memset(wave.vgpr, 0, Wave::kRows * kLanes * 4);
  std::memset(slot_->group.lds, 0, GroupSlot::kMaxLds);
  wave.target = target;
  wave.agent = 0;
  wave.waveInGroup = 0;
  wave.vgprCount = 256;
  wave.sgprCount = 104;
  wave.scc = false;
  wave.mode = mode::kFloatDefault | mode::kIeee | mode::kDx10Clamp;
  wave.status = wave.trapStatus = 0;
  wave.lds = slot_->group.lds;
  wave.ldsBytes = slot_->group.ldsBytes;
  wave.sharedAperture = 0x0001000000000000;
  wave.privateAperture = 0x0002000000000000;
  wave.scratch = 0;
  wave.scratchPerLane = 0;
  wave.executed = 0;
  wave.stepping = false;
  wave.setExec(~uint64_t{0});
}

WaveTest::~WaveTest() {
  GroupSlot::give(std::move(slot_));
}

Stop WaveTest::run(const std::string& text, unsigned slices) {
  return run(assemble(wave.target, text + "\ns_endpgm"), slices);
}

Stop WaveTest::run(const std::vector<uint32_t>& code, unsigned slices) {
  if (code.size() * 4 > code_.size()) throw std::runtime_error("the program is too long");
  if (code != last_) {
    std::memset(code_.as<uint8_t>(), 0, code_.size());
    std::memcpy(code_.as<uint8_t>(), code.data(), code.size() * 4);
    invalidateCode(code_.address(), code_.size());
    last_ = code;
  }
  AddressSpace::ReadSection section;
  wave.fault = {};
  wave.code = codeSet_.refresh(code_.address());
  wave.ip = wave.code->at(code_.address());
  slot_->group.begin(1);
  for (unsigned slice = 0; slice < slices; ++slice) {
    softgpu::run(wave);
    if (wave.stop == Stop::Ended || wave.stop == Stop::Fault) return wave.stop;
  }
  return Stop::Yield;
}

void WaveTest::setV64(unsigned row, unsigned lane, uint64_t value) {
  v(row, lane) = static_cast<uint32_t>(value);
  v(row + 1, lane) = static_cast<uint32_t>(value >> 32);
}

namespace {

constexpr uint64_t kCodeOffset = 256;

}  // namespace

Kernel::Kernel(Target target, const std::string& text, const KernelOptions& o) : memory_(65536) {
  const std::vector<uint32_t> code = assemble(target, text + "\ns_endpgm");
  if (code.size() * 4 + kCodeOffset > memory_.size()) throw std::runtime_error("the kernel is too long");
  std::memcpy(memory_.as<uint8_t>(kCodeOffset), code.data(), code.size() * 4);
  unsigned user = 0;
  uint32_t properties = 0;
  auto property = [&](bool wanted, unsigned bit, unsigned sgprs) {
    if (!wanted) return;
    properties |= 1u << bit;
    user += sgprs;
  };
  property(o.privateSegmentBuffer, 0, 4);
  property(o.dispatchPacket, 1, 2);
  property(o.queue, 2, 2);
  property(o.kernarg, 3, 2);
  property(o.dispatchId, 4, 2);
  property(o.flatScratchInit, 5, 2);
  property(o.privateSegmentSize, 6, 1);
  const bool gfx90a = target == Target::gfx90a;
  const uint32_t vgprs = gfx90a ? o.accumOffset + o.vgprs : o.vgprs, granule = gfx90a ? 8 : 4;
  *memory_.as<uint64_t>(16) = kCodeOffset;
  *memory_.as<uint32_t>(44) = gfx90a ? o.accumOffset / 4 - 1 : 0;
  *memory_.as<uint32_t>(48) =
      ((vgprs + granule - 1) / granule - 1) | (o.sgprs / 8 - 1) << 6 | 0xf0u << 12 | 1u << 21 | 1u << 23;
  *memory_.as<uint32_t>(52) = uint32_t{o.scratchOffset} | user << 1 | uint32_t{o.groupIdX} << 7 |
                              uint32_t{o.groupIdY} << 8 | uint32_t{o.groupIdZ} << 9 | uint32_t{o.groupInfo} << 10 |
                              o.workItemIds << 11;
  *memory_.as<uint16_t>(56) = static_cast<uint16_t>(properties);
}

namespace {

class TestSource final : public PacketSource {
 public:
  static TestSource& instance() {
    static TestSource& source = *new TestSource;
    return source;
  }

  void add(std::shared_ptr<Work> work) {
    std::lock_guard lock(mutex_);
    added_.push_back(std::move(work));
    rung_ = true;
    wake_.notify_one();
  }

  bool poll() override {
    std::deque<std::shared_ptr<Work>> added;
    {
      std::lock_guard lock(mutex_);
      added.swap(added_);
    }
    for (auto& work : added) Scheduler::instance().submit(std::move(work));
    return !added.empty();
  }
  void sleep() override {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return rung_; });
    rung_ = false;
  }
  void wake() override {
    std::lock_guard lock(mutex_);
    rung_ = true;
    wake_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool rung_ = false;
  std::deque<std::shared_ptr<Work>> added_;
};

}  // namespace

struct Gpu::Running::State {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<DispatchResult> result;
  unsigned calls = 0;
};

Gpu::Gpu(Target target, unsigned index) {
  model.target = target;
  model.index = static_cast<uint8_t>(index);
  model.computeUnits = 4;
  model.sharedAperture = 0x0001000000000000;
  model.privateAperture = 0x0002000000000000;
  Scheduler::instance().start(TestSource::instance(), 0);
}

Launch Gpu::launch(const Kernel& kernel, uint32_t grid, uint16_t workgroup, uint64_t kernarg) {
  Launch launch;
  launch.agent = &model;
  launch.grid[0] = grid;
  launch.workgroup[0] = workgroup;
  launch.kernelObject = kernel.object();
  launch.kernarg = kernarg;
  return launch;
}

Gpu::Running Gpu::submit(const Launch& launch) {
  Running running;
  running.state = std::make_shared<Running::State>();
  running.dispatch = Dispatch::create(launch, [state = running.state](const DispatchResult& result) {
    std::lock_guard lock(state->mutex);
    state->result = result;
    ++state->calls;
    state->done.notify_all();
  });
  TestSource::instance().add(running.dispatch);
  return running;
}

std::optional<DispatchResult> Gpu::Running::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(state->mutex);
  state->done.wait_for(lock, timeout, [this] { return state->result.has_value(); });
  CHECK(state->calls <= 1);
  return state->result;
}

DispatchResult Gpu::run(const Launch& launch) {
  Running running = submit(launch);
  auto result = running.wait();
  REQUIRE(result.has_value());
  return *result;
}

}  // namespace softgpu::test
