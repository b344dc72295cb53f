#include "executable.h"

#include <utility>

#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "query.h"

namespace gcn::addon {
namespace {

Napi::Object DescribeSymbol(Napi::Env env, const hsa::Runtime& runtime, hsa_executable_symbol_t symbol) {
  const Query query(runtime, "hsa_executable_symbol_get_info", [&](int attribute, void* value) {
    return runtime.hsa().hsa_executable_symbol_get_info(symbol, static_cast<hsa_executable_symbol_info_t>(attribute),
                                                        value);
  });
  Napi::Object result = Napi::Object::New(env);
  const auto number = [&](const char* name, int attribute) {
    result.Set(name, static_cast<double>(query.Required<uint32_t>(attribute)));
  };
  const auto address = [&](const char* name, int attribute) {
    result.Set(name, static_cast<double>(query.Required<uint64_t>(attribute)));
  };

  std::string name(query.Required<uint32_t>(HSA_EXECUTABLE_SYMBOL_INFO_NAME_LENGTH), '\0');
  runtime.Check(runtime.hsa().hsa_executable_symbol_get_info(symbol, HSA_EXECUTABLE_SYMBOL_INFO_NAME, name.data()),
                "hsa_executable_symbol_get_info");
  result.Set("name", name);
  result.Set("linkage",
             query.Required<hsa_symbol_linkage_t>(HSA_EXECUTABLE_SYMBOL_INFO_LINKAGE) == HSA_SYMBOL_LINKAGE_PROGRAM
                 ? "program"
                 : "module");
  switch (query.Required<hsa_symbol_kind_t>(HSA_EXECUTABLE_SYMBOL_INFO_TYPE)) {
    case HSA_SYMBOL_KIND_KERNEL:
      result.Set("type", "kernel");
      address("object", HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT);
      number("kernargSize", HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE);
      number("kernargAlignment", HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_ALIGNMENT);
      number("groupSize", HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE);
      number("privateSize", HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE);
      result.Set("dynamicCallstack", query.Required<bool>(HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_DYNAMIC_CALLSTACK));
      break;
    case HSA_SYMBOL_KIND_VARIABLE:
      result.Set("type", "variable");
      address("address", HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ADDRESS);
      number("byteLength", HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_SIZE);
      number("alignment", HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_ALIGNMENT);
      result.Set("constant", query.Required<bool>(HSA_EXECUTABLE_SYMBOL_INFO_VARIABLE_IS_CONST));
      break;
    default:
      result.Set("type", "indirect-function");
      address("object", HSA_EXECUTABLE_SYMBOL_INFO_INDIRECT_FUNCTION_OBJECT);
      break;
  }
  return result;
}

Napi::Value CreateExecutable(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto& runtime = environment.runtime();
  const auto profile =
      ToWord<hsa_profile_t>(info[0], "profile", {{"base", HSA_PROFILE_BASE}, {"full", HSA_PROFILE_FULL}});
  const auto rounding = ToWord<hsa_default_float_rounding_mode_t>(info[1], "rounding",
                                                                  {{"default", HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT},
                                                                   {"zero", HSA_DEFAULT_FLOAT_ROUNDING_MODE_ZERO},
                                                                   {"near", HSA_DEFAULT_FLOAT_ROUNDING_MODE_NEAR}});
  const std::string options = arguments.TextOr(2, "options", "");
  hsa_executable_t executable{};
  runtime->Check(runtime->hsa().hsa_executable_create_alt(profile, rounding, options.c_str(), &executable),
                 "hsa_executable_create_alt");
  return Executable::New(environment, std::make_unique<Executable>(environment, runtime, executable));
}

}  // namespace

Napi::Value Executable::LoadAgentCodeObject(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Agent& agent = arguments.HandleOf<Agent>(0, "agent");
  const CodeObjectReader& reader = arguments.HandleOf<CodeObjectReader>(1, "reader");
  const std::string options = arguments.TextOr(2, "options", "");
  // Held even where loading fails: what was loaded until then may refer to the bytes.
  readers_.push_back(reader.state());
  runtime_->Check(runtime_->hsa().hsa_executable_load_agent_code_object(
                      executable_, agent.agent(), reader.state()->reader(), options.c_str(), nullptr),
                  "hsa_executable_load_agent_code_object");
  return info.Env().Undefined();
}

Napi::Value Executable::DefineVariable(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const Agent& agent = arguments.HandleOf<Agent>(0, "agent");
  const std::string name = arguments.Text(1, "name");
  const uint64_t address = arguments.Address(2, "address");
  runtime_->Check(runtime_->hsa().hsa_executable_agent_global_variable_define(executable_, agent.agent(), name.c_str(),
                                                                              reinterpret_cast<void*>(address)),
                  "hsa_executable_agent_global_variable_define");
  return info.Env().Undefined();
}

Napi::Value Executable::Freeze(const Napi::CallbackInfo& info) {
  const std::string options = Arguments(info).TextOr(0, "options", "");
  runtime_->Check(runtime_->hsa().hsa_executable_freeze(executable_, options.c_str()), "hsa_executable_freeze");
  return info.Env().Undefined();
}

Napi::Value Executable::Validate(const Napi::CallbackInfo& info) {
  uint32_t result = 0;
  runtime_->Check(runtime_->hsa().hsa_executable_validate(executable_, &result), "hsa_executable_validate");
  return Napi::Number::New(info.Env(), result);
}

Napi::Value Executable::Frozen(const Napi::CallbackInfo& info) {
  hsa_executable_state_t state{};
  runtime_->Check(runtime_->hsa().hsa_executable_get_info(executable_, HSA_EXECUTABLE_INFO_STATE, &state),
                  "hsa_executable_get_info");
  return Napi::Boolean::New(info.Env(), state == HSA_EXECUTABLE_STATE_FROZEN);
}

Napi::Value Executable::Symbol(const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const std::string name = arguments.Text(0, "name");
  const hsa_agent_t agent = arguments.HandleOf<Agent>(1, "agent").agent();
  hsa_executable_symbol_t symbol{};
  const hsa_status_t status =
      runtime_->hsa().hsa_executable_get_symbol_by_name(executable_, name.c_str(), &agent, &symbol);
  if (status == HSA_STATUS_ERROR_INVALID_SYMBOL_NAME) return info.Env().Null();
  runtime_->Check(status, "hsa_executable_get_symbol_by_name");
  return DescribeSymbol(info.Env(), *runtime_, symbol);
}

Napi::Value Executable::Symbols(const Napi::CallbackInfo& info) {
  const Agent& agent = Arguments(info).HandleOf<Agent>(0, "agent");
  std::vector<hsa_executable_symbol_t> symbols;
  const auto collect = [](hsa_executable_t, hsa_agent_t, hsa_executable_symbol_t symbol, void* data) {
    static_cast<std::vector<hsa_executable_symbol_t>*>(data)->push_back(symbol);
    return HSA_STATUS_SUCCESS;
  };
  runtime_->Check(runtime_->hsa().hsa_executable_iterate_agent_symbols(executable_, agent.agent(), collect, &symbols),
                  "hsa_executable_iterate_agent_symbols");
  Napi::Array array = Napi::Array::New(info.Env(), symbols.size());
  for (uint32_t i = 0; i < symbols.size(); i++) array.Set(i, DescribeSymbol(info.Env(), *runtime_, symbols[i]));
  return array;
}

void Executable::Release(Teardown) {
  runtime_->hsa().hsa_executable_destroy(executable_);
  readers_.clear();
  runtime_.reset();
}

void DefineExecutables(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, Executable::kClass, Executable::kName,
                    {
                        Method<Executable, &Executable::LoadAgentCodeObject>("loadAgentCodeObject"),
                        Method<Executable, &Executable::DefineVariable>("defineVariable"),
                        Method<Executable, &Executable::Freeze>("freeze"),
                        Method<Executable, &Executable::Validate>("validate"),
                        Method<Executable, &Executable::Frozen>("frozen"),
                        Method<Executable, &Executable::Symbol>("symbol"),
                        Method<Executable, &Executable::Symbols>("symbols"),
                        DisposeMethod<Executable>(),
                        DisposedProperty<Executable>(),
                    });
  DefineProperties(environment.env(), exports, {Function<CreateExecutable>("createExecutable", environment)});
}

}  // namespace gcn::addon
