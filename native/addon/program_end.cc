#include "program_end.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "plugin_bridge.h"

namespace gcn::addon {
namespace {

std::atomic<const link_map*> finalize_behind = nullptr;
std::atomic<bool> ending = false;
std::atomic<bool> leaving = false;
std::atomic<bool> claimed = false;

// Where the handler was registered.
pid_t process = 0;

// JavaScript disposes of its device in milliseconds; a process that ends does not wait for one that hangs.
constexpr std::chrono::seconds kLeave{10};

// What the loader would do at the very end, after Node's own handlers: which do not run. In the order of loading, which
// has whoever needs a library before it.
void RunDestructors(const link_map& object) {
  const ElfW(Dyn)* array = nullptr;
  const ElfW(Dyn)* bytes = nullptr;
  const ElfW(Dyn)* single = nullptr;
  for (const ElfW(Dyn)* entry = object.l_ld; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_FINI_ARRAY) array = entry;
    if (entry->d_tag == DT_FINI_ARRAYSZ) bytes = entry;
    if (entry->d_tag == DT_FINI) single = entry;
  }
  using Destructor = void (*)();
  if (array != nullptr && bytes != nullptr) {
    const auto* const functions = reinterpret_cast<const Destructor*>(object.l_addr + array->d_un.d_ptr);
    for (size_t i = bytes->d_un.d_val / sizeof(Destructor); i-- > 0;) functions[i]();
  }
  if (single != nullptr) reinterpret_cast<Destructor>(object.l_addr + single->d_un.d_ptr)();
}

// Another thread that calls exit() meanwhile finds this before Node's handlers.
void WaitForTheEnd(int, void*) {
  on_exit(WaitForTheEnd, nullptr);
  while (true) pause();
}

void OnExit(int status, void*) {
  // JavaScript's own exit goes Node's way.
  if (PluginBridge::Instance().OnThread() || OnMainThread()) return;
  if (ending.exchange(true)) WaitForTheEnd(status, nullptr);
  on_exit(WaitForTheEnd, nullptr);
  const link_map* object = finalize_behind;
  if (object != nullptr) {
    while ((object = object->l_next) != nullptr) RunDestructors(*object);
  }
  Leave(status);
}

}  // namespace

void Leave(int status) {
  while (leaving.exchange(true)) pause();
  std::fflush(nullptr);
  // Of a process that was forked off nobody answers.
  libgomp::Request request{.operation = libgomp::Operation::kEnd,
                           .arguments = {static_cast<uint64_t>(static_cast<uint8_t>(status))}};
  PluginBridge::Instance().Ask(request, kLeave);
  std::fflush(nullptr);
  _exit(status);
}

void EndWithoutProgram(int status) {
  if (finalize_behind != nullptr) return;
  if (ending.exchange(true)) WaitForTheEnd(status, nullptr);
  on_exit(WaitForTheEnd, nullptr);
  Leave(status);
}

void WatchForEnd() {
  static std::once_flag once;
  std::call_once(once, [] {
    process = getpid();
    on_exit(OnExit, nullptr);
  });
}

bool OnMainThread() {
  return getpid() == process && gettid() == process;
}

void ClaimEnd() {
  claimed = true;
}
bool EndIsClaimed() {
  return claimed;
}

void FinalizeBehind(const link_map* last) {
  const link_map* none = nullptr;
  finalize_behind.compare_exchange_strong(none, last);
}

void LeaveAtOnce() {
  // Handlers run in reverse: before all that are there.
  on_exit(
      [](int status, void*) {
        if (PluginBridge::Instance().OnThread()) _exit(status);
      },
      nullptr);
}

const link_map* LastLoaded() {
  const link_map* last = _r_debug.r_map;
  while (last->l_next != nullptr) last = last->l_next;
  return last;
}

}  // namespace gcn::addon
