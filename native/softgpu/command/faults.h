// What went wrong last, in words: on stderr, and for whoever asks through gcn_softgpu_last_fault.
#pragma once

#include <cstdint>
#include <string>

#include "wave/dispatch.h"

namespace softgpu {

// One line, without an end of line. The first ones of a process are printed.
void recordFault(const std::string& text);
std::string lastFault();

std::string describeAgent(const AgentModel& agent);  // "software gfx906 #0"
// Why `agent` could not touch `address`: what lies nearest. Inside a ReadSection.
std::string describeAddress(uint64_t address, unsigned agent);
// The fault that ended a dispatch.
std::string describeDispatchFault(const Launch& launch, const Fault& fault);

}  // namespace softgpu
