// hsa_*_get_info in one line: the value of an attribute, or the type's zero where the runtime has no answer and that is
// no error.
#pragma once

#include <hsa/hsa.h>

#include <array>
#include <string>

#include "../hsa/runtime.h"

namespace gcn::addon {

// `Get` takes (attribute, void*) and answers a status.
template <typename Get>
class Query {
 public:
  Query(const hsa::Runtime& runtime, const char* call, Get get) : runtime_(runtime), call_(call), get_(get) {}

  template <typename T>
  T Required(int attribute) const {
    T value{};
    runtime_.Check(get_(attribute, &value), call_);
    return value;
  }
  template <typename T>
  T Optional(int attribute) const {
    T value{};
    return get_(attribute, &value) == HSA_STATUS_SUCCESS ? value : T{};
  }
  // Fixed-size character arrays, terminated or not (HSA_AGENT_INFO_NAME is char[64]).
  std::string Text(int attribute) const {
    std::array<char, 256> text{};
    if (get_(attribute, text.data()) != HSA_STATUS_SUCCESS) return {};
    text.back() = '\0';
    return text.data();
  }

 private:
  const hsa::Runtime& runtime_;
  const char* const call_;
  const Get get_;
};

}  // namespace gcn::addon
