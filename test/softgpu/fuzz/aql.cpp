// Any packets in an AQL queue, over any memory: they run, wait, or stop the queue, and the queue can be stopped.
#include <hsa/hsa_ext_amd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "command/aql_queue.h"
#include "fuzz.h"

using namespace softgpu;

namespace {

constexpr uint64_t kQueueAt = 0x20000, kRingAt = 0x21000, kInactiveAt = 0x1000;
constexpr unsigned kPackets = 8;

// Half of the addresses of a packet point into memory that the GPU has.
template <class T>
void aim(T& address, unsigned choice, uint64_t alignment) {
  if (choice & 1) return;
  uint64_t value = 0;
  std::memcpy(&value, &address, sizeof value);
  value = fuzz::Arena::near(value) / alignment * alignment;
  std::memcpy(&address, &value, sizeof value);
}

void writePacket(fuzz::Input& input, uint8_t* slot) {
  const auto kind = input.take<uint8_t>();
  auto choice = input.take<uint8_t>();
  uint8_t packet[64] = {};
  input.take(packet);
  switch (kind % 4) {
    case 0: {
      auto& dispatch = *reinterpret_cast<hsa_kernel_dispatch_packet_t*>(packet);
      dispatch.header = HSA_PACKET_TYPE_KERNEL_DISPATCH << HSA_PACKET_HEADER_TYPE;
      // Mostly small: a large grid is only more of the same.
      if (choice & 2) dispatch.grid_size_x %= 1000, dispatch.grid_size_y = dispatch.grid_size_z = 1;
      if (choice & 4) dispatch.workgroup_size_x %= 200, dispatch.workgroup_size_y = dispatch.workgroup_size_z = 1;
      if (choice & 8) dispatch.private_segment_size %= 64, dispatch.group_segment_size %= 70000;
      aim(dispatch.kernel_object, choice, 64);
      aim(dispatch.kernarg_address, choice >> 4, 16);
      aim(dispatch.completion_signal, choice >> 5, 64);
      break;
    }
    case 1: {
      auto& barrier = *reinterpret_cast<hsa_barrier_and_packet_t*>(packet);
      barrier.header = (choice & 128 ? HSA_PACKET_TYPE_BARRIER_AND : HSA_PACKET_TYPE_BARRIER_OR)
                       << HSA_PACKET_HEADER_TYPE;
      for (unsigned i = 0; i < 5; ++i) aim(barrier.dep_signal[i], choice >> i, 64);
      aim(barrier.completion_signal, choice >> 5, 64);
      break;
    }
    case 2:
      packet[0] = HSA_PACKET_TYPE_VENDOR_SPECIFIC;
      break;
  }
  if (kind & 0x80) packet[1] |= 1;  // the barrier bit
  std::memcpy(slot, packet, sizeof packet);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::startWorkers();
  fuzz::Input input(data, size);
  static AgentModel model;
  model = fuzz::agentOf(input.target());
  fuzz::Arena& arena = fuzz::Arena::instance();

  uint8_t packets[kPackets][64];
  unsigned count = 0;
  const unsigned wanted = 1 + input.take<uint8_t>() % kPackets;
  while (count < wanted && input.left() > 0) writePacket(input, packets[count++]);
  amd_queue_t queue{};
  input.take(queue.compute_tmpring_size);
  input.take(queue.scratch_resource_descriptor);
  aim(queue.scratch_resource_descriptor, input.take<uint8_t>(), 256);
  queue.scratch_backing_memory_byte_size = input.take<uint32_t>() % fuzz::Arena::kBytes;
  arena.fill(input.bytes(kQueueAt));

  queue.hsa_queue.base_address = arena.at(kRingAt);
  queue.hsa_queue.size = kPackets;
  queue.queue_inactive_signal.handle = fuzz::Arena::kAddress + kInactiveAt;
  std::memset(arena.at(kInactiveAt), 0, 64);
  queue.write_dispatch_id = count;
  std::memcpy(arena.at(kQueueAt), &queue, sizeof queue);
  std::memcpy(arena.at(kRingAt), packets, count * 64);
  auto& shared = *reinterpret_cast<amd_queue_t*>(arena.at(kQueueAt));

  fuzz::Silent interrupts;
  auto aql = std::make_shared<AqlQueue>(shared, model, interrupts);
  aql->process();
  // Kernels may never end, barriers never open.
  for (unsigned turn = 0; turn < 20; ++turn) {
    std::this_thread::yield();
    if (std::atomic_ref<uint64_t>(const_cast<uint64_t&>(shared.read_dispatch_id)).load() >= count) break;
    if (turn % 8 == 7) std::this_thread::sleep_for(std::chrono::microseconds(20));
    aql->process();
  }
  aql->stop();
  return 0;
}
