// A C plugin's OpenACC queues, by numbers. What is put into one is executed by the plugin's own thread; behind it goes
// a note, which resolves a promise.
#pragma once

#include <napi.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>

#include "foreign_library.h"
#include "late_promise.h"

namespace gcn::addon {

class ForeignQueues {
 public:
  struct Queue {
    int device;
    ForeignAsyncQueue* handle;
    std::list<std::weak_ptr<LatePromise>> notes{};
  };

  explicit ForeignQueues(const ForeignLibrary& library) : library_(library) {}

  uint64_t Construct(Napi::Env env, int device);
  // Throws where there is none.
  Queue& At(Napi::Env env, uint64_t id);
  // Blocks until what is in it is over: the plugin itself forgets it.
  void Destruct(Napi::Env env, uint64_t id);
  // A promise that resolves when all that is in the queue now is over; `keep` is held as long.
  Napi::Value Note(Napi::Env env, Queue& queue, Napi::Value keep) const;

  void GiveUp(Napi::Env env, int device);
  // The process ends: what is in the queues is waited for so long.
  void WaitForAll(std::chrono::milliseconds limit) const;

 private:
  const ForeignLibrary& library_;
  std::unordered_map<uint64_t, Queue> queues_;
  uint64_t next_ = 1;
};

}  // namespace gcn::addon
