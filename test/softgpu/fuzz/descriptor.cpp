// Any kernel descriptor and any sizes of a launch: waves are set up from it, or the launch is refused.
#include "fuzz.h"
#include "wave/dispatch.h"

using namespace softgpu;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  static AgentModel model;
  model = fuzz::agentOf(input.target());
  Launch launch;
  launch.agent = &model;
  for (uint32_t& items : launch.grid) items = 1 + input.take<uint32_t>() % 20;
  for (uint16_t& items : launch.workgroup)
    items = std::max<uint16_t>(1, input.take<uint16_t>());  // as packets are checked
  input.take(launch.privateSegment);
  input.take(launch.groupSegment);
  input.take(launch.scratchDescriptor);
  launch.scratchBase = fuzz::Arena::near(input.take<uint32_t>());
  launch.scratchBytes = input.take<uint32_t>() % fuzz::Arena::kBytes;
  launch.scratchWaveBytes = (input.take<uint32_t>() & 0x1fff) * 1024;
  launch.kernelObject = fuzz::Arena::near(input.take<uint64_t>());
  launch.kernarg = launch.queue = launch.dispatchPacket = fuzz::Arena::kAddress;

  // Only s_endpgm: what is looked for is in the setting up.
  fuzz::Arena& arena = fuzz::Arena::instance();
  arena.fill({});
  for (uint64_t at = 0; at < fuzz::Arena::kBytes; at += 4) {
    constexpr uint32_t kEndProgram = 0xbf810000;
    std::memcpy(arena.at(at), &kEndProgram, 4);
  }
  const auto descriptor = input.bytes(64);
  if (!descriptor.empty() && launch.kernelObject + 64 <= fuzz::Arena::kAddress + fuzz::Arena::kBytes)
    std::memcpy(reinterpret_cast<void*>(launch.kernelObject), descriptor.data(), descriptor.size());

  bool done = false;
  auto dispatch = Dispatch::create(launch, [&](const DispatchResult& result) {
    if (done) __builtin_trap();
    done = true;
    if (result.fault.kind == FaultKind::None && result.instructions == 0) __builtin_trap();
  });
  for (unsigned slices = 0; !dispatch->finished(); ++slices) {
    if (slices == 20000) __builtin_trap();
    dispatch->advance();
  }
  if (!done) __builtin_trap();
  return 0;
}
