// The address of every lane behind a buffer descriptor.
#pragma once

#include "isa/memory/descriptor.h"
#include "isa/memory/operands.h"

namespace softgpu::memory {

class BufferAddresses {
 public:
  // `formatted`: see BufferDescriptor::read.
  BufferAddresses(Wave& wave, const MicroOp* op, bool formatted);

  // The range check of the component that begins `byte` bytes into the lane's access.
  bool inRange(unsigned lane, unsigned byte) const;
  uint64_t address(unsigned lane, unsigned byte) const {
    return base_ + descriptor.position(index_[lane], offset_[lane] + byte);
  }

  const BufferDescriptor descriptor;

 private:
  enum class Check : uint8_t { Nothing, Everything, Index, Position, Offset };

  uint64_t base_;
  uint64_t index_[kLanes], offset_[kLanes];
  Check check_;
};

}  // namespace softgpu::memory
