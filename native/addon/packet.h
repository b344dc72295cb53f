// AQL packets (HSA 1.2, 2.9): 64 bytes, of which the first 16 bits tell the packet processor that the rest is there.
#pragma once

#include <hsa/hsa.h>

#include <array>
#include <cstdint>

namespace gcn::addon {

inline constexpr size_t kPacketBytes = 64;
inline constexpr size_t kCompletionSignalOffset = 56;  // in kernel dispatch and barrier packets alike
static_assert(offsetof(hsa_kernel_dispatch_packet_t, completion_signal) == kCompletionSignalOffset);
static_assert(offsetof(hsa_barrier_and_packet_t, completion_signal) == kCompletionSignalOffset);
static_assert(sizeof(hsa_kernel_dispatch_packet_t) == kPacketBytes && sizeof(hsa_barrier_or_packet_t) == kPacketBytes);

using PacketBytes = std::array<uint8_t, kPacketBytes>;

inline hsa_packet_type_t TypeOf(uint16_t header) {
  return static_cast<hsa_packet_type_t>((header >> HSA_PACKET_HEADER_TYPE) &
                                        ((1u << HSA_PACKET_HEADER_WIDTH_TYPE) - 1));
}
inline bool IsBarrier(uint16_t header) {
  return TypeOf(header) == HSA_PACKET_TYPE_BARRIER_AND || TypeOf(header) == HSA_PACKET_TYPE_BARRIER_OR;
}
// A slot whose header says INVALID is one that nobody has filled yet: the queue would wait for it for ever. Of any
// other type that it does not know the packet processor says so itself.
inline bool IsSubmittable(uint16_t header) {
  return TypeOf(header) != HSA_PACKET_TYPE_INVALID;
}

hsa_signal_t CompletionSignalOf(const PacketBytes& packet);
std::array<hsa_signal_t, 5> DependenciesOf(const PacketBytes& barrier);

// Copies the packet into its slot, with `completion`, and last of all hands it over: header and setup in one release
// store.
void Publish(void* slot, const PacketBytes& packet, uint16_t header, hsa_signal_t completion);

}  // namespace gcn::addon
