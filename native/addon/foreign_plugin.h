// A plugin of libgomp's (libgomp-plugin-gcn.so.1 and its like) as a handle: each call is the C plugin's own.
#pragma once

#include <napi.h>

#include <memory>
#include <string>
#include <unordered_map>

#include "foreign_claim.h"
#include "foreign_image.h"
#include "foreign_library.h"
#include "foreign_queues.h"
#include "foreign_runs.h"
#include "handle.h"

namespace gcn::addon {

class ForeignPlugin final : public Handle<ForeignPlugin> {
 public:
  static constexpr HandleClass kClass = HandleClass::kForeignPlugin;
  static constexpr napi_type_tag kTag = {0x0b5e7b1c54ad4d5e, 0x9c1f0d5b8a3e6f27};
  static constexpr const char* kName = "ForeignPlugin";

  // Throws ForeignLibraryError.
  ForeignPlugin(Environment& environment, const std::string& path)
      : Handle(environment), library_(path), claim_(library_), queues_(library_) {}

  const ForeignLibrary& library() const { return library_; }

  Napi::Value GetNumDevices(const Napi::CallbackInfo& info);
  Napi::Value InitDevice(const Napi::CallbackInfo& info);
  Napi::Value FiniDevice(const Napi::CallbackInfo& info);
  Napi::Value LoadImage(const Napi::CallbackInfo& info);
  Napi::Value UnloadImage(const Napi::CallbackInfo& info);
  Napi::Value Alloc(const Napi::CallbackInfo& info);
  Napi::Value Free(const Napi::CallbackInfo& info);
  Napi::Value HostToDevice(const Napi::CallbackInfo& info);
  Napi::Value DeviceToHost(const Napi::CallbackInfo& info);
  Napi::Value DeviceToDevice(const Napi::CallbackInfo& info);
  Napi::Value Fill(const Napi::CallbackInfo& info);

  // foreign_launches.cc
  Napi::Value CanRun(const Napi::CallbackInfo& info);
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value RunAsync(const Napi::CallbackInfo& info);
  Napi::Value WaitForRuns(const Napi::CallbackInfo& info);
  Napi::Value WatchFaults(const Napi::CallbackInfo& info);
  Napi::Value GiveUp(const Napi::CallbackInfo& info);
  Napi::Value SessionStart(const Napi::CallbackInfo& info);
  Napi::Value SessionAllocate(const Napi::CallbackInfo& info);
  Napi::Value SessionSet(const Napi::CallbackInfo& info);

  // foreign_openacc.cc
  Napi::Value OpenaccExec(const Napi::CallbackInfo& info);
  Napi::Value OpenaccAsyncExec(const Napi::CallbackInfo& info);
  Napi::Value QueueConstruct(const Napi::CallbackInfo& info);
  Napi::Value QueueWait(const Napi::CallbackInfo& info);
  Napi::Value QueueDestruct(const Napi::CallbackInfo& info);
  Napi::Value QueueSerialize(const Napi::CallbackInfo& info);
  Napi::Value QueueHostToDevice(const Napi::CallbackInfo& info);
  Napi::Value QueueDeviceToHost(const Napi::CallbackInfo& info);
  Napi::Value GetProperty(const Napi::CallbackInfo& info);

 private:
  void Release(Teardown teardown) override;
  // Null, "late", or the address of a memory fault.
  Napi::Value Within(Napi::Env env, std::optional<ForeignRuns::Milliseconds> limit, ForeignLaunch launch);

  const ForeignLibrary library_;
  ForeignClaim claim_;
  std::unordered_map<uint64_t, std::unique_ptr<ForeignImage>> images_;
  uint64_t next_image_ = 1;
  ForeignRuns runs_;
  ForeignQueues queues_;
};

void DefineForeignPlugins(Environment& environment, Napi::Object exports);

}  // namespace gcn::addon
