// VGPR indexing and VSKIP (Vega ISA, 6.6 and S_SETVSKIP): modes that change what later vector instructions do. They are
// rare, so those instructions are executed one by one from adjusted copies and the handlers know nothing of them.
#pragma once

#include "wave/wave.h"

namespace softgpu {

inline bool needsStepping(const Wave& wave) {
  return wave.mode & (mode::kGprIndex | mode::kVskip);
}

// Executes from `op` until neither mode is on or the wave stops; answers where to go on, or null.
const MicroOp* step(Wave& wave, const MicroOp* op);

}  // namespace softgpu
