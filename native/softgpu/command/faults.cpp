#include "command/faults.h"

#include <cinttypes>
#include <cstdio>
#include <deque>
#include <mutex>

namespace softgpu {
namespace {

// A program that goes on after faults, as it may, is not to fill its log with them.
constexpr unsigned kPrinted = 20;
// Of these a queue's last one can be asked for.
constexpr size_t kKept = 32;

struct Record {
  std::mutex mutex;
  std::deque<FaultReport> reports;  // the newest last
  uint64_t count = 0;
};

Record& record() {
  static Record& all = *new Record;  // never destroyed: workers may fault while the process exits
  return all;
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

FaultReport::Kind kindOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::MemoryAccess:
      return FaultReport::Kind::Memory;
    case FaultKind::IllegalInstruction:
      return FaultReport::Kind::IllegalInstruction;
    case FaultKind::None:
    case FaultKind::Unsupported:
      return FaultReport::Kind::Unsupported;
    case FaultKind::Trap:
      return FaultReport::Kind::Trap;
    case FaultKind::InvalidAperture:
      return FaultReport::Kind::Aperture;
  }
  return FaultReport::Kind::Unsupported;
}

const char* nameOf(FaultReport::Kind kind) {
  switch (kind) {
    case FaultReport::Kind::Memory:
      return "memory access fault";
    case FaultReport::Kind::IllegalInstruction:
      return "illegal instruction";
    case FaultReport::Kind::Unsupported:
      return "instruction that the software GPU does not implement";
    case FaultReport::Kind::Trap:
      return "trap";
    case FaultReport::Kind::Aperture:
      return "access outside an aperture";
    case FaultReport::Kind::Packet:
      return "refused packet";
  }
  return "fault";
}

std::string describeAgent(const AgentModel& agent) {
  return std::string("software ") + targetName(agent.target) + " #" + std::to_string(agent.index);
}

// Why `agent` could not touch the address: what lies there or nearest.
std::string describePlace(const FaultReport::Access& access, const AgentModel& agent) {
  const uint64_t address = access.address;
  constexpr uint64_t kAperture = uint64_t{1} << 32;
  if (agent.sharedAperture && address - agent.sharedAperture < kAperture)
    return "byte " + std::to_string(address - agent.sharedAperture) + " of the workgroup's LDS";
  if (agent.privateAperture && address - agent.privateAperture < kAperture)
    return "byte " + std::to_string(address - agent.privateAperture) + " of private memory";
  if (!access.nearest) return "no memory is mapped to any GPU";
  const MemoryRange& range = *access.nearest;
  const std::string memory =
      hex(range.begin) + "-" + hex(range.end) + " (" + std::to_string(range.end - range.begin) + " bytes)";
  if (range.holds(address, 1)) {
    if (range.agents >> agent.index & 1) return "it lies in " + memory;
    return "it lies in " + memory + ", which is not mapped to this GPU";
  }
  if (address >= range.end) return std::to_string(address - range.end) + " bytes past the end of " + memory;
  return std::to_string(range.begin - address) + " bytes before " + memory;
}

std::string describeSource(const CodePlace& place) {
  std::string text;
  if (!place.function.empty()) text += place.function + "+" + hex(place.offset);
  if (place.source) {
    if (!text.empty()) text += ", ";
    text += place.source->file + ":" + std::to_string(place.source->line);
    if (place.source->column) text += ":" + std::to_string(place.source->column);
  }
  return text.empty() ? "" : " (" + text + ")";
}

std::string describe(const FaultReport& report, const AgentModel& agent, const std::string& more) {
  std::string text = describeAgent(agent) + ": " + nameOf(report.kind);
  if (report.kind == FaultReport::Kind::Trap) text += " " + std::to_string(report.trap);
  if (report.kernel && !report.kernel->name.empty()) text += " in kernel " + report.kernel->name;
  if (report.access) {
    text += report.access->write ? ": write to " : ": read of ";
    text += hex(report.access->address);
  }
  if (const auto& at = report.instruction) {
    text += report.access ? " by " : ": ";
    if (report.access && report.access->lane) text += "lane " + std::to_string(*report.access->lane) + " of ";
    text += "wave " + std::to_string(at->wave) + " in workgroup (" + std::to_string(at->workgroup[0]) + ", " +
            std::to_string(at->workgroup[1]) + ", " + std::to_string(at->workgroup[2]) + ") at pc " + hex(at->pc) +
            describeSource(at->place) + ": " + at->text;
  }
  if (!more.empty()) text += ": " + more;
  if (report.kernel) {
    text +=
        " (kernel object " + hex(report.kernel->object) + ", dispatch " + std::to_string(report.kernel->dispatch) + ")";
  }
  if (report.access) text += "; " + describePlace(*report.access, agent);
  return text;
}

}  // namespace

void recordFault(FaultReport report) {
  Record& all = record();
  std::lock_guard lock(all.mutex);
  report.sequence = ++all.count;
  if (all.count <= kPrinted) {
    std::fprintf(stderr, "softgpu: %s\n%s", report.text.c_str(),
                 all.count == kPrinted ? "softgpu: further faults are not printed\n" : "");
  }
  all.reports.push_back(std::move(report));
  if (all.reports.size() > kKept) all.reports.pop_front();
}

std::optional<FaultReport> lastFault(uint64_t queue) {
  Record& all = record();
  std::lock_guard lock(all.mutex);
  for (auto report = all.reports.rbegin(); report != all.reports.rend(); ++report) {
    if (queue == 0 || report->queue == queue) return *report;
  }
  return std::nullopt;
}

FaultReport dispatchFault(const Launch& launch, const Fault& fault) {
  FaultReport report;
  report.kind = kindOf(fault.kind);
  report.agent = launch.agent->index;
  report.queue = launch.queue;
  report.trap = fault.trapId;
  report.kernel = {launch.kernelObject, launch.dispatchId, kernelNameOf(launch.kernelObject, report.agent)};
  if (fault.inWave) {
    report.instruction = {fault.pc, fault.instruction, fault.workgroup, fault.waveInGroup,
                          placeOf(fault.pc, report.agent)};
  }
  if (fault.kind == FaultKind::MemoryAccess || fault.kind == FaultKind::InvalidAperture) {
    report.access = {fault.address, fault.write, std::nullopt, AddressSpace::instance().nearest(fault.address)};
    if (fault.lane >= 0) report.access->lane = static_cast<unsigned>(fault.lane);
  }
  report.text = describe(report, *launch.agent, fault.text);
  return report;
}

FaultReport accessFault(const AgentModel& agent, uint64_t queue, uint64_t address, bool write, const char* what) {
  FaultReport report;
  report.kind = FaultReport::Kind::Memory;
  report.agent = agent.index;
  report.queue = queue;
  report.access = {address, write, std::nullopt, AddressSpace::instance().nearest(address)};
  report.text = describe(report, agent, what);
  return report;
}

FaultReport packetFault(const AgentModel& agent, uint64_t queue, uint64_t packet, const char* why) {
  FaultReport report;
  report.kind = FaultReport::Kind::Packet;
  report.agent = agent.index;
  report.queue = queue;
  report.text = describe(report, agent, "the queue stopped at packet " + std::to_string(packet) + ": " + why);
  return report;
}

}  // namespace softgpu
