#include "driver/driver.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "isa/scalar/interrupt.h"
#include "memory/address_space.h"

namespace softgpu {
namespace {

std::mutex mutex;  // guards what follows
std::optional<Configuration> configured;
Configuration opened;
Driver* driver = nullptr;  // never destroyed
pid_t process = 0;         // which made it
unsigned openCount = 0;
std::atomic<Driver*> currentDriver{nullptr};

std::string& errorText() {
  thread_local std::string text;
  return text;
}

std::optional<Configuration> configurationToOpen() {
  if (configured) return configured;
  const char* text = std::getenv("GCN_OFFLOAD_DEVICE");
  return parseConfiguration(text ? text : "", errorText());
}

}  // namespace

Driver::Driver(const Configuration& configuration)
    : topology(configuration, readHostFacts()), memory(topology), processor(topology.gpuCount(), *this) {
  // Kernels may write mailboxes themselves, as AMD's device library does for signals.
  const AgentMask everyGpu = static_cast<AgentMask>((1ull << topology.gpuCount()) - 1);
  AddressSpace::instance().map(events.mailboxes(), events.mailboxBytes(), everyGpu);
  setInterruptHandler([](unsigned, uint32_t payload) {
    if (Driver* driver = Driver::current()) driver->events.raiseFromKernel(payload);
  });
}

void Driver::start() {
  std::call_once(started_, [this] { Scheduler::instance().start(processor, 0); });
}

bool Driver::reportMemoryFault(const MemoryFault& fault) {
  HsaMemoryAccessFault report{};
  report.NodeId = Topology::nodeOf(fault.agent);
  report.VirtualAddress = fault.address & ~(Memory::kPageBytes - 1);  // hardware knows the page
  report.Failure.NotPresent = !fault.mapped;
  report.Failure.GpuAccess = fault.mapped;
  report.Flags = HSA_EVENTID_MEMORY_FATAL_PROCESS;
  return events.reportMemoryFault(report);
}

bool Driver::isMailbox(uint64_t address) const {
  return address >= events.mailboxes() && address - events.mailboxes() < events.mailboxBytes() && address % 8 == 0;
}

bool Driver::configure(const char* text) {
  std::lock_guard lock(mutex);
  auto configuration = parseConfiguration(text ? text : "", errorText());
  if (!configuration) return false;
  if (driver && *configuration != opened) {
    errorText() = "the software GPUs of this process are already open with another configuration";
    return false;
  }
  configured = std::move(configuration);
  return true;
}

const std::string& Driver::lastError() {
  return errorText();
}

Driver::OpenResult Driver::open() {
  std::lock_guard lock(mutex);
  if (driver && process != getpid()) {
    errorText() = "the software GPU does not survive fork: its threads stay with the parent";
    return OpenResult::Failed;
  }
  if (!driver) {
    auto configuration = configurationToOpen();
    if (!configuration) {
      std::fprintf(stderr, "softgpu: %s\n", errorText().c_str());
      return OpenResult::Failed;
    }
    try {
      driver = std::unique_ptr<Driver>(new Driver(*configuration)).release();
    } catch (const std::exception& error) {
      errorText() = std::string("the software GPU cannot start: ") + error.what();
      return OpenResult::Failed;
    }
    opened = std::move(*configuration);
    process = getpid();
  }
  currentDriver.store(driver, std::memory_order_release);
  return openCount++ == 0 ? OpenResult::Opened : OpenResult::AlreadyOpen;
}

bool Driver::close() {
  std::lock_guard lock(mutex);
  if (openCount == 0) return false;
  if (--openCount != 0) return true;
  currentDriver.store(nullptr, std::memory_order_release);
  // As the kernel does when its file is closed: queues and events that the runtime left behind end. Memory stays, since
  // the program may still read it.
  driver->processor.destroyAll();
  driver->events.destroyAll();
  return true;
}

Driver* Driver::current() {
  return currentDriver.load(std::memory_order_acquire);
}

}  // namespace softgpu
