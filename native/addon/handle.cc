#include "handle.h"

#include "environment.h"

namespace gcn::addon {
namespace {

void Finalize(napi_env, void* native, void*) {
  const std::unique_ptr<HandleBase> handle(static_cast<HandleBase*>(native));
  handle->Dispose(Teardown::kByCollector);
}

napi_value Construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, &self, &data) != napi_ok) return nullptr;
  Environment::Construction* const construction = static_cast<Environment*>(data)->construction();
  if (construction == nullptr || construction->done) {
    return ThrowType(env, "ERR_ILLEGAL_CONSTRUCTOR",
                     "Illegal constructor: handles come from the calls that create what they stand for");
  }
  construction->done = true;
  if (napi_type_tag_object(env, self, construction->tag) != napi_ok ||
      napi_wrap(env, self, construction->native.get(), Finalize, nullptr, nullptr) != napi_ok) {
    napi_throw_error(env, "ERR_HSA_NATIVE", "a handle could not be wrapped");
    return nullptr;
  }
  construction->native.release();  // the engine's from here: Finalize deletes it
  return self;
}

}  // namespace

HandleBase::HandleBase(Environment& environment, HandleClass handle_class)
    : environment_(environment.shared_from_this()), class_(handle_class) {
  environment_->Register(*this);
}

HandleBase::~HandleBase() {
  environment_->Unregister(*this);
}

void HandleBase::Dispose(Teardown teardown) {
  if (disposed_) return;
  disposed_ = true;
  environment_->Unregister(*this);
  Release(teardown);
}

bool IsLive(napi_env env, const void* native, HandleClass handle_class) {
  const Environment* const environment = Environment::Of(env);
  if (environment == nullptr) return false;
  const auto& live = environment->live(handle_class);
  return live.contains(const_cast<HandleBase*>(static_cast<const HandleBase*>(native)));
}

Napi::Error DisposedError(Napi::Env env, const char* class_name) {
  return MakeError(env, "ERR_HSA_DISPOSED", std::string("This ") + class_name + " has been disposed");
}

Napi::Object NewInstance(Environment& environment, HandleClass handle_class, const napi_type_tag& tag,
                         std::unique_ptr<HandleBase> native) {
  Environment::Construction construction{std::move(native), &tag, false};
  const Environment::Constructing scope(environment, construction);
  return environment.constructor(handle_class).New(std::initializer_list<napi_value>{});
}

void DefineHandleClass(Environment& environment, HandleClass handle_class, const char* name,
                       std::initializer_list<napi_property_descriptor> properties) {
  napi_env env = environment.env();
  napi_value constructor = nullptr;
  CheckNapi(env, napi_define_class(env, name, NAPI_AUTO_LENGTH, Construct, &environment, properties.size(),
                                   properties.begin(), &constructor));
  environment.SetConstructor(handle_class, Napi::Function(env, constructor));
}

}  // namespace gcn::addon
