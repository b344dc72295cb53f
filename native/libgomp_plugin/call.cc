#include "call.h"

#include <atomic>
#include <cstdlib>

#include "interface.h"
#include "runtime.h"

namespace gcn::libgomp {
namespace {

std::atomic<Serve> serve = nullptr;

constexpr char kNobody[] = "the GCN plugin's other half, in JavaScript, is gone";

}  // namespace

void Call::Send() {
  const Serve served = serve.load();
  served_ = served != nullptr && served(request_);
  if (!served_) return;
  if (request_.outcome == Outcome::kExit) std::exit(static_cast<int>(request_.value));
  if (request_.outcome == Outcome::kAbort) std::abort();
}

bool Call::Report() const {
  if (Succeeded()) return true;
  TheRuntime().error("%s", served_ ? request_.message.data() : kNobody);
  return false;
}

void Call::MustSucceed() const {
  if (Succeeded()) return;
  TheRuntime().fatal("%s", served_ ? request_.message.data() : kNobody);
  std::abort();
}

size_t CountAttributes(void* const* words) {
  size_t count = 0;
  if (words == nullptr) return 0;
  while (words[count] != nullptr) {
    // A value may be null where it has a word of its own.
    count += (Word(words[count]) & kAttributeValueFollows) != 0 ? 2 : 1;
  }
  return count;
}

GCN_LIBGOMP_EXPORT void gcn_offload_plugin_connect(Serve served) {
  serve = served;
}

}  // namespace gcn::libgomp
