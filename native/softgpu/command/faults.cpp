#include "command/faults.h"

#include <cinttypes>
#include <cstdio>
#include <mutex>

#include "memory/address_space.h"

namespace softgpu {
namespace {

// A program that goes on after faults, as it may, is not to fill its log with them.
constexpr unsigned kPrinted = 20;

struct LastFault {
  std::mutex mutex;
  std::string text;
  unsigned count = 0;
};

LastFault& last() {
  static LastFault& fault = *new LastFault;  // never destroyed: workers may fault while the process exits
  return fault;
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

const char* nameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::None:
      return "no fault";
    case FaultKind::MemoryAccess:
      return "memory access fault";
    case FaultKind::IllegalInstruction:
      return "illegal instruction";
    case FaultKind::Unsupported:
      return "instruction that the software GPU does not implement";
    case FaultKind::Trap:
      return "trap";
    case FaultKind::InvalidAperture:
      return "access outside an aperture";
  }
  return "fault";
}

}  // namespace

void recordFault(const std::string& text) {
  std::lock_guard lock(last().mutex);
  last().text = text;
  if (++last().count > kPrinted) return;
  std::fprintf(stderr, "softgpu: %s\n%s", text.c_str(),
               last().count == kPrinted ? "softgpu: further faults are not printed\n" : "");
}

std::string lastFault() {
  std::lock_guard lock(last().mutex);
  return last().text;
}

std::string describeAgent(const AgentModel& agent) {
  return std::string("software ") + targetName(agent.target) + " #" + std::to_string(agent.index);
}

std::string describeAddress(uint64_t address, unsigned agent) {
  auto range = AddressSpace::instance().nearest(address);
  if (!range) return "no memory is mapped to any GPU";
  std::string memory =
      hex(range->begin) + "-" + hex(range->end) + " (" + std::to_string(range->end - range->begin) + " bytes)";
  if (range->holds(address, 1)) {
    if (range->agents >> agent & 1) return "it lies in " + memory;
    return "it lies in " + memory + ", which is not mapped to this GPU";
  }
  if (address >= range->end) return std::to_string(address - range->end) + " bytes past the end of " + memory;
  return std::to_string(range->begin - address) + " bytes before " + memory;
}

std::string describeDispatchFault(const Launch& launch, const Fault& fault) {
  std::string text = describeAgent(*launch.agent) + ": " + nameOf(fault.kind);
  if (fault.kind == FaultKind::Trap) text += " " + std::to_string(fault.trapId);
  if (fault.kind == FaultKind::MemoryAccess || fault.kind == FaultKind::InvalidAperture) {
    text += fault.write ? ", write to " : ", read of ";
    text += hex(fault.address) + " by lane " + std::to_string(fault.lane);
  }
  text += " at pc " + hex(fault.pc);
  if (!fault.text.empty()) text += ": " + fault.text;
  text += " (kernel object " + hex(launch.kernelObject) + ", dispatch " + std::to_string(launch.dispatchId) + ")";
  if (fault.kind == FaultKind::MemoryAccess) text += "; " + describeAddress(fault.address, launch.agent->index);
  return text;
}

}  // namespace softgpu
