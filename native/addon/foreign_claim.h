// A C plugin's state is the process's: two owners would end each other's devices.
#pragma once

#include "foreign_library.h"

namespace gcn::addon {

class ForeignClaim {
 public:
  // Throws ForeignLibraryError where the library has an owner, in whichever thread.
  explicit ForeignClaim(const ForeignLibrary& library);
  ~ForeignClaim() { Release(); }
  ForeignClaim(const ForeignClaim&) = delete;
  ForeignClaim& operator=(const ForeignClaim&) = delete;

  void Release();

 private:
  const void* identity_;
};

}  // namespace gcn::addon
