#pragma once

#include "isa/micro_op.h"

namespace softgpu::lds {

// The handler of a DS operation between lanes; null where `opcode` is none.
Handler permuteHandlerOf(Opcode opcode);

}  // namespace softgpu::lds
