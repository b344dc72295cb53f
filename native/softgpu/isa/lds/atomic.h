#pragma once

#include "isa/micro_op.h"

namespace softgpu::lds {

// The handler of a DS atomic; null where `opcode` is none.
Handler atomicHandlerOf(Opcode opcode);

}  // namespace softgpu::lds
