#include "libgomp.h"

#include <bit>
#include <functional>
#include <utility>
#include <vector>

#include "arguments.h"
#include "call.h"
#include "environment.h"
#include "foreign_claim.h"
#include "image_arguments.h"
#include "mailbox.h"
#include "program_end.h"

namespace gcn::addon {
namespace {

constexpr uint32_t kMost = 1 << 20;
constexpr uint64_t kLinkMark = uint64_t{1} << 63;

// An address, an integer, or memory that the word is the address of.
uint64_t ToWord(Napi::Value value, const std::string& name) {
  if (IsNullish(value)) return 0;
  if (value.IsNumber()) {
    const double number = value.As<Napi::Number>().DoubleValue();
    if (number >= 0) return ToInteger(value, name, 0, kMaxSafeInteger);
    return std::bit_cast<uint64_t>(static_cast<int64_t>(number));
  }
  return reinterpret_cast<uint64_t>(ToBytes(value, name).data());
}

std::vector<uint64_t> ToWords(const Napi::Array& list) {
  std::vector<uint64_t> words;
  for (uint32_t i = 0; i < list.Length(); i++) words.push_back(ToWord(list.Get(i), "words[" + std::to_string(i) + "]"));
  return words;
}

// Address, size and whether it is linked, for each.
std::vector<LibgompVariable> ToVariables(const Napi::Array& list) {
  std::vector<LibgompVariable> variables;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Object variable = list.Get(i).ToObject();
    const uint64_t size = ToInteger(variable.Get("size"), "size", 0, kMaxSafeInteger);
    variables.push_back({reinterpret_cast<uint64_t>(ToBytes(variable.Get("memory"), "memory").data()),
                         ToBoolean(variable.Get("link"), "link") ? size | kLinkMark : size});
  }
  return variables;
}

Napi::Value OpenLibgomp(Environment& environment, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  MustHaveDevicesToItself(env);
  std::unique_ptr<Libgomp> libgomp;
  try {
    libgomp = std::make_unique<Libgomp>(environment, LibgompLibrary(arguments.Text(0, "library")),
                                        arguments.Function(1, "hostCalled"));
  } catch (const LibgompError& error) {
    throw MakeError(env, "ERR_OFFLOAD_LIBGOMP", error.what());
  }
  const LibgompLibrary& library = libgomp->library();
  Napi::Array functions = Napi::Array::New(env);
  for (const auto& [name, function] : library.functions()) functions.Set(functions.Length(), std::string(name));
  const Napi::Object object = Libgomp::New(environment, std::move(libgomp));
  DefineProperties(env, object,
                   {
                       Constant("file", Napi::String::New(env, library.file())),
                       Constant("functions", functions),
                   });
  return object;
}

}  // namespace

Libgomp::Libgomp(Environment& environment, LibgompLibrary library, Napi::Function host_called)
    : Handle(environment),
      library_(std::move(library)),
      host_called_(Napi::Persistent(host_called)),
      port_(LibgompPort::Open(environment.env(), *this)),
      thread_(std::make_unique<LibgompThread>()) {
  // At the env's end the engine drops its references by itself.
  host_called_.SuppressDestruct();
}

void Libgomp::Release(Teardown teardown) {
  const bool by_javascript = teardown == Teardown::kByJavaScript;
  // Whoever waits for JavaScript would wait for this thread.
  port_->Close(by_javascript);
  if (!by_javascript && OnMainThread() && thread_->Busy()) {
    // The process ends, and does not wait for what may have no end: LibgompThread::PrepareProcessEnd.
    thread_.release();
    return;
  }
  if (const auto* const wait = library_.Find("GOMP_taskwait"); wait != nullptr && thread_->Busy())
    thread_->Post([wait] { LibgompLibrary::Call(*wait, {}); });
  for (auto& [id, registration] : images_) {
    thread_->Post([this, registration] {
      const auto* const unregister = library_.Find("GOMP_offload_unregister_ver");
      if (!*registration.registered || unregister == nullptr) return;
      LibgompLibrary::Call(*unregister, registration.image->words());
    });
  }
  thread_.reset();
  images_.clear();
  if (!by_javascript) return;
  for (auto& [number, pending] : pending_) pending.words.Reset();
  pending_.clear();
  host_called_.Reset();
}

const LibgompLibrary::Function& Libgomp::Require(Napi::Env env, const std::string& name) const {
  const LibgompLibrary::Function* const function = library_.Find(name);
  if (function != nullptr) return *function;
  throw MakeError(env, "ERR_OFFLOAD_LIBGOMP", library_.file() + " has no function " + name);
}

Napi::Value Libgomp::Start(Napi::Env env, Napi::Array words, std::function<uint64_t()> work) {
  const uint32_t number = next_call_++;
  const auto promise = Napi::Promise::Deferred::New(env);
  Pending& pending = pending_.try_emplace(number, Pending{promise, Napi::Persistent(words)}).first->second;
  pending.words.SuppressDestruct();
  if (pending_.size() == 1) port_->KeepLoopAlive(true);
  thread_->Post([port = port_, number, work = std::move(work)] { port->Return({number, work()}); });
  return promise.Promise();
}

Napi::Value Libgomp::Call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const LibgompLibrary::Function& function = Require(env, arguments.Text(0, "name"));
  const Napi::Array list = arguments.Array(1, "words");
  std::vector<uint64_t> words = ToWords(list);
  if (words.size() != function.arguments)
    FailRange(env, "words", "a list of " + std::to_string(function.arguments) + " words");
  return Start(env, list, [&function, words = std::move(words)] { return LibgompLibrary::Call(function, words); });
}

Napi::Value Libgomp::SetLaunches(const Napi::CallbackInfo& info) {
  thread_->SetLaunches(Arguments(info).Integer(0, "launches", 0, kMaxSafeInteger));
  return info.Env().Undefined();
}

Napi::Value Libgomp::PrepareExit(const Napi::CallbackInfo& info) {
  return Start(info.Env(), Napi::Array::New(info.Env()), [] {
    LibgompThread::PrepareProcessEnd();
    return uint64_t{0};
  });
}

// Version, layout since GCC 14 or not, code object, kernels, number of functions, variables, indirect functions,
// requirements.
Napi::Value Libgomp::CreateImage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  const auto version = static_cast<unsigned>(arguments.Integer(0, "version", 0, UINT32_MAX));
  std::vector<LibgompVariable> variables = ToVariables(arguments.Array(5, "variables"));
  auto description =
      std::make_unique<const ForeignImage>(arguments.Bytes(2, "codeObject"), KernelsOf(arguments.Array(3, "kernels")),
                                           static_cast<uint32_t>(variables.size()),
                                           AddressesOf(arguments.Array(6, "indirectFunctions"), "indirectFunctions"),
                                           arguments.Boolean(1, "countsIndirect"));
  const uint32_t id = next_image_++;
  const auto count = static_cast<uint32_t>(arguments.Integer(4, "functions", 0, kMost));
  const auto image = std::make_shared<const LibgompImage>(
      version, std::move(description), count,
      [port = port_, id](uint32_t function, void** at) { port->CallHost(id, function, at); }, std::move(variables),
      arguments.Integer(7, "requirements", 0, kMaxSafeInteger));
  images_.emplace(id, Registration{image, std::make_shared<bool>(false)});
  Napi::Array functions = Napi::Array::New(env);
  for (const void* address : image->functions().addresses())
    functions.Set(functions.Length(), FromAddress(env, address));
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", Napi::Number::New(env, id));
  result.Set("functions", functions);
  return result;
}

Napi::Value Libgomp::ChangeRegistration(const Napi::CallbackInfo& info, const char* name, bool registered) {
  const Napi::Env env = info.Env();
  const auto found = images_.find(static_cast<uint32_t>(Arguments(info).Integer(0, "image", 0, UINT32_MAX)));
  if (found == images_.end()) FailType(env, "image", "the number of an image");
  const LibgompLibrary::Function& function = Require(env, name);
  const auto work = [&function, registration = found->second, registered] {
    const uint64_t result = LibgompLibrary::Call(function, registration.image->words());
    *registration.registered = registered;
    return result;
  };
  if (!registered) images_.erase(found);
  return Start(env, Napi::Array::New(env), work);
}
Napi::Value Libgomp::Register(const Napi::CallbackInfo& info) {
  return ChangeRegistration(info, "GOMP_offload_register_ver", true);
}
Napi::Value Libgomp::Unregister(const Napi::CallbackInfo& info) {
  return ChangeRegistration(info, "GOMP_offload_unregister_ver", false);
}

Napi::Value Libgomp::Answer(const Napi::CallbackInfo& info) {
  port_->Answer(static_cast<uint32_t>(Arguments(info).Integer(0, "number", 0, UINT32_MAX)));
  return info.Env().Undefined();
}

void Libgomp::Returned(Napi::Env env, const LibgompResult& result) {
  const auto found = pending_.find(result.call);
  if (found == pending_.end()) return;
  const Napi::Promise::Deferred promise = found->second.promise;
  found->second.words.Reset();
  pending_.erase(found);
  if (pending_.empty()) port_->KeepLoopAlive(false);
  promise.Resolve(Napi::Number::New(env, static_cast<double>(std::bit_cast<int64_t>(result.value))));
}

void Libgomp::HostCalled(Napi::Env env, const LibgompHostCall& call) {
  CallBack(env, host_called_.Value(),
           {Napi::Number::New(env, call.number), Napi::Number::New(env, call.image),
            Napi::Number::New(env, call.function), FromAddress(env, call.variables)});
}

void DefineLibgomps(Environment& environment, Napi::Object exports) {
  using L = Libgomp;
  DefineHandleClass(environment, L::kClass, L::kName,
                    {
                        Method<L, &L::Call>("call"),
                        Method<L, &L::SetLaunches>("setLaunches"),
                        Method<L, &L::PrepareExit>("prepareExit"),
                        Method<L, &L::CreateImage>("createImage"),
                        Method<L, &L::Register>("register"),
                        Method<L, &L::Unregister>("unregister"),
                        Method<L, &L::Answer>("answer"),
                        DisposedProperty<L>(),
                        DisposeMethod<L>(),
                    });
  DefineProperties(environment.env(), exports, {Function<OpenLibgomp>("openLibgomp", environment)});
}

}  // namespace gcn::addon
