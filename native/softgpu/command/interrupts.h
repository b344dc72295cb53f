// What the packet processors tell the driver above them.
#pragma once

#include <cstdint>

namespace softgpu {

struct MemoryFault {
  unsigned agent = 0;
  uint64_t address = 0;
  bool write = false;
  bool mapped = false;  // the bytes are there, for other agents than this one
};

class Interrupts {
 public:
  virtual ~Interrupts() = default;
  virtual void raise(uint32_t eventId) = 0;
  // False where the process cannot be told this way (any more).
  virtual bool reportMemoryFault(const MemoryFault& fault) = 0;
  // Where signals' event mailboxes lie; a signal that names any other address has none.
  virtual bool isMailbox(uint64_t address) const = 0;
};

}  // namespace softgpu
