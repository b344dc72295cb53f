// What a process says when a C plugin, or a kernel by way of it, ends it: exit() and abort() on one of its threads.
#pragma once

#include <string>

namespace gcn::addon {

// JavaScript's thread, once the runtime is open, whose handlers then come after this one.
void TellOfForeignEnds();

// A launch on a thread of the plugin's own.
void BeginForeignLaunch();
void EndForeignLaunch();

// A launch on this thread, as long as it lives.
class LaunchUnderWay {
 public:
  explicit LaunchUnderWay(const std::string& kernel);
  ~LaunchUnderWay();
  LaunchUnderWay(const LaunchUnderWay&) = delete;
  LaunchUnderWay& operator=(const LaunchUnderWay&) = delete;
};

}  // namespace gcn::addon
