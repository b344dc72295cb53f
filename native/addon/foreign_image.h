// An image as a compiler's constructor would have it in its program: what load_image reads, and goes on reading until
// the image is unloaded. Layouts: mkoffload.cc and plugin-gcn.c (struct gcn_image_desc).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gcn::addon {

struct ForeignKernel {
  std::string name;
  std::array<int32_t, 3> dimensions;
  int32_t scalar_registers, vector_registers;
};

class ForeignImage {
 public:
  struct Code {
    uint64_t bytes;
    const void* address;
  };
  // struct hsa_kernel_description
  struct Info {
    const char* name;
    int32_t dimensions[3];
    int32_t scalar_registers, vector_registers;
  };
  static_assert(sizeof(Info) == 32);
  struct Description {
    const Code* code;
    uint32_t kernels;
    const Info* infos;
    // The variables; since GCC 14 the indirect functions, and then the variables.
    uint32_t counts[2];
  };
  static_assert(sizeof(Description) == 32);

  // `counts_indirect`: the layout since GCC 14.
  ForeignImage(std::span<const uint8_t> code, std::vector<ForeignKernel> kernels, uint32_t variables,
               std::vector<uint64_t> indirect_functions, bool counts_indirect);
  ForeignImage(const ForeignImage&) = delete;
  ForeignImage& operator=(const ForeignImage&) = delete;

  // It points into the image.
  const Description& description() const { return description_; }
  // Host addresses up to a null, for load_image since GCC 14; null where there are none.
  uint64_t* indirect_functions() { return indirect_.size() > 1 ? indirect_.data() : nullptr; }
  const uint64_t* indirect_functions() const { return indirect_.data(); }
  size_t indirect_count() const { return indirect_.size() - 1; }
  size_t kernels() const { return kernels_.size(); }
  uint32_t variables() const { return variables_; }

 private:
  const std::vector<ForeignKernel> kernels_;
  const uint32_t variables_;
  std::vector<uint64_t> indirect_;
  // In whole words: the loader reads its headers where they lie.
  std::vector<uint64_t> bytes_;
  Code code_;
  std::vector<Info> infos_;
  Description description_;
};

}  // namespace gcn::addon
