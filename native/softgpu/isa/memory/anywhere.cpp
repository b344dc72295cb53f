// Lanes whose addresses do not fit the common case: LDS and private apertures, and lanes far apart.
#include "isa/memory/check.h"
#include "isa/memory/staged.h"

namespace softgpu::memory {

void performGroups(Wave& wave, const MicroOp* op, const uint64_t* address, uint64_t exec, uint32_t stride) {
  alignas(64) uint32_t offset[kLanes];
  while (exec) {
    Lanes lanes;
    lanes.base = UINT64_MAX;
    forEachLane(exec, [&](unsigned lane) { lanes.base = address[lane] < lanes.base ? address[lane] : lanes.base; });
    forEachLane(exec, [&](unsigned lane) {
      const uint64_t distance = address[lane] - lanes.base;
      if (distance >= 1u << 30) return;
      offset[lane] = static_cast<uint32_t>(distance);
      lanes.high = offset[lane] > lanes.high ? offset[lane] : lanes.high;
      lanes.exec |= uint64_t{1} << lane;
    });
    lanes.offset = offset;
    lanes.stride = stride;
    lanes.shape = lanes.exec & (lanes.exec - 1) ? Shape::Scatter : Shape::Single;
    performAccess(wave, op, lanes);
    exec &= ~lanes.exec;
  }
}

namespace {

// A wave's private memory as the lanes of one instruction use it.
class PrivateAccess {
 public:
  PrivateAccess(Wave& wave, const MicroOp* op, uint64_t base, const uint32_t* offset, uint64_t exec)
      : wave_(wave), op_(op), base_(base), offset_(offset), exec_(exec), bytes_(op->extra[kBytes]) {}

  // False after it raised a fault. `report`: the address that a private offset has in messages.
  template <class Report>
  bool check(uint64_t limit, Report report) {
    for (uint64_t rest = exec_; rest; rest &= rest - 1) {
      const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
      const uint64_t offset = offset_[lane];
      if (offset + bytes_ > limit) {
        raiseMemoryFault(wave_, op_, FaultKind::MemoryAccess, report(offset), lane);
        return false;
      }
      if (isAtomic(accessKind(op_)) && offset % bytes_) {
        raiseMemoryFault(wave_, op_, FaultKind::MemoryAccess, report(offset), lane);
        return false;
      }
      for (unsigned i = 0; i < bytes_;) {
        const uint32_t at = static_cast<uint32_t>(offset + i);
        const unsigned part = std::min(4 - at % 4, bytes_ - i);
        if (!laneMapped(wave_, op_, swizzled(base_, at, lane), part, lane)) return false;
        i += part;
      }
      if (offset % 4 + std::min(bytes_, 4u) > 4) crossing_ |= uint64_t{1} << lane;
    }
    return true;
  }

  void perform() {
    uint64_t address[kLanes] = {};
    forEachLane(exec_, [&](unsigned lane) { address[lane] = swizzled(base_, offset_[lane], lane); });
    if (isAtomic(accessKind(op_)) && bytes_ > 4) {
      performWideAtomic();
    } else {
      performGroups(wave_, op_, address, exec_ & ~crossing_, kSwizzledStride);
    }
    accessStaged(wave_, op_, crossing_, [this](unsigned lane, unsigned byte) {
      return reinterpret_cast<uint8_t*>(swizzled(base_, offset_[lane] + byte, lane));
    });
  }

 private:
  // The two dwords lie apart. Nobody but the lane itself reaches them, so a copy serves.
  void performWideAtomic() {
    forEachLane(exec_, [&](unsigned lane) {
      alignas(8) uint32_t copy[2];
      uint8_t* dword[2];
      for (unsigned k = 0; k < 2; ++k) {
        dword[k] = reinterpret_cast<uint8_t*>(swizzled(base_, offset_[lane] + 4 * k, lane));
        std::memcpy(copy + k, dword[k], 4);
      }
      alignas(64) uint32_t zeros[kLanes] = {};
      Lanes lanes;
      lanes.base = reinterpret_cast<uint64_t>(copy);
      lanes.exec = uint64_t{1} << lane;
      lanes.offset = zeros;
      lanes.shape = Shape::Single;
      performAccess(wave_, op_, lanes);
      for (unsigned k = 0; k < 2; ++k) std::memcpy(dword[k], copy + k, 4);
    });
  }

  Wave& wave_;
  const MicroOp* op_;
  uint64_t base_;
  const uint32_t* offset_;
  uint64_t exec_;
  unsigned bytes_;
  uint64_t crossing_ = 0;  // lanes whose access crosses from one of their dwords to the next
};

}  // namespace

const MicroOp* accessPrivate(Wave& wave, const MicroOp* op, uint64_t base, const uint32_t* offset, uint64_t exec,
                             uint64_t limit) {
  PrivateAccess access(wave, op, base, offset, exec);
  if (!access.check(limit, [&](uint64_t at) { return wave.privateAperture + at; })) return nullptr;
  access.perform();
  return next(op);
}

const MicroOp* accessAnywhere(Wave& wave, const MicroOp* op, const uint64_t* address, uint64_t exec, bool flat) {
  const unsigned bytes = op->extra[kBytes];
  uint64_t host[kLanes] = {};
  alignas(64) uint32_t privateOffset[kLanes] = {};
  uint64_t privateLanes = 0;
  for (uint64_t rest = exec; rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    const uint64_t high = address[lane] >> 32, low = address[lane] & UINT32_MAX;
    host[lane] = address[lane];
    if (flat && high && high == wave.privateAperture >> 32) {
      privateOffset[lane] = static_cast<uint32_t>(low);
      privateLanes |= uint64_t{1} << lane;
      continue;
    }
    if (flat && high && high == wave.sharedAperture >> 32) {
      if (low + bytes > wave.ldsBytes) {
        return raiseMemoryFault(wave, op, FaultKind::InvalidAperture, address[lane], lane);
      }
      host[lane] = reinterpret_cast<uint64_t>(wave.lds) + low;
    } else if (!laneMapped(wave, op, address[lane], bytes, lane)) {
      return nullptr;
    }
    if (isAtomic(accessKind(op)) && address[lane] % bytes) {
      return raiseMemoryFault(wave, op, FaultKind::MemoryAccess, address[lane], lane);
    }
  }
  PrivateAccess inPrivate(wave, op, privateBase(wave), privateOffset, privateLanes);
  if (!inPrivate.check(wave.scratchPerLane, [&](uint64_t at) { return wave.privateAperture + at; })) return nullptr;
  performGroups(wave, op, host, exec & ~privateLanes, 4);
  inPrivate.perform();
  return next(op);
}

}  // namespace softgpu::memory
