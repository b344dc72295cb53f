#include "memory_calls.h"

#include <hsa/hsa_ext_amd.h>

#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "memory.h"
#include "signal.h"

namespace gcn::addon {
namespace {

struct PointerInfo {
  hsa_amd_pointer_info_t info{};
  std::vector<hsa_agent_t> accessible;
};

PointerInfo Ask(const hsa::Runtime& runtime, uint64_t address) {
  PointerInfo result;
  result.info.size = sizeof result.info;
  uint32_t count = 0;
  hsa_agent_t* agents = nullptr;
  runtime.Check(runtime.hsa().hsa_amd_pointer_info(reinterpret_cast<const void*>(address), &result.info, std::malloc,
                                                   &count, &agents),
                "hsa_amd_pointer_info");
  const std::unique_ptr<hsa_agent_t, decltype(&std::free)> owned(agents, &std::free);
  if (agents != nullptr) result.accessible.assign(agents, agents + count);
  return result;
}

// ROCr copies between whatever addresses it is given, with memcpy where both are the host's: a bad one would end the
// process.
void RequireAllocated(Napi::Env env, const hsa::Runtime& runtime, uint64_t address, uint64_t bytes, const char* name) {
  const hsa_amd_pointer_info_t info = Ask(runtime, address).info;
  const auto inside = [&](const void* base) {
    const auto start = reinterpret_cast<uint64_t>(base);
    return start != 0 && address >= start && address - start < info.sizeInBytes &&
           bytes <= info.sizeInBytes - (address - start);
  };
  if (info.type == HSA_EXT_POINTER_TYPE_UNKNOWN) {
    throw MakeRangeError(env, "ERR_OUT_OF_RANGE",
                         std::string("\"") + name + "\" is no address of memory that HSA has allocated or locked");
  }
  if (!inside(info.agentBaseAddress) && !inside(info.hostBaseAddress)) {
    throw MakeRangeError(env, "ERR_OUT_OF_RANGE",
                         std::string("\"") + name + "\" and " + std::to_string(bytes) +
                             " bytes from it do not lie within one allocation (" + std::to_string(info.sizeInBytes) +
                             " bytes)");
  }
}

// One side of a copy: an address, or bytes of host memory.
void* Side(const Napi::CallbackInfo& info, const hsa::Runtime& runtime, size_t i, const char* name, uint64_t bytes) {
  if (info[i].IsNumber()) {
    const uint64_t address = ToAddress(info[i], name);
    RequireAllocated(info.Env(), runtime, address, bytes, name);
    return reinterpret_cast<void*>(address);
  }
  if (!info[i].IsTypedArray() && !info[i].IsDataView()) FailType(info.Env(), name, "an address or an ArrayBufferView");
  const std::span<uint8_t> view = ToBytes(info[i], name);
  if (view.size() < bytes) FailRange(info.Env(), name, "a view of " + std::to_string(bytes) + " bytes or more");
  return view.data();
}

Napi::Value Copy(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  const uint64_t bytes = Arguments(info).Integer(2, "bytes", 0, kMaxSafeInteger);
  if (bytes != 0) {
    void* const destination = Side(info, runtime, 0, "destination", bytes);
    const void* const source = Side(info, runtime, 1, "source", bytes);
    runtime.Check(runtime.hsa().hsa_memory_copy(destination, source, bytes), "hsa_memory_copy");
  }
  environment.stats().copies++;
  return info.Env().Undefined();
}

Napi::Value Fill(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::Runtime& runtime = *environment.runtime();
  const uint64_t address = arguments.Address(0, "address");
  const auto value = static_cast<uint32_t>(arguments.Integer(1, "value", 0, UINT32_MAX));
  const uint64_t count = arguments.Integer(2, "count", 0, kMaxSafeInteger / 4);
  if (address % 4 != 0) FailRange(info.Env(), "address", "a multiple of 4");
  if (count != 0) {
    RequireAllocated(info.Env(), runtime, address, 4 * count, "address");
    runtime.Check(runtime.hsa().hsa_amd_memory_fill(reinterpret_cast<void*>(address), value, count),
                  "hsa_amd_memory_fill");
  }
  environment.stats().copies++;
  return info.Env().Undefined();
}

Napi::Value AsyncCopy(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const hsa::Runtime& runtime = *environment.runtime();
  const uint64_t destination = arguments.Address(0, "destination");
  const Agent& destination_agent = arguments.HandleOf<Agent>(1, "destinationAgent");
  const uint64_t source = arguments.Address(2, "source");
  const Agent& source_agent = arguments.HandleOf<Agent>(3, "sourceAgent");
  const uint64_t bytes = arguments.Size(4, "bytes");
  const std::vector<Signal*> dependencies = arguments.Handles<Signal>(5, "dependencies");
  Signal& completion = arguments.HandleOf<Signal>(6, "completion");
  RequireAllocated(info.Env(), runtime, destination, bytes, "destination");
  RequireAllocated(info.Env(), runtime, source, bytes, "source");

  std::vector<hsa_signal_t> signals;
  for (const Signal* dependency : dependencies) signals.push_back(dependency->state()->signal);
  runtime.Check(
      runtime.hsa().hsa_amd_memory_async_copy(reinterpret_cast<void*>(destination), destination_agent.agent(),
                                              reinterpret_cast<const void*>(source), source_agent.agent(), bytes,
                                              static_cast<uint32_t>(signals.size()),
                                              signals.empty() ? nullptr : signals.data(), completion.state()->signal),
      "hsa_amd_memory_async_copy");
  std::vector<std::shared_ptr<SignalState>> needed;
  for (const Signal* dependency : dependencies) needed.push_back(dependency->state());
  completion.state()->NoteCopy(std::move(needed));
  environment.stats().copies++;
  return info.Env().Undefined();
}

Napi::Value RegisterMemory(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  const std::span<uint8_t> bytes = Arguments(info).Bytes(0, "bytes");
  if (bytes.empty()) FailRange(info.Env(), "bytes", "one byte or more");
  runtime.Check(runtime.hsa().hsa_memory_register(bytes.data(), bytes.size()), "hsa_memory_register");
  environment.HoldRegistered(bytes.data(), info[0].As<Napi::Object>());
  return info.Env().Undefined();
}

Napi::Value DeregisterMemory(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  const std::span<uint8_t> bytes = Arguments(info).Bytes(0, "bytes");
  runtime.Check(runtime.hsa().hsa_memory_deregister(bytes.data(), bytes.size()), "hsa_memory_deregister");
  environment.DropRegistered(bytes.data());
  return info.Env().Undefined();
}

Napi::Value Lock(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto& runtime = environment.runtime();
  const std::span<uint8_t> bytes = arguments.Bytes(0, "bytes");
  const std::vector<Agent*> handles = arguments.Handles<Agent>(1, "agents");
  if (bytes.empty()) FailRange(info.Env(), "bytes", "one byte or more");
  const Napi::Object view = info[0].As<Napi::Object>();
  const Napi::Value buffer = view.Get("buffer");
  if (buffer.As<Napi::Object>().Get("resizable").ToBoolean()) {
    throw MakeTypeError(info.Env(), "ERR_INVALID_ARG_VALUE",
                        "\"bytes\" must not lie in a resizable ArrayBuffer: its pages may go away");
  }
  std::vector<hsa_agent_t> agents;
  for (const Agent* agent : handles) agents.push_back(agent->agent());
  void* address = nullptr;
  runtime->Check(
      runtime->hsa().hsa_amd_memory_lock(bytes.data(), bytes.size(), agents.empty() ? nullptr : agents.data(),
                                         static_cast<int>(agents.size()), &address),
      "hsa_amd_memory_lock");
  return Memory::Wrap(
      environment,
      std::make_shared<MemoryState>(runtime, MemoryState::Kind::kLocked, address, bytes.data(), bytes.size(), true),
      buffer.As<Napi::Object>());
}

Napi::Value InfoOfPointer(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  const PointerInfo pointer = Ask(runtime, Arguments(info).Address(0, "address"));
  constexpr const char* kTypes[] = {"unknown", "hsa", "locked", "graphics", "ipc"};
  const auto type = static_cast<size_t>(pointer.info.type);
  const bool known = type != HSA_EXT_POINTER_TYPE_UNKNOWN && type < std::size(kTypes);

  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("type", known ? kTypes[type] : "unknown");
  result.Set("agentBaseAddress", FromAddress(info.Env(), known ? pointer.info.agentBaseAddress : nullptr));
  result.Set("hostBaseAddress", FromAddress(info.Env(), known ? pointer.info.hostBaseAddress : nullptr));
  result.Set("byteLength", known ? static_cast<double>(pointer.info.sizeInBytes) : 0.0);
  result.Set("owner", known ? runtime.IndexOf(pointer.info.agentOwner) : -1);
  Napi::Array accessible = Napi::Array::New(info.Env());
  for (uint32_t i = 0; known && i < pointer.accessible.size(); i++)
    accessible.Set(i, runtime.IndexOf(pointer.accessible[i]));
  result.Set("accessible", accessible);
  return result;
}

Napi::Value SetCopyProfiling(Environment& environment, const Napi::CallbackInfo& info) {
  const hsa::Runtime& runtime = *environment.runtime();
  runtime.Check(runtime.hsa().hsa_amd_profiling_async_copy_enable(Arguments(info).Boolean(0, "enabled")),
                "hsa_amd_profiling_async_copy_enable");
  return info.Env().Undefined();
}

}  // namespace

void DefineMemoryCalls(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<Copy>("memoryCopy", environment),
                       Function<Fill>("memoryFill", environment),
                       Function<AsyncCopy>("memoryAsyncCopy", environment),
                       Function<RegisterMemory>("memoryRegister", environment),
                       Function<DeregisterMemory>("memoryDeregister", environment),
                       Function<Lock>("memoryLock", environment),
                       Function<InfoOfPointer>("pointerInfo", environment),
                       Function<SetCopyProfiling>("setCopyProfiling", environment),
                   });
}

}  // namespace gcn::addon
