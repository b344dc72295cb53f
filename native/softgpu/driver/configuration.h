// Which GPUs the software GPU shows: a list of targets, "gfx906*2" or "gfx900,gfx90a".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isa/target.h"

namespace softgpu {

struct Configuration {
  static constexpr unsigned kMaxAgents = 16;  // an AgentMask has 32 bits; a doorbell page each

  std::vector<Target> agents;

  bool operator==(const Configuration&) const = default;
};

// Reads a list of targets, with or without the prefix "software:" that GCN_OFFLOAD_DEVICE carries. Empty, "software"
// and "auto" mean one gfx906. Nothing, and a sentence in `error`, where the text is not understood.
std::optional<Configuration> parseConfiguration(std::string_view text, std::string& error);

}  // namespace softgpu
