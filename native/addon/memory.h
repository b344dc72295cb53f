// Memory that JavaScript holds, and what HSA does with memory as a whole: copy, fill, lock, ask.
#pragma once

#include <napi.h>

#include <memory>

#include "handle.h"
#include "memory_state.h"

namespace gcn::addon {

class Memory final : public Handle<Memory> {
 public:
  static constexpr HandleClass kClass = HandleClass::kMemory;
  static constexpr const char* kName = "NativeMemory";
  static constexpr napi_type_tag kTag{0xd94b6a7c08e14f52ULL, 0xa6c7512e9f3b8d04ULL};

  // `anchor`: the JavaScript object whose bytes are locked.
  static Napi::Object Wrap(Environment& environment, std::shared_ptr<MemoryState> state,
                           Napi::Object anchor = Napi::Object());
  Memory(Environment& environment, std::shared_ptr<MemoryState> state, Napi::Object anchor);

  Napi::Value View(const Napi::CallbackInfo& info);
  Napi::Value AllowAccess(const Napi::CallbackInfo& info);

 protected:
  void Release(Teardown teardown) override;

 private:
  // Takes the memory out of JavaScript's hands; false where somebody may have it still.
  bool DetachView();

  std::shared_ptr<MemoryState> state_;
  Napi::Reference<Napi::ArrayBuffer> view_;  // weak: the ArrayBuffer holds the memory, not the other way round
  Napi::ObjectReference anchor_;
};

void DefineMemory(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
