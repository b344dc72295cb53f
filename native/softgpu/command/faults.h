// What went wrong: for whoever asks through gcn_softgpu_last_fault, and in a line of text on stderr.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "debug/loaded_code.h"
#include "memory/address_space.h"
#include "wave/dispatch.h"

namespace softgpu {

struct FaultReport {
  // The values of gcn_softgpu_fault_kind.
  enum class Kind : uint8_t { Memory = 1, IllegalInstruction, Unsupported, Trap, Aperture, Packet };

  Kind kind{};
  uint64_t sequence = 0;  // faults of the process, from 1
  std::string text;       // all of this in one line, without an end of line
  unsigned agent = 0;
  uint64_t queue = 0;  // address of the amd_queue_t; 0: an SDMA queue

  struct Kernel {
    uint64_t object = 0, dispatch = 0;
    std::string name;  // empty where the loaded code objects do not tell
  };
  std::optional<Kernel> kernel;

  struct Instruction {
    uint64_t pc = 0;
    std::string text;  // disassembled
    std::array<uint32_t, 3> workgroup{};
    unsigned wave = 0;  // in its workgroup
    CodePlace place;
  };
  std::optional<Instruction> instruction;
  unsigned trap = 0;

  struct Access {
    uint64_t address = 0;
    bool write = false;
    std::optional<unsigned> lane;        // none: a scalar access, an instruction fetch, or no wave's
    std::optional<MemoryRange> nearest;  // the memory that the address lies in, or the nearest
  };
  std::optional<Access> access;
};

// Gives the report its sequence number and keeps it. The first ones of a process are printed.
void recordFault(FaultReport report);
// The last fault of a queue (by the address of its amd_queue_t), or of any.
std::optional<FaultReport> lastFault(uint64_t queue = 0);

// Inside a ReadSection, all of these.
// The fault that ended a dispatch.
FaultReport dispatchFault(const Launch& launch, const Fault& fault);
// An access by a packet processor or copy engine: `what` names it.
FaultReport accessFault(const AgentModel& agent, uint64_t queue, uint64_t address, bool write, const char* what);
// A packet that is refused.
FaultReport packetFault(const AgentModel& agent, uint64_t queue, uint64_t packet, const char* why);

}  // namespace softgpu
