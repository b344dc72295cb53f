// softgpu-disasm TARGET: reads lines of hexadecimal dwords, prints for each line "WORDS TEXT", or "-" where the dwords
// are no instruction of the target.
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "isa/instruction.h"

int main(int argc, char** argv) {
  const auto target = argc == 2 ? softgpu::parseTarget(argv[1]) : std::nullopt;
  if (!target) {
    std::cerr << "usage: softgpu-disasm gfx803|gfx900|gfx906|gfx908|gfx90a\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  std::vector<uint32_t> code;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    code.clear();
    for (uint32_t word; words >> std::hex >> word;) code.push_back(word);
    const std::vector<uint32_t> exact(code);  // no spare capacity: AddressSanitizer sees a read past the end
    softgpu::Instruction in;
    if (softgpu::decode(exact.data(), static_cast<uint32_t>(exact.size()), *target, in)) {
      std::cout << unsigned{in.words} << ' ' << softgpu::disassemble(in, *target, 0) << '\n';
    } else {
      std::cout << "-\n";
    }
  }
}
