#include "code_object_reader.h"

#include <span>
#include <utility>

#include "arguments.h"
#include "call.h"

namespace gcn::addon {
namespace {

Napi::Value CreateReader(Environment& environment, const Napi::CallbackInfo& info) {
  const std::span<uint8_t> bytes = Arguments(info).Bytes(0, "bytes");
  if (bytes.empty()) FailRange(info.Env(), "bytes", "one byte or more");
  auto state =
      std::make_shared<CodeObjectReaderState>(environment.runtime(), std::vector<uint8_t>(bytes.begin(), bytes.end()));
  return CodeObjectReader::New(environment, std::make_unique<CodeObjectReader>(environment, std::move(state)));
}

}  // namespace

CodeObjectReaderState::CodeObjectReaderState(std::shared_ptr<hsa::Runtime> runtime, std::vector<uint8_t> bytes)
    : runtime_(std::move(runtime)), bytes_(std::move(bytes)) {
  runtime_->Check(runtime_->hsa().hsa_code_object_reader_create_from_memory(bytes_.data(), bytes_.size(), &reader_),
                  "hsa_code_object_reader_create_from_memory");
}

CodeObjectReaderState::~CodeObjectReaderState() {
  runtime_->hsa().hsa_code_object_reader_destroy(reader_);
}

void DefineCodeObjectReaders(Environment& environment, Napi::Object exports) {
  DefineHandleClass(environment, CodeObjectReader::kClass, CodeObjectReader::kName,
                    {DisposeMethod<CodeObjectReader>(), DisposedProperty<CodeObjectReader>()});
  DefineProperties(environment.env(), exports, {Function<CreateReader>("createCodeObjectReader", environment)});
}

}  // namespace gcn::addon
