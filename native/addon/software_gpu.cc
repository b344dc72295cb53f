#include "software_gpu.h"

#include <iterator>

#include "arguments.h"
#include "call.h"
#include "value.h"

namespace gcn::addon {
namespace {

const char* KindName(uint32_t kind) {
  switch (kind) {
    case GCN_SOFTGPU_FAULT_MEMORY:
      return "memory";
    case GCN_SOFTGPU_FAULT_ILLEGAL:
      return "illegal-instruction";
    case GCN_SOFTGPU_FAULT_UNSUPPORTED:
      return "unsupported-instruction";
    case GCN_SOFTGPU_FAULT_TRAP:
      return "trap";
    case GCN_SOFTGPU_FAULT_APERTURE:
      return "aperture";
    default:
      return "packet";
  }
}

// The text, or null where it is empty.
Napi::Value Text(Napi::Env env, const char* text) {
  return *text != '\0' ? Napi::Value(Napi::String::New(env, text)) : env.Null();
}

Napi::Value InstructionOf(Napi::Env env, const gcn_softgpu_fault& fault) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("pc", FromAddress(env, fault.pc));
  result.Set("text", fault.instruction);
  Napi::Array workgroup = Napi::Array::New(env, std::size(fault.workgroup));
  for (uint32_t i = 0; i < std::size(fault.workgroup); i++) workgroup.Set(i, fault.workgroup[i]);
  result.Set("workgroup", workgroup);
  result.Set("wave", fault.wave);
  result.Set("function", Text(env, fault.function));
  result.Set("functionOffset", static_cast<double>(fault.function_offset));
  result.Set("source", env.Null());
  if (fault.line != 0) {
    Napi::Object source = Napi::Object::New(env);
    source.Set("file", fault.file);
    source.Set("line", fault.line);
    source.Set("column", fault.column != 0 ? Napi::Value(Napi::Number::New(env, fault.column)) : env.Null());
    result.Set("source", source);
  }
  return result;
}

Napi::Value AccessOf(Napi::Env env, const gcn_softgpu_fault& fault) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("address", FromAddress(env, fault.address));
  result.Set("write", fault.write != 0);
  const bool has_lane = (fault.parts & GCN_SOFTGPU_FAULT_HAS_LANE) != 0;
  result.Set("lane", has_lane ? Napi::Value(Napi::Number::New(env, fault.lane)) : env.Null());
  result.Set("nearest", env.Null());
  if ((fault.parts & GCN_SOFTGPU_FAULT_HAS_NEAREST) != 0) {
    Napi::Object nearest = Napi::Object::New(env);
    nearest.Set("address", FromAddress(env, fault.nearest_begin));
    nearest.Set("byteLength", static_cast<double>(fault.nearest_end - fault.nearest_begin));
    nearest.Set("mapped", fault.nearest_mapped != 0);
    result.Set("nearest", nearest);
  }
  return result;
}

Napi::Value LastFault(Environment& environment, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const uint64_t queue = arguments.IsNullish(0) ? 0 : arguments.Address(0, "queue");
  const auto found = environment.runtime()->loaded().software.LastFault(queue);
  if (!found) return env.Null();
  const gcn_softgpu_fault& fault = *found;
  Napi::Object result = Napi::Object::New(env);
  result.Set("sequence", static_cast<double>(fault.sequence));
  result.Set("kind", KindName(fault.kind));
  result.Set("text", fault.text);
  result.Set("gpu", fault.agent);
  result.Set("queue", fault.queue != 0 ? Napi::Value(FromAddress(env, fault.queue)) : env.Null());
  result.Set("trap",
             fault.kind == GCN_SOFTGPU_FAULT_TRAP ? Napi::Value(Napi::Number::New(env, fault.trap)) : env.Null());
  result.Set("kernel", env.Null());
  if ((fault.parts & GCN_SOFTGPU_FAULT_HAS_KERNEL) != 0) {
    Napi::Object kernel = Napi::Object::New(env);
    kernel.Set("object", FromAddress(env, fault.kernel_object));
    kernel.Set("dispatch", static_cast<double>(fault.dispatch));
    kernel.Set("name", Text(env, fault.kernel));
    result.Set("kernel", kernel);
  }
  const auto part = [&](const char* name, uint32_t bit, auto make) {
    result.Set(name, (fault.parts & bit) != 0 ? make(env, fault) : Napi::Value(env.Null()));
  };
  part("instruction", GCN_SOFTGPU_FAULT_HAS_INSTRUCTION, InstructionOf);
  part("access", GCN_SOFTGPU_FAULT_HAS_ADDRESS, AccessOf);
  return result;
}

Napi::Value Statistics(Environment& environment, const Napi::CallbackInfo& info) {
  const auto counts = environment.runtime()->loaded().software.Statistics();
  if (!counts) return info.Env().Null();
  Napi::Object result = Napi::Object::New(info.Env());
  for (const auto& [name, value] : *counts) result.Set(name, static_cast<double>(value));
  return result;
}

const char* SupportName(uint64_t support) {
  switch (support) {
    case GCN_SOFTGPU_EXACT:
      return "exact";
    case GCN_SOFTGPU_APPROXIMATE:
      return "approximate";
    default:
      return "missing";
  }
}

Napi::Value Instructions(Environment&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const auto list = hsa::SoftwareGpu::Instructions(arguments.Text(0, "library"), arguments.Text(1, "target"));
  Napi::Array result = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); i++) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("encoding", list[i].encoding);
    one.Set("name", list[i].name);
    one.Set("support", SupportName(list[i].support));
    one.Set("bound", Text(env, list[i].bound));
    one.Set("limits", Text(env, list[i].limits));
    result.Set(i, one);
  }
  return result;
}

}  // namespace

void DefineSoftwareGpu(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<LastFault>("softwareLastFault", environment),
                       Function<Statistics>("softwareStatistics", environment),
                       Function<Instructions>("softwareInstructions", environment),
                   });
}

}  // namespace gcn::addon
