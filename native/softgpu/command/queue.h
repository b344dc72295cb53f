// A user-mode queue, seen from the packet processor that serves all of them.
#pragma once

#include <cstdint>

namespace softgpu {

class CommandQueue {
 public:
  virtual ~CommandQueue() = default;
  // Processes what can be processed without blocking. True where anything was done. From any thread.
  virtual bool process() = 0;
  // Whether `process` would find a packet that it has not looked at yet. Without a lock: for a thread that spins.
  virtual bool hasNews() const = 0;
  // Whether the queue waits for a change in memory that no doorbell announces: a signal, or ROCr's answer.
  virtual bool blocked() const = 0;
  // Ends all work in flight and waits until it has ended. `process` does nothing any more.
  virtual void stop() = 0;
  // A queue that has been suspended starts no packet.
  virtual void suspend(bool suspended) = 0;
};

}  // namespace softgpu
