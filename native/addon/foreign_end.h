// What a process says when a C plugin, or a kernel by way of it, ends it: exit() and abort() on one of its threads.
#pragma once

#include <string>

namespace gcn::addon {

// JavaScript's thread, where a plugin is opened.
void TellOfForeignEnds();

// A launch on this thread, as long as it lives.
class LaunchUnderWay {
 public:
  explicit LaunchUnderWay(const std::string& kernel);
  ~LaunchUnderWay();
  LaunchUnderWay(const LaunchUnderWay&) = delete;
  LaunchUnderWay& operator=(const LaunchUnderWay&) = delete;
};

}  // namespace gcn::addon
