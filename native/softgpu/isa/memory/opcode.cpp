#include "isa/memory/access.h"

namespace softgpu {

// FLAT, GLOBAL, SCRATCH and MUBUF name their operations alike (Vega ISA, 12.14 and 12.18).
#define MOVES(family)                       \
  case Opcode::family##_load_ubyte:         \
    return Access::LoadU8;                  \
  case Opcode::family##_load_sbyte:         \
    return Access::LoadS8;                  \
  case Opcode::family##_load_ushort:        \
    return Access::LoadU16;                 \
  case Opcode::family##_load_sshort:        \
    return Access::LoadS16;                 \
  case Opcode::family##_load_ubyte_d16:     \
    return Access::LoadU8Low;               \
  case Opcode::family##_load_ubyte_d16_hi:  \
    return Access::LoadU8High;              \
  case Opcode::family##_load_sbyte_d16:     \
    return Access::LoadS8Low;               \
  case Opcode::family##_load_sbyte_d16_hi:  \
    return Access::LoadS8High;              \
  case Opcode::family##_load_short_d16:     \
    return Access::LoadB16Low;              \
  case Opcode::family##_load_short_d16_hi:  \
    return Access::LoadB16High;             \
  case Opcode::family##_load_dword:         \
    return Access::LoadB32;                 \
  case Opcode::family##_load_dwordx2:       \
    return Access::LoadB64;                 \
  case Opcode::family##_load_dwordx3:       \
    return Access::LoadB96;                 \
  case Opcode::family##_load_dwordx4:       \
    return Access::LoadB128;                \
  case Opcode::family##_store_byte:         \
    return Access::StoreB8;                 \
  case Opcode::family##_store_byte_d16_hi:  \
    return Access::StoreB8High;             \
  case Opcode::family##_store_short:        \
    return Access::StoreB16;                \
  case Opcode::family##_store_short_d16_hi: \
    return Access::StoreB16High;            \
  case Opcode::family##_store_dword:        \
    return Access::StoreB32;                \
  case Opcode::family##_store_dwordx2:      \
    return Access::StoreB64;                \
  case Opcode::family##_store_dwordx3:      \
    return Access::StoreB96;                \
  case Opcode::family##_store_dwordx4:      \
    return Access::StoreB128;

#define ATOMIC(family, name, access)        \
  case Opcode::family##_atomic_##name:      \
    return Access::access;                  \
  case Opcode::family##_atomic_##name##_x2: \
    return Access::access##X2;

// clang-format off: lists of macros, which it folds anew at each run
#define ATOMICS(family) \
  ATOMIC(family, swap, Swap) \
  ATOMIC(family, cmpswap, CmpSwap) \
  ATOMIC(family, add, Add) \
  ATOMIC(family, sub, Sub) \
  ATOMIC(family, smin, SMin) \
  ATOMIC(family, umin, UMin) \
  ATOMIC(family, smax, SMax) \
  ATOMIC(family, umax, UMax) \
  ATOMIC(family, and, And) \
  ATOMIC(family, or, Or) \
  ATOMIC(family, xor, Xor) \
  ATOMIC(family, inc, Inc) \
  ATOMIC(family, dec, Dec) \
  case Opcode::family##_atomic_add_f64: \
    return Access::AddF64; \
  case Opcode::family##_atomic_min_f64: \
    return Access::MinF64; \
  case Opcode::family##_atomic_max_f64: \
    return Access::MaxF64;
// clang-format on

#define PACKED_ATOMICS(family)             \
  case Opcode::family##_atomic_add_f32:    \
    return Access::AddF32;                 \
  case Opcode::family##_atomic_pk_add_f16: \
    return Access::PkAddF16;

std::optional<Access> accessOf(Opcode opcode) {
  switch (opcode) {
    MOVES(flat)
    MOVES(global)
    MOVES(scratch)
    MOVES(buffer)
    ATOMICS(flat)
    ATOMICS(global) ATOMICS(buffer) PACKED_ATOMICS(global) PACKED_ATOMICS(buffer) default : return std::nullopt;
  }
}

}  // namespace softgpu
