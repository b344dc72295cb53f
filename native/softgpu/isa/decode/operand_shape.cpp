#include "isa/decode/operand_shape.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <string_view>

namespace softgpu {

namespace {

// Operations in the order of the table; indexOf[opcode] finds a row, because opcodes.def and operands.def may differ in
// order.
struct Row {
  Opcode opcode;
  OperandShape shape;
};

constexpr OperandShape makeShape(DataType dst, DataType sdst = DataType::None, DataType src0 = DataType::None,
                                 DataType src1 = DataType::None, DataType src2 = DataType::None,
                                 DataType src3 = DataType::None) {
  return {dst, sdst, {src0, src1, src2, src3}};
}

using enum DataType;
constexpr Row kRows[] = {
#define OPERANDS(name, ...) {Opcode::name, makeShape(__VA_ARGS__)},
#include "isa/tables/operands.def"
#undef OPERANDS
};
static_assert(std::size(kRows) == static_cast<size_t>(Opcode::count), "each operation has one row in operands.def");

struct Index {
  OperandShape shape[static_cast<size_t>(Opcode::count)];
  constexpr Index() : shape{} {
    for (const Row& row : kRows) shape[static_cast<size_t>(row.opcode)] = row.shape;
  }
};
constexpr Index kIndex;

DataType ofDwords(unsigned n) {
  switch (n) {
    case 1:
      return B32;
    case 2:
      return B64;
    case 3:
      return B96;
    case 4:
      return B128;
    case 5:
      return B160;
    case 8:
      return B256;
    case 16:
      return B512;
    default:
      return B1024;
  }
}

// Components of the D16 buffer formats, 0 for other operations (Vega ISA, "Buffer Instructions": D16 packs two
// components per register; VI leaves each in its own).
unsigned d16Components(Opcode op) {
  switch (op) {
    case Opcode::buffer_load_format_d16_x:
    case Opcode::buffer_store_format_d16_x:
    case Opcode::tbuffer_load_format_d16_x:
    case Opcode::tbuffer_store_format_d16_x:
      return 1;
    case Opcode::buffer_load_format_d16_xy:
    case Opcode::buffer_store_format_d16_xy:
    case Opcode::tbuffer_load_format_d16_xy:
    case Opcode::tbuffer_store_format_d16_xy:
      return 2;
    case Opcode::buffer_load_format_d16_xyz:
    case Opcode::buffer_store_format_d16_xyz:
    case Opcode::tbuffer_load_format_d16_xyz:
    case Opcode::tbuffer_store_format_d16_xyz:
      return 3;
    case Opcode::buffer_load_format_d16_xyzw:
    case Opcode::buffer_store_format_d16_xyzw:
    case Opcode::tbuffer_load_format_d16_xyzw:
    case Opcode::tbuffer_store_format_d16_xyzw:
      return 4;
    default:
      return 0;
  }
}

// Gathers answer one component of four texels, whatever dmask says.
bool isGather(Opcode op) {
  return std::string_view(opcodeName(op)).starts_with("image_gather4");
}

}  // namespace

const OperandShape& baseShapeOf(Opcode op) {
  return kIndex.shape[static_cast<size_t>(op)];
}

bool isAccumulating(Opcode op) {
  switch (op) {
    case Opcode::v_mac_f32:
    case Opcode::v_mac_f16:
    case Opcode::v_fmac_f32:
    case Opcode::v_fmac_f64:
    case Opcode::v_pk_fmac_f16:
    case Opcode::v_dot2c_f32_f16:
    case Opcode::v_dot2c_i32_i16:
    case Opcode::v_dot4c_i32_i8:
    case Opcode::v_dot8c_i32_i4:
    case Opcode::v_cvt_pkaccum_u8_f32:
      return true;
    default:
      return false;
  }
}

OperandShape shapeOf(const Instruction& in, Target target) {
  OperandShape shape = baseShapeOf(in.opcode);
  switch (in.encoding) {
    case Encoding::GLOBAL:
      if (in.src[3] != operand::kNone) shape.src[0] = B32;
      break;
    case Encoding::MUBUF:
    case Encoding::MTBUF:
      if (in.offen && in.idxen) shape.src[0] = B64;
      if (target == Target::gfx803) {
        if (const unsigned n = d16Components(in.opcode)) (shape.dst != None ? shape.dst : shape.src[1]) = ofDwords(n);
      }
      if (in.tfe) {
        DataType& data = shape.src[1] != None ? shape.src[1] : shape.dst;
        data = ofDwords(dwordsOf(data) + 1);
      }
      break;
    case Encoding::MIMG: {
      unsigned n = isGather(in.opcode) ? 4 : std::max(1, std::popcount(in.dmask));
      if (in.format && target != Target::gfx803) n = (n + 1) / 2;
      const DataType data = ofDwords(n + in.tfe);
      if (shape.dst != None) shape.dst = data;
      if (shape.src[1] != None) shape.src[1] = data;
      break;
    }
    default:
      break;
  }
  const bool memory = in.encoding >= Encoding::FLAT && in.encoding <= Encoding::MIMG;
  if (memory && in.dst == operand::kNone) shape.dst = None;
  return shape;
}

}  // namespace softgpu
