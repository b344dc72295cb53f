// Room for one resident workgroup: its waves, their registers, its LDS. Slots are pooled, so that a launch allocates
// none.
#pragma once

#include <array>
#include <memory>

#include "wave/workgroup.h"

namespace softgpu {

class GroupSlot {
 public:
  static constexpr uint32_t kMaxLds = 65536;

  // A slot for at least `waves` waves; throws std::bad_alloc.
  static std::unique_ptr<GroupSlot> take(unsigned waves);
  static void give(std::unique_ptr<GroupSlot> slot);

  ~GroupSlot();
  GroupSlot(const GroupSlot&) = delete;
  GroupSlot& operator=(const GroupSlot&) = delete;

  Workgroup group;
  uint64_t index = 0;                                       // of the workgroup in its grid
  Clock::duration quantum{};                                // what is left of its time before others go first
  std::array<uint32_t, Workgroup::kMaxWaves> scratch = {};  // the waves' places in the queue's scratch
  unsigned scratchHeld = 0;

 private:
  explicit GroupSlot(unsigned waves);

  unsigned capacity_;
  std::array<std::unique_ptr<Wave>, Workgroup::kMaxWaves> waves_;
  uint8_t* memory_ = nullptr;  // LDS, then each wave's rows; untouched pages cost nothing
  size_t bytes_ = 0;
};

}  // namespace softgpu
