#pragma once

#include "isa/micro_op.h"

namespace softgpu::lds {

// The handler of a DS operation that M0 addresses, and of ds_nop; null where `opcode` is none.
Handler counterHandlerOf(Opcode opcode);

}  // namespace softgpu::lds
