// softgpu-run TARGET: reads lines of hexadecimal dwords, each one instruction, and lets a wave execute it. Prints for
// each what became of it: "executed" (whatever came of that), "unsupported", or "illegal".
#define DOCTEST_CONFIG_IMPLEMENT
#include <iostream>
#include <sstream>

#include "harness.h"

using namespace softgpu;
using namespace softgpu::test;

int main(int argc, char** argv) {
  const auto target = argc == 2 ? parseTarget(argv[1]) : std::nullopt;
  if (!target) {
    std::cerr << "usage: softgpu-run gfx803|gfx900|gfx906|gfx908|gfx90a\n";
    return 2;
  }
  constexpr uint32_t kEndProgram = 0xbf810000;
  WaveTest test(*target);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::vector<uint32_t> code;
    for (uint32_t word; words >> std::hex >> word;) code.push_back(word);
    code.resize(64, kEndProgram);
    test.wave.setExec(1);  // a lane is enough
    test.wave.mode = mode::kFloatDefault;
    test.wave.stepping = false;
    test.run(code, 2);
    const Fault& fault = test.wave.fault;
    const bool here = test.wave.stop == Stop::Fault && fault.pc == test.codeAddress();
    std::cout << (here && fault.kind == FaultKind::Unsupported          ? "unsupported\n"
                  : here && fault.kind == FaultKind::IllegalInstruction ? "illegal\n"
                                                                        : "executed\n");
  }
}
