// The software driver of this process: what /dev/kfd is to the real thunk.
#pragma once

#include <mutex>
#include <string>

#include "command/processor.h"
#include "driver/events.h"
#include "driver/memory.h"
#include "driver/topology.h"

namespace softgpu {

class Driver : private Interrupts {
 public:
  // Sets what `open` will show. False, with lastError() saying why, where the text is not understood or the driver has
  // been opened with another configuration: the topology of a process never changes.
  static bool configure(const char* text);
  static const std::string& lastError();

  // Opened and closed as often as the runtime starts and shuts down; made by the first `open` and never destroyed,
  // since a process may exit while its threads are at work.
  enum class OpenResult { Opened, AlreadyOpen, Failed };
  static OpenResult open();
  static bool close();
  // Null before `open` and after the last `close`.
  static Driver* current();

  // Starts the workers, once: enumeration alone needs none.
  void start();

  Topology topology;
  Memory memory;
  Events events;
  PacketProcessor processor;

 private:
  explicit Driver(const Configuration& configuration);

  void raise(uint32_t eventId) override { events.raise(eventId); }
  bool reportMemoryFault(const MemoryFault& fault) override;
  bool isMailbox(uint64_t address) const override;

  std::once_flag started_;
};

}  // namespace softgpu
