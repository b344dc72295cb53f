#include "foreign_end.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace gcn::addon {
namespace {

constexpr size_t kMostText = 512;
// What is told of this thread's launch: made before it, since a signal's handler makes nothing.
thread_local char launch[kMostText] = "";
thread_local bool is_javascript = false;
std::atomic<int> under_way = 0;

// Handlers behind this one would take away what JavaScript's thread, another one, is using.
void OnExit(int status, void*) {
  if (launch[0] != '\0') {
    std::fprintf(stderr, "%sexit(%d)\n", launch, status);
  } else if (!is_javascript && under_way > 0) {
    std::fprintf(stderr, "gcn-offload: the C plugin has ended the process under a launch, by exit(%d)\n", status);
  } else {
    return;
  }
  std::fflush(nullptr);
  _exit(status);
}

void OnAbort(int) {
  if (launch[0] == '\0') return;
  constexpr char kHow[] = "abort()\n";
  // Nobody is left to tell that it could not be written.
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, launch, std::strlen(launch));
  written = write(STDERR_FILENO, kHow, sizeof kHow - 1);
}

}  // namespace

void TellOfForeignEnds() {
  is_javascript = true;
  static std::once_flag once;
  std::call_once(once, [] {
    on_exit(OnExit, nullptr);
    struct sigaction before{};
    if (sigaction(SIGABRT, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) return;
    struct sigaction action{};
    action.sa_handler = OnAbort;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    sigaction(SIGABRT, &action, nullptr);
  });
}

void BeginForeignLaunch() {
  under_way++;
}
void EndForeignLaunch() {
  under_way--;
}

LaunchUnderWay::LaunchUnderWay(const std::string& kernel) {
  std::snprintf(launch, sizeof launch,
                "gcn-offload: kernel %s, or the C plugin that has launched it, has ended the process by ",
                kernel.c_str());
  BeginForeignLaunch();
}
LaunchUnderWay::~LaunchUnderWay() {
  EndForeignLaunch();
  launch[0] = '\0';
}

}  // namespace gcn::addon
