// A shared library, opened at run time.
#pragma once

#include <memory>
#include <string>

namespace gcn::hsa {

class Library {
 public:
  Library() = default;

  // Throws std::runtime_error with the loader's words.
  static Library Open(const std::string& name);
  // An empty library where none of that name (path or SONAME) is loaded.
  static Library Loaded(const std::string& name);

  explicit operator bool() const { return handle_ != nullptr; }

  // Null where there is none. Searches the library and what it needs.
  void* Symbol(const char* name) const;

  // The library stays for the life of the process: threads and callbacks of it may be alive.
  void Pin() { handle_.get_deleter().pinned = true; }

  // The file that holds `address`, its links resolved; empty where unknown.
  static std::string FileOf(const void* address);

 private:
  struct Close {
    Close() : pinned(false) {}
    bool pinned;
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Close> handle_;
};

}  // namespace gcn::hsa
