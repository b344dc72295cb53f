#include <doctest/doctest.h>

#include "driver/configuration.h"

using namespace softgpu;

namespace {

std::vector<Target> read(std::string_view text) {
  std::string error;
  auto configuration = parseConfiguration(text, error);
  CHECK_MESSAGE(configuration.has_value() == error.empty(), text);
  return configuration ? configuration->agents : std::vector<Target>{};
}

}  // namespace

TEST_CASE("a configuration lists targets, each as often as it says") {
  CHECK(read("gfx906") == std::vector{Target::gfx906});
  CHECK(read("gfx906*2") == std::vector{Target::gfx906, Target::gfx906});
  CHECK(read("gfx900,gfx90a*2") == std::vector{Target::gfx900, Target::gfx90a, Target::gfx90a});
  CHECK(read(" software:gfx803 , gfx908 * 1 ") == std::vector{Target::gfx803, Target::gfx908});
  CHECK(read("gfx906*16").size() == 16);
}

TEST_CASE("no configuration means one gfx906") {
  for (const char* text : {"", "software", "software:", "auto", "  "}) CHECK(read(text) == std::vector{Target::gfx906});
}

TEST_CASE("what is no configuration is refused with a reason") {
  for (const char* text :
       {"hardware", "gfx", "gfx1030", "gfx906*", "gfx906*0", "gfx906*x", "gfx906*-1", "gfx906*17", "gfx900*9,gfx906*8",
        ",", "gfx906,", "softwaregfx906", "software:software", "gfx906*99999999999"}) {
    CHECK_MESSAGE(read(text).empty(), text);
  }
}
