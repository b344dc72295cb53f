// Host functions of a registered image: libgomp knows a target region by its host function's address, and calls it
// where the region is to run on the host. Each is a few instructions that hand the call on.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gcn::addon {

class LibgompFunctions {
 public:
  // Gets the function's index and what libgomp has called it with: the addresses of the region's variables.
  using Call = std::function<void(uint32_t function, void** variables)>;

  // Throws std::bad_alloc where there is no memory for code.
  LibgompFunctions(uint32_t count, Call call);
  // Nobody may call them any more.
  ~LibgompFunctions();
  LibgompFunctions(const LibgompFunctions&) = delete;
  LibgompFunctions& operator=(const LibgompFunctions&) = delete;

  // `void (*)(void*)`, in order.
  std::span<void* const> addresses() const { return addresses_; }

 private:
  struct Function {
    LibgompFunctions* owner;
    uint32_t index;
  };
  static void Dispatch(void** variables, const Function* function);

  const Call call_;
  std::vector<Function> functions_;
  std::vector<void*> addresses_;
  void* code_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace gcn::addon
