// Any file in place of a loaded code object, and any debug lines: what can be read of it is, and nothing more.
#include "debug/code_image.h"
#include "debug/line_table.h"
#include "fuzz.h"

using namespace softgpu;

namespace {

class Bytes final : public ImageSource {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  bool read(uint64_t offset, void* to, size_t count) const override {
    if (offset > bytes_.size() || count > bytes_.size() - offset) return false;
    if (count) std::memcpy(to, bytes_.data() + offset, count);  // nothing is read to nowhere
    return true;
  }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const auto address = input.take<uint16_t>();
  if (address & 1) {
    auto image = CodeImage::open(std::make_unique<Bytes>(input.bytes(size)));
    if (!image) return 0;
    image->symbols();
    image->segmentOf(address);
    findSourceLine({image->section(".debug_line"), {}, {}}, address, [](uint64_t) { return true; });
    return 0;
  }
  const auto strings = input.bytes(32);
  const auto lines = input.bytes(size);
  findSourceLine({lines, strings, strings}, address, [](uint64_t) { return true; });
  return 0;
}
