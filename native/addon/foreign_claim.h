// A C plugin's state is the process's: two owners would end each other's devices, and libgomp is one, too.
#pragma once

#include <napi.h>

#include <string>

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

  // Throws ForeignLibraryError where somebody else, that is libgomp, has opened the library before us.
  static void MustNotBeLibgomps(const std::string& path);
  // Whether some library has an owner now.
  static bool Any();

 private:
  const void* identity_;
};

// For libgomp, which would find the same library: throws where a plugin is open here.
void MustHaveDevicesToItself(Napi::Env env);

}  // namespace gcn::addon
