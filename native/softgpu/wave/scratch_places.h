// Which parts of a queue's scratch memory are in use. Dispatches of one queue may overlap in time and share it.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace softgpu {

class ScratchPlaces {
 public:
  // The places of the scratch at `base`, each of `waveBytes`; shared by those who ask for the same.
  static std::shared_ptr<ScratchPlaces> of(uint64_t base, uint64_t bytes, uint32_t waveBytes);

  uint32_t total() const { return total_; }
  // `count` places into `out`; false, and none taken, where there are not that many.
  bool take(unsigned count, uint32_t* out);
  void give(unsigned count, const uint32_t* places);

 private:
  explicit ScratchPlaces(uint32_t total) : total_(total) {}

  std::mutex mutex_;
  const uint32_t total_;
  uint32_t untouched_ = 0;  // places from here on were never taken
  std::vector<uint32_t> idle_;
};

}  // namespace softgpu
