#include "host_program.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "arguments.h"
#include "call.h"
#include "environment.h"
#include "mailbox.h"
#include "native_calls.h"
#include "plugin_bridge.h"
#include "program_end.h"

namespace gcn::addon {
namespace {

using libgomp::Operation;
using libgomp::Outcome;
using libgomp::Request;

constexpr char kLibgompName[] = "libgomp.so.1";
constexpr char kPluginName[] = "libgomp-plugin-gcn.so.1";
// As large as a main thread's: what the shell allows, and something large where it allows all.
constexpr size_t kLeastStack = size_t{8} << 20;
constexpr size_t kUnlimitedStack = size_t{1} << 30;
// How long an end that comes from no call waits for calls that are under way.
constexpr std::chrono::milliseconds kOthersLeave{500};

struct Program {
  std::string libgomp;
  std::vector<std::string> words;
  // What main gets.
  std::vector<char*> arguments;
  // Whether the process ends with the program, as it does with any.
  bool ends_process;
  std::shared_ptr<Napi::FunctionReference> ended;
};

// Every program that this process has begun, for as long as there is a process: main's words are the program's to keep,
// also for what it does at the end.
std::list<Program>& Programs() {
  static std::list<Program>& programs = *std::make_unique<std::list<Program>>().release();
  return programs;
}

// Whether a program's main is at work.
std::atomic<bool> under_way = false;

std::string LoaderError() {
  const char* reason = dlerror();
  return reason != nullptr ? reason : "the loader does not say why";
}

// Opens the plugin library for the libgomp at hand, so that libgomp finds it loaded under the name that it looks for.
// Answers what is wrong; "" where all is well.
std::string OpenPlugin(const std::string& library) {
  void* const plugin = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) return LoaderError();
  const auto connect = reinterpret_cast<libgomp::Connect>(dlsym(plugin, libgomp::kConnect));
  if (connect == nullptr) return library + " is not this package's plugin: it lacks " + libgomp::kConnect;
  // Loaded under the same name before, another one would be found in its place.
  void* const found = dlopen(kPluginName, RTLD_LAZY | RTLD_NOLOAD);
  if (found != plugin) return std::string("this process has loaded another ") + kPluginName + " already";
  connect(PluginBridge::Serve);
  return "";
}

// Which of the plugin libraries is for the libgomp in `file`: JavaScript knows.
std::string AskForPlugin(const char* file, std::string& library) {
  std::array<char, 4096> name{};
  Request request{
      .operation = Operation::kLibgomp,
      .arguments = {reinterpret_cast<uintptr_t>(file), reinterpret_cast<uintptr_t>(name.data()), name.size()}};
  if (!PluginBridge::Serve(request)) return "JavaScript has ended";
  if (request.outcome != Outcome::kDone) return request.message.data();
  library = name.data();
  return "";
}

// libgomp first, by itself: its plugin has to be there before anything of the program's own runs. Found under the name
// that programs have for it, it is the one that they use, and no other with a plugin of GCC's.
std::string OpenLibgomp(const std::string& name) {
  void* const libgomp = dlopen(name.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  // Where the system has none: a program that needs it says so.
  if (libgomp == nullptr) return name == kLibgompName ? "" : LoaderError();
  link_map* map = nullptr;
  if (dlinfo(libgomp, RTLD_DI_LINKMAP, &map) != 0) return LoaderError();
  std::string library;
  const std::string trouble = AskForPlugin(map->l_name, library);
  if (!trouble.empty()) return trouble;
  void* const found = dlopen(kLibgompName, RTLD_LAZY | RTLD_NOLOAD);
  if (found == nullptr) return name + " does not call itself " + kLibgompName + ", so that no program finds it";
  if (found != libgomp) return name + " cannot be used: this process has another " + kLibgompName + " already";
  return OpenPlugin(library);
}

// As in a program of its own, its names come before others: Node brings thousands. Where something was preloaded, such
// as a sanitizer, that must come first.
int OpenMode() {
  const bool preloaded = getenv("LD_PRELOAD") != nullptr || dlsym(RTLD_DEFAULT, "__asan_init") != nullptr;
  return RTLD_LAZY | RTLD_GLOBAL | (preloaded ? 0 : RTLD_DEEPBIND);
}

void Tell(const Program& program, int status, const std::string& trouble) {
  under_way = false;
  PluginBridge::Instance().Post([ended = program.ended, status, trouble](Napi::Env env) {
    const Napi::HandleScope scope(env);
    const napi_value error = trouble.empty() ? env.Null() : static_cast<napi_value>(Napi::String::New(env, trouble));
    const Napi::Function callback = ended->Value();
    ended->Reset();
    PluginBridge::Instance().ReleaseLoop();
    CallBack(env, callback, {Napi::Number::New(env, status), error});
  });
}

// Node's main has left C's stdout without a buffer, and ignores broken pipes. A program finds its stdout buffered by
// the line on a terminal and by the block elsewhere, and dies of them. Where the process goes on they stay as they are.
void RestoreHabits() {
  static std::array<char, 4096> buffer;
  std::setvbuf(stdout, buffer.data(), isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF, buffer.size());
  std::signal(SIGPIPE, SIG_DFL);
}

using Main = int (*)(int, char**, char**);

// Opens the program. Null where that fails, with `trouble` why.
Main Open(const Program& program, std::string& trouble) {
  trouble = OpenLibgomp(program.libgomp);
  if (!trouble.empty()) return nullptr;
  void* const opened = dlopen(program.words.front().c_str(), OpenMode());
  if (opened == nullptr) {
    trouble = LoaderError();
    return nullptr;
  }
  const auto main = reinterpret_cast<Main>(dlsym(opened, "main"));
  if (main == nullptr) trouble = program.words.front() + " has no main: compile it as a program, with -shared -fPIC";
  return main;
}

void* RunProgram(void* data) {
  Program& program = *static_cast<Program*>(data);
  if (program.ends_process) RestoreHabits();
  WatchForEnd();
  FinalizeBehind(LastLoaded());
  std::string trouble;
  const Main main = Open(program, trouble);
  if (main == nullptr) {
    Tell(program, 0, trouble);
    return nullptr;
  }
  for (std::string& word : program.words) program.arguments.push_back(word.data());
  program.arguments.push_back(nullptr);
  const int status = main(static_cast<int>(program.words.size()), program.arguments.data(), environ);
  while (EndIsClaimed()) pause();
  if (program.ends_process) std::exit(status);
  std::fflush(nullptr);
  Tell(program, status, "");
  return nullptr;
}

size_t StackBytes() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimitedStack;
  return std::max(kLeastStack, static_cast<size_t>(limit.rlim_cur) & ~size_t{0xffff});
}

Napi::Value ServePlugin(Environment& environment, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  PluginBridge::Instance().Open(environment, arguments.Function(0, "serve"));
  return info.Env().Undefined();
}

Napi::Value OpenPluginLibrary(Environment&, const Napi::CallbackInfo& info) {
  const std::string trouble = OpenPlugin(Arguments(info).Text(0, "library"));
  if (!trouble.empty()) throw MakeError(info.Env(), "ERR_HSA_LIBRARY_NOT_FOUND", trouble);
  return info.Env().Undefined();
}

Napi::Value AnswerPlugin(Environment&, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto outcome = static_cast<Outcome>(arguments.Integer(1, "outcome", 0, 3));
  PluginBridge::Instance().Answer(static_cast<uint32_t>(arguments.Integer(0, "number", 0, UINT32_MAX)), outcome,
                                  arguments.Integer(2, "value", 0, kMaxSafeInteger),
                                  arguments.TextOr(3, "message", ""));
  return info.Env().Undefined();
}

Napi::Value StopServing(Environment&, const Napi::CallbackInfo& info) {
  const bool leaves = Arguments(info).Boolean(0, "processEnds") && under_way;
  if (leaves) LeaveAtOnce();
  PluginBridge::Instance().Close(leaves);
  return Napi::Boolean::New(info.Env(), leaves);
}

Napi::Value StartProgram(Environment&, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(info);
  Program program{.libgomp = arguments.Text(0, "libgomp"),
                  .words = {},
                  .arguments = {},
                  .ends_process = arguments.Boolean(2, "endsProcess"),
                  .ended = std::make_shared<Napi::FunctionReference>(Napi::Persistent(arguments.Function(3, "ended")))};
  const Napi::Array words = arguments.Array(1, "words");
  for (uint32_t i = 0; i < words.Length(); i++) program.words.push_back(ToText(words.Get(i), "words"));
  if (under_way.exchange(true))
    throw MakeError(env, "ERR_INVALID_STATE", "A program is running in this process already");
  Program& kept = Programs().emplace_back(std::move(program));

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, StackBytes());
  pthread_t thread{};
  const int failure = pthread_create(&thread, &attributes, RunProgram, &kept);
  pthread_attr_destroy(&attributes);
  if (failure != 0) {
    Programs().pop_back();
    under_way = false;
    throw MakeError(env, "ERR_HSA_NATIVE", "There is no thread to be had for the program");
  }
  PluginBridge::Instance().HoldLoop();
  return env.Undefined();
}

Napi::Value EndProcess(Environment&, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto outcome = static_cast<Outcome>(arguments.Integer(0, "outcome", 0, 3));
  const int status = static_cast<int>(arguments.Integer(1, "status", 0, 255));
  ClaimEnd();
  // A thread of its own: exit() comes back to JavaScript's.
  std::thread([outcome, status, message = arguments.TextOr(2, "message", "")] {
    if (outcome == Outcome::kAbort) std::abort();
    // As libgomp's own fatal errors read and end.
    if (outcome != Outcome::kExit) std::fprintf(stderr, "\nlibgomp: %s\n", message.c_str());
    const int code = outcome == Outcome::kExit ? status : EXIT_FAILURE;
    if (PluginBridge::Instance().BecomesIdle(kOthersLeave)) std::exit(code);
    Leave(code);
  }).detach();
  return info.Env().Undefined();
}

Napi::Value CallFunction(Environment&, const Napi::CallbackInfo& info) {
  const Arguments arguments(info);
  const auto function = reinterpret_cast<void (*)(void*)>(arguments.Address(0, "function"));
  void* const data = reinterpret_cast<void*>(arguments.Address(1, "data"));
  auto done = std::make_shared<Napi::FunctionReference>(Napi::Persistent(arguments.Function(2, "done")));
  PluginBridge::Instance().HoldLoop();
  NativeCalls::Instance().Call(function, data, std::move(done));
  return info.Env().Undefined();
}

// Through C's stdio, as a plugin in C prints: what the program has printed before stands before it. And at once, as
// GCC's plugin does.
Napi::Value PrintText(Environment&, const Napi::CallbackInfo& info) {
  const std::string text = Arguments(info).Text(0, "text");
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  return info.Env().Undefined();
}

Napi::Value HostText(Environment&, const Napi::CallbackInfo& info) {
  const uint64_t address = Arguments(info).Address(0, "address");
  return Napi::String::New(info.Env(), reinterpret_cast<const char*>(address));
}

}  // namespace

void DefineHostPrograms(Environment& environment, Napi::Object exports) {
  DefineProperties(environment.env(), exports,
                   {
                       Function<ServePlugin>("servePlugin", environment),
                       Function<OpenPluginLibrary>("openPluginLibrary", environment),
                       Function<AnswerPlugin>("answerPlugin", environment),
                       Function<StopServing>("stopServingPlugin", environment),
                       Function<StartProgram>("startProgram", environment),
                       Function<EndProcess>("endProcess", environment),
                       Function<CallFunction>("callFunction", environment),
                       Function<PrintText>("printText", environment),
                       Function<HostText>("hostText", environment),
                   });
}

}  // namespace gcn::addon
