#include "packet.h"

#include <atomic>
#include <cstring>

namespace gcn::addon {

hsa_signal_t CompletionSignalOf(const PacketBytes& packet) {
  hsa_signal_t signal;
  std::memcpy(&signal, packet.data() + kCompletionSignalOffset, sizeof signal);
  return signal;
}

std::array<hsa_signal_t, 5> DependenciesOf(const PacketBytes& barrier) {
  static_assert(offsetof(hsa_barrier_and_packet_t, dep_signal) == offsetof(hsa_barrier_or_packet_t, dep_signal));
  std::array<hsa_signal_t, 5> signals;
  std::memcpy(signals.data(), barrier.data() + offsetof(hsa_barrier_and_packet_t, dep_signal), sizeof signals);
  return signals;
}

void Publish(void* slot, const PacketBytes& packet, uint16_t header, hsa_signal_t completion) {
  auto* const bytes = static_cast<uint8_t*>(slot);
  std::memcpy(bytes + sizeof(uint32_t), packet.data() + sizeof(uint32_t), kCompletionSignalOffset - sizeof(uint32_t));
  std::memcpy(bytes + kCompletionSignalOffset, &completion, sizeof completion);
  uint32_t first;
  std::memcpy(&first, packet.data(), sizeof first);  // little endian: setup is the upper half
  first = (first & 0xffff0000u) | header;
  std::atomic_ref<uint32_t>(*static_cast<uint32_t*>(slot)).store(first, std::memory_order_release);
}

}  // namespace gcn::addon
