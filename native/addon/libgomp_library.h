// libgomp.so.1 as a library: its functions by their names, called with words as compiled code would with its arguments.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gcn::addon {

// The library cannot be opened, or is no libgomp that offloads.
struct LibgompError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class LibgompLibrary {
 public:
  struct Function {
    size_t arguments;
    uint64_t (*invoke)(void* function, const uint64_t* words);
    void* address;
  };

  // A path, or a name for the loader. It stays open until the process ends: its threads and exit handlers know nothing
  // of an unloading. A process has one libgomp: plugins find it by its SONAME.
  explicit LibgompLibrary(const std::string& name);

  const std::string& file() const { return file_; }
  const std::unordered_map<std::string_view, Function>& functions() const { return functions_; }
  // Null where this release has none of that name.
  const Function* Find(std::string_view name) const;
  // As many words as the function has arguments: addresses, and integers in two's complement. The result likewise.
  static uint64_t Call(const Function& function, std::span<const uint64_t> words) {
    return function.invoke(function.address, words.data());
  }

 private:
  std::string file_;
  std::unordered_map<std::string_view, Function> functions_;
};

}  // namespace gcn::addon
