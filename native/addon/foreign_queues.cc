#include "foreign_queues.h"

#include <thread>
#include <utility>

#include "arguments.h"
#include "error.h"
#include "foreign_end.h"

namespace gcn::addon {

uint64_t ForeignQueues::Construct(Napi::Env env, int device) {
  ForeignAsyncQueue* const handle = library_.async_construct(device);
  if (handle == nullptr) throw MakeError(env, "ERR_OFFLOAD_PLUGIN", "GOMP_OFFLOAD_openacc_async_construct failed");
  queues_.emplace(next_, Queue{device, handle});
  return next_++;
}

ForeignQueues::Queue& ForeignQueues::At(Napi::Env env, uint64_t id) {
  const auto found = queues_.find(id);
  if (found == queues_.end()) FailType(env, "queue", "the number of a queue");
  return found->second;
}

void ForeignQueues::Destruct(Napi::Env env, uint64_t id) {
  const Queue queue = At(env, id);
  queues_.erase(id);
  if (library_.async_synchronize(queue.handle) && library_.async_destruct(queue.handle)) return;
  throw MakeError(env, "ERR_OFFLOAD_PLUGIN",
                  "GOMP_OFFLOAD_openacc_async_destruct failed: what the plugin says of it is on stderr");
}

Napi::Value ForeignQueues::Note(Napi::Env env, Queue& queue, Napi::Value keep) const {
  Napi::Value promise;
  const std::shared_ptr<LatePromise> late = LatePromise::Make(env, keep, promise);
  queue.notes.remove_if([](const std::weak_ptr<LatePromise>& note) { return note.expired(); });
  queue.notes.push_back(late);
  auto share = std::make_unique<std::shared_ptr<LatePromise>>(late);
  const auto resolve = [](void* data) {
    const std::unique_ptr<std::shared_ptr<LatePromise>> own(static_cast<std::shared_ptr<LatePromise>*>(data));
    EndForeignLaunch();
    (*own)->Resolve();
  };
  BeginForeignLaunch();
  library_.async_queue_callback(queue.handle, resolve, share.release());
  return promise;
}

void ForeignQueues::GiveUp(Napi::Env env, int device) {
  std::erase_if(queues_, [env, device](auto& entry) {
    if (entry.second.device != device) return false;
    for (const auto& note : entry.second.notes) {
      if (const std::shared_ptr<LatePromise> late = note.lock()) late->GiveUp(env);
    }
    return true;
  });
}

void ForeignQueues::WaitForAll(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  for (const auto& [id, queue] : queues_) {
    // The plugin's own wait has no end.
    while (library_.async_test(queue.handle) == 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace gcn::addon
