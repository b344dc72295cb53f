// An image with all that libgomp reads of its registration: what a compiler's constructor would have in its program.
// Layouts: mkoffload.cc and target.c of GCC 12 to 17.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "foreign_image.h"
#include "libgomp_functions.h"

namespace gcn::addon {

struct LibgompVariable {
  uint64_t address;
  // The highest bit marks a `declare target link` variable.
  uint64_t size;
};

class LibgompImage {
 public:
  // `version`: libgomp's in the upper half, the device's in the lower. `requirements`: `omp requires` bits.
  LibgompImage(unsigned version, std::unique_ptr<const ForeignImage> image, uint32_t functions,
               LibgompFunctions::Call call, std::vector<LibgompVariable> variables, uint64_t requirements);
  LibgompImage(const LibgompImage&) = delete;
  LibgompImage& operator=(const LibgompImage&) = delete;

  // What GOMP_offload_register_ver and its counterpart are called with: version, host table, device, data.
  std::array<uint64_t, 4> words() const;
  const LibgompFunctions& functions() const { return functions_; }

 private:
  const unsigned version_;
  const std::unique_ptr<const ForeignImage> image_;
  const LibgompFunctions functions_;
  const std::vector<LibgompVariable> variables_;
  // Where the functions, the variables and, since GCC 14, the functions that are called by their addresses begin and
  // end.
  std::array<const void*, 6> host_{};
  // Since GCC 13 the requirements come first.
  struct {
    uint64_t requirements;
    ForeignImage::Description image;
  } data_;
};

}  // namespace gcn::addon
