#include "libgomp_functions.h"

#include <sys/mman.h>

#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace gcn::addon {
namespace {

// endbr64; mov $function, %rsi; mov $dispatch, %rax; jmp *%rax: the variables stay in %rdi.
constexpr std::array<uint8_t, 26> kCode = {0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0xbe, 0, 0, 0, 0, 0, 0,    0,
                                           0,    0x48, 0xb8, 0,    0,    0,    0, 0, 0, 0, 0, 0xff, 0xe0};
constexpr size_t kFunctionAt = 6;
constexpr size_t kDispatchAt = 16;
constexpr size_t kStride = 32;

}  // namespace

LibgompFunctions::LibgompFunctions(uint32_t count, Call call) : call_(std::move(call)) {
  if (count == 0) return;
  bytes_ = count * kStride;
  code_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code_ == MAP_FAILED) throw std::bad_alloc();
  functions_.reserve(count);
  auto* const code = static_cast<uint8_t*>(code_);
  const auto dispatch = reinterpret_cast<uint64_t>(&Dispatch);
  for (uint32_t i = 0; i < count; i++) {
    const Function* const function = &functions_.emplace_back(Function{this, i});
    uint8_t* const at = code + i * kStride;
    std::memcpy(at, kCode.data(), kCode.size());
    std::memcpy(at + kFunctionAt, &function, sizeof function);
    std::memcpy(at + kDispatchAt, &dispatch, sizeof dispatch);
    addresses_.push_back(at);
  }
  if (mprotect(code_, bytes_, PROT_READ | PROT_EXEC) != 0) {
    munmap(code_, bytes_);
    throw std::bad_alloc();
  }
}

LibgompFunctions::~LibgompFunctions() {
  if (code_ != nullptr) munmap(code_, bytes_);
}

void LibgompFunctions::Dispatch(void** variables, const Function* function) {
  function->owner->call_(function->index, variables);
}

}  // namespace gcn::addon
