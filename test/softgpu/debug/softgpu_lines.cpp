// softgpu-lines FILE: reads hexadecimal addresses, a line each, and prints for each the source line that the object's
// debug lines have for it, "FILE:LINE:COLUMN", or "-".
#include <iostream>
#include <string>

#include "debug/code_image.h"
#include "debug/line_table.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: softgpu-lines FILE\n";
    return 2;
  }
  const auto image = softgpu::CodeImage::open(softgpu::openImage(std::string("file://") + argv[1]));
  if (!image) {
    std::cerr << "softgpu-lines: " << argv[1] << " is no code object\n";
    return 1;
  }
  const auto line = image->section(".debug_line"), lineStrings = image->section(".debug_line_str"),
             strings = image->section(".debug_str");
  const auto isCode = [&](uint64_t address) {
    const auto* segment = image->segmentOf(address);
    return segment && segment->executable;
  };
  for (uint64_t address; std::cin >> std::hex >> address;) {
    const auto found = softgpu::findSourceLine({line, lineStrings, strings}, address, isCode);
    if (found) {
      std::cout << found->file << ':' << found->line << ':' << found->column << '\n';
    } else {
      std::cout << "-\n";
    }
  }
}
