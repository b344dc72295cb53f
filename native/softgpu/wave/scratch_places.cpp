#include "wave/scratch_places.h"

#include <algorithm>
#include <map>
#include <utility>

namespace softgpu {

std::shared_ptr<ScratchPlaces> ScratchPlaces::of(uint64_t base, uint64_t bytes, uint32_t waveBytes) {
  static std::mutex& mutex = *new std::mutex;
  static auto& known = *new std::map<std::pair<uint64_t, uint32_t>, std::weak_ptr<ScratchPlaces>>;
  const auto total = static_cast<uint32_t>(std::min<uint64_t>(waveBytes ? bytes / waveBytes : 0, UINT32_MAX));
  std::lock_guard lock(mutex);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  auto& entry = known[{base, waveBytes}];
  auto places = entry.lock();
  if (!places || places->total_ != total) entry = places = std::shared_ptr<ScratchPlaces>(new ScratchPlaces(total));
  return places;
}

bool ScratchPlaces::take(unsigned count, uint32_t* out) {
  std::lock_guard lock(mutex_);
  if (idle_.size() + (total_ - untouched_) < count) return false;
  for (unsigned i = 0; i < count; ++i) {
    if (idle_.empty()) {
      out[i] = untouched_++;
    } else {
      out[i] = idle_.back();
      idle_.pop_back();
    }
  }
  return true;
}

void ScratchPlaces::give(unsigned count, const uint32_t* places) {
  std::lock_guard lock(mutex_);
  idle_.insert(idle_.end(), places, places + count);
}

}  // namespace softgpu
