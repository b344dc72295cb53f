// What can go wrong below JavaScript, as C++ exceptions that know nothing of N-API. native/addon/error.cc turns them
// into errors.
#pragma once

#include <hsa/hsa.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gcn::hsa {

// A call answered something other than HSA_STATUS_SUCCESS.
class StatusError : public std::runtime_error {
 public:
  StatusError(hsa_status_t status, const char* call, std::string explanation)
      : std::runtime_error(std::move(explanation)), status(status), call(call) {}

  const hsa_status_t status;
  const char* const call;
};

// The runtime cannot be opened. `code` is the JavaScript error's.
class OpenError : public std::runtime_error {
 public:
  struct Attempt {
    std::string library;
    std::string reason;
  };

  OpenError(const char* code, std::string message) : std::runtime_error(std::move(message)), code(code) {}

  const char* const code;
  std::vector<Attempt> tried;
  std::vector<std::string> missing;
};

}  // namespace gcn::hsa
