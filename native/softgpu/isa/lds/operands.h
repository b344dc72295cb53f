// How DS micro-ops use their fields.
#pragma once

#include <algorithm>
#include <cstdint>

#include "isa/memory/access.h"
#include "isa/memory/lanes.h"

namespace softgpu::lds {

// op->flags: Access (loads and stores). op->dst: result row. src[0]: address row, src[1]: data0, src[2]: data1.
// imm: byte offset; literal: byte offset of the second address.

// Bytes that an access may reach. On gfx8 M0 limits them further (Vega ISA, 3.6.5; later targets do not read M0).
inline uint32_t limitOf(const Wave& wave) {
  return wave.target == Target::gfx803 ? std::min(wave.ldsBytes, wave.sgpr[operand::kM0]) : wave.ldsBytes;
}

}  // namespace softgpu::lds
