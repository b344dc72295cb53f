#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace softgpu::fuzz {
namespace {

class NoDoorbells final : public PacketSource {
 public:
  bool poll() override { return false; }
  void sleep() override { std::this_thread::sleep_for(std::chrono::microseconds(50)); }
  void wake() override {}
};

}  // namespace

Arena& Arena::instance() {
  static Arena arena;
  return arena;
}

Arena::Arena() {
  void* memory = mmap(reinterpret_cast<void*>(kAddress), kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory != reinterpret_cast<void*>(kAddress)) abort();
  AddressSpace::instance().map(kAddress, kMapped, 1);
  AddressSpace::instance().map(kAddress + kMapped, kBytes - kMapped, 2);
}

void Arena::fill(std::span<const uint8_t> contents) {
  std::memset(at(0), 0, kBytes);
  if (!contents.empty()) std::memcpy(at(0), contents.data(), std::min<size_t>(contents.size(), kBytes));
}

AgentModel agentOf(Target target) {
  AgentModel model;
  model.target = target;
  model.computeUnits = 2;
  model.sharedAperture = 0x0001000000000000;
  model.privateAperture = 0x0002000000000000;
  return model;
}

void startWorkers() {
  static NoDoorbells& source = *new NoDoorbells;
  Scheduler::instance().start(source, 2);
}

}  // namespace softgpu::fuzz
