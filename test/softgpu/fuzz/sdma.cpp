// Any words in an SDMA ring: packets are executed, wait, or stop the queue, and the queue can be stopped.
#include <memory>

#include "command/sdma_queue.h"
#include "fuzz.h"

using namespace softgpu;

namespace {

constexpr uint64_t kRingAt = 0x2f000, kRingBytes = 4096;

// Words 1 to 12 hold the addresses of all packets, each in two words.
void aim(std::span<uint32_t> words, uint16_t choice) {
  for (size_t at = 1; at + 1 < words.size() && choice; ++at, choice >>= 1) {
    if (!(choice & 1)) continue;
    const uint64_t address = fuzz::Arena::near(words[at] | static_cast<uint64_t>(words[at + 1]) << 32);
    words[at] = static_cast<uint32_t>(address) & ~(choice & 2 ? 7u : 0u);
    words[at + 1] = static_cast<uint32_t>(address >> 32);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::startWorkers();
  fuzz::Input input(data, size);
  static AgentModel model;
  model = fuzz::agentOf(input.target());
  fuzz::Arena& arena = fuzz::Arena::instance();
  arena.fill({});

  uint32_t ring[kRingBytes / 4] = {};
  size_t count = 0;
  while (input.left() > 0 && count + 16 < std::size(ring)) {
    const size_t words = 1 + input.take<uint8_t>() % 14;
    const auto choice = input.take<uint16_t>();
    for (size_t i = 0; i < words; ++i) input.take(ring[count + i]);
    constexpr uint8_t kOps[] = {0, 1, 5, 6, 8, 10, 11, 13, 17};
    if (choice & 0x8000) ring[count] = (ring[count] & ~0xffu) | kOps[(ring[count] & 0xff) % std::size(kOps)];
    aim({&ring[count], words}, choice & 0x0fff);
    count += words;
  }
  std::memcpy(arena.at(kRingAt), ring, sizeof ring);

  fuzz::Silent interrupts;
  auto queue = std::make_shared<SdmaQueue>(fuzz::Arena::kAddress + kRingAt, kRingBytes, model, interrupts);
  queue->pointers().write = count * 4;
  queue->process();
  queue->process();
  if (queue->hasNews() && !queue->blocked()) queue->process();
  queue->stop();
  return 0;
}
