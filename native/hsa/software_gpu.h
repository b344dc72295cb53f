// The software GPU's thunk, seen from above: a libhsakmt.so.1 that is opened before the HSA runtime, which then binds
// to it because a library of that SONAME is already there. It exports a few functions of its own beside the thunk's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../softgpu/driver/thunk/gcn_softgpu.h"
#include "library.h"

namespace gcn::hsa {

class SoftwareGpu {
 public:
  SoftwareGpu() = default;

  // Opens the thunk and hands it the configuration ("gfx906*2"). Throws OpenError.
  static SoftwareGpu Open(const std::string& library, const std::string& config);

  explicit operator bool() const { return static_cast<bool>(library_); }
  const std::string& file() const { return file_; }
  const std::string& config() const { return config_; }

  // The last fault of the queue at an address, or of any where that is 0; none where there was none.
  std::optional<gcn_softgpu_fault> LastFault(uint64_t queue) const;
  // Counts since the process started, by name; none where the thunk keeps none.
  std::optional<std::vector<std::pair<const char*, uint64_t>>> Statistics() const;

  // What a thunk implements of a target, without it being opened; empty where it has no such target. Throws
  // std::runtime_error where the library cannot be opened.
  static std::vector<gcn_softgpu_instruction> Instructions(const std::string& library, const std::string& target);

  void Pin() { library_.Pin(); }

 private:
  Library library_;
  std::string file_;
  std::string config_;
};

}  // namespace gcn::hsa
