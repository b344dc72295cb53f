// Code object readers (HSA 1.2, 2.10): the bytes of a code object on their way into executables.
#pragma once

#include <hsa/hsa.h>
#include <napi.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "../hsa/runtime.h"
#include "handle.h"

namespace gcn::addon {

// The loader reads the bytes again when it loads, and debuggers later: executables hold the readers of what is in them.
class CodeObjectReaderState {
 public:
  // Throws hsa::StatusError.
  CodeObjectReaderState(std::shared_ptr<hsa::Runtime> runtime, std::vector<uint8_t> bytes);
  ~CodeObjectReaderState();
  CodeObjectReaderState(const CodeObjectReaderState&) = delete;
  CodeObjectReaderState& operator=(const CodeObjectReaderState&) = delete;

  hsa_code_object_reader_t reader() const { return reader_; }

 private:
  const std::shared_ptr<hsa::Runtime> runtime_;
  const std::vector<uint8_t> bytes_;
  hsa_code_object_reader_t reader_{};
};

class CodeObjectReader final : public Handle<CodeObjectReader> {
 public:
  static constexpr HandleClass kClass = HandleClass::kCodeObjectReader;
  static constexpr const char* kName = "NativeCodeObjectReader";
  static constexpr napi_type_tag kTag{0x0d7e91a4b35c4f68ULL, 0x95f4082d6ce1b707ULL};

  CodeObjectReader(Environment& environment, std::shared_ptr<CodeObjectReaderState> state)
      : Handle(environment), state_(std::move(state)) {}

  const std::shared_ptr<CodeObjectReaderState>& state() const { return state_; }

 protected:
  void Release(Teardown) override { state_.reset(); }

 private:
  std::shared_ptr<CodeObjectReaderState> state_;
};

void DefineCodeObjectReaders(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
