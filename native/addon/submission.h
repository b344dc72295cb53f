// What the calls that launch have in common.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "queue.h"

namespace gcn::addon {

// One submission on its way through the functions of the queue.
struct Queue::Submission {
  napi_value arguments[4];
  size_t count = std::size(arguments);
  uint16_t header = 0;
  Signal* signal = nullptr;
  bool arm = false;
  std::optional<double> timeout;
  // Signals that the packet names by handle.
  Signal* named_completion = nullptr;
  std::array<Signal*, 5> dependencies{};
  bool has_dependencies = false;
  uint64_t index = 0;
};

inline void* SlotOf(const hsa_queue_t& queue, uint64_t index) {
  return static_cast<uint8_t*>(queue.base_address) + (index & (queue.size - 1)) * kPacketBytes;
}

}  // namespace gcn::addon
