#include "memory.h"

#include <utility>

#include "agent.h"
#include "arguments.h"
#include "call.h"
#include "memory_calls.h"

namespace gcn::addon {

Napi::Object Memory::Wrap(Environment& environment, std::shared_ptr<MemoryState> state, Napi::Object anchor) {
  napi_env env = environment.env();
  const MemoryState& memory = *state;
  const double bytes = static_cast<double>(memory.bytes());
  environment.stats().allocations++;
  Napi::Object object = New(environment, std::make_unique<Memory>(environment, std::move(state), anchor));
  DefineProperties(env, object,
                   {
                       Constant("address", FromAddress(env, memory.address())),
                       Constant("hostAddress", FromAddress(env, memory.host_address())),
                       Constant("byteLength", Napi::Number::New(env, bytes)),
                   });
  return object;
}

Memory::Memory(Environment& environment, std::shared_ptr<MemoryState> state, Napi::Object anchor)
    : Handle(environment), state_(std::move(state)) {
  if (!anchor.IsEmpty()) anchor_ = Napi::Persistent(anchor);
  // So that the collector hurries when many of these are left to it.
  Napi::MemoryManagement::AdjustExternalMemory(environment.env(), static_cast<int64_t>(state_->bytes()));
}

Napi::Value Memory::View(const Napi::CallbackInfo& info) {
  if (state_->kind() == MemoryState::Kind::kLocked) {
    throw MakeError(info.Env(), "ERR_HSA_NOT_HOST_ACCESSIBLE",
                    "Locked memory is the typed array's that was locked: use that");
  }
  if (!state_->host_accessible()) {
    throw MakeError(info.Env(), "ERR_HSA_NOT_HOST_ACCESSIBLE",
                    "The host cannot reach this memory. Copy it, or let a CPU agent in with allowAccess where the pool "
                    "permits that");
  }
  if (!view_.IsEmpty()) {
    const Napi::ArrayBuffer view = view_.Value();
    if (!view.IsEmpty() && !view.IsDetached()) return view;
  }
  auto share = std::make_unique<std::shared_ptr<MemoryState>>(state_);
  const auto finalize = [](Napi::Env, void*, std::shared_ptr<MemoryState>* last) {
    const std::unique_ptr<std::shared_ptr<MemoryState>> dropped(last);
  };
  Napi::ArrayBuffer view =
      Napi::ArrayBuffer::New(info.Env(), state_->host_address(), state_->bytes(), finalize, share.get());
  share.release();
  view_ = Napi::Reference<Napi::ArrayBuffer>::New(view);
  return view;
}

Napi::Value Memory::AllowAccess(const Napi::CallbackInfo& info) {
  const std::vector<Agent*> allowed = Arguments(info).Handles<Agent>(0, "agents");
  if (allowed.empty()) FailRange(info.Env(), "agents", "one agent or more");
  const auto& runtime = environment().runtime();
  std::vector<hsa_agent_t> agents;
  bool host = false;
  for (const Agent* agent : allowed) {
    agents.push_back(agent->agent());
    host |= runtime->IsCpu(agent->agent());
  }
  runtime->Check(runtime->hsa().hsa_amd_agents_allow_access(static_cast<uint32_t>(agents.size()), agents.data(),
                                                            nullptr, state_->address()),
                 "hsa_amd_agents_allow_access");
  state_->SetHostAccess(host);
  if (!state_->host_accessible()) DetachView();
  return info.Env().Undefined();
}

bool Memory::DetachView() {
  if (!view_.IsEmpty()) {
    const Napi::HandleScope scope(environment().env());
    Napi::ArrayBuffer view = view_.Value();
    if (!view.IsEmpty() && !view.IsDetached()) {
      view.Detach();
      return true;
    }
  }
  // No view, one that the collector has taken, or one whose bytes JavaScript has moved into another ArrayBuffer
  // (transfer): then that one's end frees the memory.
  return state_.use_count() == 1;
}

void Memory::Release(Teardown teardown) {
  environment().stats().frees++;
  if (teardown == Teardown::kByEnd) {
    state_->Free();  // JavaScript is over: whoever has an ArrayBuffer cannot look at it
  } else {
    if (teardown == Teardown::kByJavaScript && DetachView()) state_->Free();
    anchor_.Reset();
    Napi::MemoryManagement::AdjustExternalMemory(environment().env(), -static_cast<int64_t>(state_->bytes()));
  }
  state_.reset();
}

void DefineMemory(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, Memory::kClass, Memory::kName,
                    {Method<Memory, &Memory::View>("view"), Method<Memory, &Memory::AllowAccess>("allowAccess"),
                     DisposeMethod<Memory>(), DisposedProperty<Memory>()});
  DefineMemoryCalls(environment, exports);
}

}  // namespace gcn::addon
