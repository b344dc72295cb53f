// How the plugin's functions ask for their answers.
#pragma once

#include <initializer_list>
#include <type_traits>

#include "bridge.h"

namespace gcn::libgomp {

template <typename T>
uint64_t Word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<uintptr_t>(value);
  } else {
    return static_cast<uint64_t>(value);
  }
}

// One call, answered. Failures are said to libgomp, whose line on stderr they become; a kernel's exit() or abort() is
// the process's, and does not come back.
class Call {
 public:
  template <typename... Values>
  explicit Call(Operation operation, Values... values)
      : request_{.operation = operation, .arguments = {Word(values)...}} {
    Send();
  }

  bool Succeeded() const { return served_ && request_.outcome == Outcome::kDone; }
  // Nobody answers any more: the process is ending, and the devices are gone already.
  bool Unserved() const { return !served_; }
  uint64_t value() const { return request_.value; }
  bool Flag() const { return Succeeded() && request_.value != 0; }
  void* Pointer() const { return Succeeded() ? reinterpret_cast<void*>(request_.value) : nullptr; }

  // Says what is wrong; whether all is well.
  bool Report() const;
  // Ends the process where something is wrong: where libgomp takes no answer.
  void MustSucceed() const;

 private:
  void Send();

  Request request_;
  bool served_ = false;
};

// How many words a launch's list of attributes has, without the null at its end.
size_t CountAttributes(void* const* words);

}  // namespace gcn::libgomp
