// DS, FLAT/GLOBAL/SCRATCH, MUBUF and MTBUF (Vega ISA, 13.5 to 13.8; CDNA2 ISA for the ACC and SCC bits).
#include "isa/decode/decoder.h"

namespace softgpu {

namespace {

// What can load into LDS instead of a register.
bool loadsIntoLds(Opcode op) {
  switch (op) {
    case Opcode::buffer_load_ubyte:
    case Opcode::buffer_load_sbyte:
    case Opcode::buffer_load_ushort:
    case Opcode::buffer_load_sshort:
    case Opcode::buffer_load_dword:
    case Opcode::buffer_load_format_x:
    case Opcode::global_load_ubyte:
    case Opcode::global_load_sbyte:
    case Opcode::global_load_ushort:
    case Opcode::global_load_sshort:
    case Opcode::global_load_dword:
    case Opcode::scratch_load_ubyte:
    case Opcode::scratch_load_sbyte:
    case Opcode::scratch_load_ushort:
    case Opcode::scratch_load_sshort:
    case Opcode::scratch_load_dword:
      return true;
    default:
      return false;
  }
}

// gfx908 introduced these without the form that returns the old value.
bool neverReturns(Opcode op) {
  return op == Opcode::global_atomic_add_f32 || op == Opcode::global_atomic_pk_add_f16 ||
         op == Opcode::buffer_atomic_add_f32 || op == Opcode::buffer_atomic_pk_add_f16;
}

// Which of gfx90a's operations have no SCC bit: the floating-point atomics.
bool ignoresScc(Opcode op) {
  switch (op) {
    case Opcode::flat_atomic_add_f64:
    case Opcode::flat_atomic_min_f64:
    case Opcode::flat_atomic_max_f64:
    case Opcode::global_atomic_add_f64:
    case Opcode::global_atomic_min_f64:
    case Opcode::global_atomic_max_f64:
    case Opcode::buffer_atomic_add_f64:
    case Opcode::buffer_atomic_min_f64:
    case Opcode::buffer_atomic_max_f64:
      return true;
    default:
      return neverReturns(op);
  }
}

// Global wave sync and ordered count exist for GDS alone.
bool needsGds(Opcode op) {
  switch (op) {
    case Opcode::ds_gws_sema_release_all:
    case Opcode::ds_gws_init:
    case Opcode::ds_gws_sema_v:
    case Opcode::ds_gws_sema_br:
    case Opcode::ds_gws_sema_p:
    case Opcode::ds_gws_barrier:
    case Opcode::ds_ordered_count:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool Decoder::ds(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::DS, bits(w, 24, 17)) || !secondWord(w1)) return false;
  const bool acc = gfx90a() && bit(w, 25);
  in_.imm = static_cast<int32_t>(bits(w, 15, 0));
  in_.gds = bit(w, 16) && (!gfx90a() || needsGds(in_.opcode));  // CDNA2 has no GDS memory
  if (needsGds(in_.opcode) && !in_.gds) return false;
  return (shape_.dst == DataType::None || vgpr(bits(w1, 31, 24), shape_.dst, in_.dst, acc)) &&
         (shape_.src[0] == DataType::None || vgpr(bits(w1, 7, 0), shape_.src[0], in_.src[0])) &&
         (shape_.src[1] == DataType::None || vgpr(bits(w1, 15, 8), shape_.src[1], in_.src[1], acc)) &&
         (shape_.src[2] == DataType::None || vgpr(bits(w1, 23, 16), shape_.src[2], in_.src[2], acc));
}

bool Decoder::flat(uint32_t w) {
  // The segment field does not exist on gfx8.
  constexpr Encoding segments[] = {Encoding::FLAT, Encoding::SCRATCH, Encoding::GLOBAL};
  const uint32_t segment = gfx8() ? 0 : bits(w, 15, 14);
  uint32_t w1;
  if (segment == 3 || !opcode(segments[segment], bits(w, 24, 18)) || !secondWord(w1)) return false;

  in_.glc = bit(w, 16);
  in_.slc = bit(w, 17);
  bool acc = false;
  if (!gfx8()) {
    in_.imm = segment == 0 ? static_cast<int32_t>(bits(w, 11, 0)) : signExtend(bits(w, 12, 0), 13);
    in_.lds = bit(w, 13);
    if (in_.lds && !loadsIntoLds(in_.opcode)) return false;
  }
  if (target_ == Target::gfx908 && in_.glc && neverReturns(in_.opcode)) return false;
  if (gfx90a()) {
    in_.scc = bit(w, 25) && !ignoresScc(in_.opcode);
    acc = bit(w1, 23);
  } else if (!gfx8()) {
    in_.nv = bit(w1, 23);
  } else {
    in_.tfe = bit(w1, 23);
  }

  // saddr 0x7f is off. A global access with one takes a 32-bit vector offset; a scratch access takes its offset either
  // from the VGPR or from the SGPR.
  const uint32_t saddr = bits(w1, 22, 16);
  const bool scalarBase = segment != 0 && saddr != 0x7f;
  if (scalarBase && !scalarRegister(saddr, shape_.src[3], in_.src[3])) return false;
  const DataType address = segment == 2 && scalarBase ? DataType::B32 : shape_.src[0];
  if (!(segment == 1 && scalarBase) && !vgpr(bits(w1, 7, 0), address, in_.src[0])) return false;

  const bool atomic = shape_.dst != DataType::None && shape_.src[1] != DataType::None;
  if (shape_.src[1] != DataType::None && !vgpr(bits(w1, 15, 8), shape_.src[1], in_.src[1], acc)) return false;
  const bool returns = shape_.dst != DataType::None && (!atomic || in_.glc) && !in_.lds;
  return !returns || vgpr(bits(w1, 31, 24), shape_.dst, in_.dst, acc);
}

// What MUBUF and MTBUF share: vaddr, vdata, srsrc, soffset.
bool Decoder::bufferOperands(uint32_t w, uint32_t w1) {
  in_.imm = static_cast<int32_t>(bits(w, 11, 0));
  const bool addressed = in_.opcode != Opcode::buffer_store_lds_dword;
  in_.offen = addressed && bit(w, 12);
  in_.idxen = addressed && bit(w, 13);
  in_.glc = bit(w, 14);
  const bool acc = gfx90a() && bit(w1, 23);
  if (shape_.src[3] == DataType::None) return true;  // cache control

  if (!scalarRegister(bits(w1, 20, 16) << 2, shape_.src[3], in_.src[3]) ||
      !source(bits(w1, 31, 24), DataType::B32, kConstants, in_.soffset)) {
    return false;
  }
  const DataType address = in_.offen && in_.idxen ? DataType::B64 : DataType::B32;
  if ((in_.offen || in_.idxen) && !vgpr(bits(w1, 7, 0), address, in_.src[0])) return false;

  // One field holds what is stored and what is loaded. Loads into LDS have neither.
  const uint32_t data = bits(w1, 15, 8);
  const bool atomic = shape_.dst != DataType::None && shape_.src[1] != DataType::None;
  in_.tfe = !gfx90a() && !in_.lds && !atomic && bit(w1, 23);
  if ((atomic ? in_.glc : shape_.dst != DataType::None) && !in_.lds) in_.dst = operand::kVgpr0;
  const OperandShape shape = shapeOf(in_, target_);
  if (in_.dst != operand::kNone && !vgpr(data, shape.dst, in_.dst, acc)) return false;
  return shape.src[1] == DataType::None || vgpr(data, shape.src[1], in_.src[1], acc);
}

bool Decoder::mubuf(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::MUBUF, bits(w, 24, 18)) || !secondWord(w1)) return false;
  in_.lds = bit(w, 16);
  in_.slc = bit(w, 17);
  in_.scc = gfx90a() && bit(w, 15) && !ignoresScc(in_.opcode);
  const bool storesLds = in_.opcode == Opcode::buffer_store_lds_dword;  // has the bit, and no address from VGPRs
  if (storesLds ? !in_.lds : in_.lds && !loadsIntoLds(in_.opcode)) return false;
  if (target_ == Target::gfx908 && bit(w, 14) && neverReturns(in_.opcode)) return false;
  return bufferOperands(w, w1);
}

bool Decoder::mtbuf(uint32_t w) {
  uint32_t w1;
  if (!opcode(Encoding::MTBUF, bits(w, 18, 15)) || !secondWord(w1)) return false;
  in_.format = static_cast<uint8_t>(bits(w, 22, 19) | bits(w, 25, 23) << 4);
  in_.slc = bit(w1, 22);
  in_.scc = gfx90a() && bit(w1, 21);
  return bufferOperands(w, w1);
}

}  // namespace softgpu
