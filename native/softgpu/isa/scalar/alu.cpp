// SOP1, SOP2, SOPC and the arithmetic half of SOPK (Vega ISA, 12.1 to 12.4): one meaning per operation, instantiated
// for the ways its sources can be given.
#include <array>
#include <bit>
#include <concepts>
#include <type_traits>
#include <utility>

#include "isa/scalar/operands.h"

namespace softgpu::scalar {
namespace {

using u32 = uint32_t;
using i32 = int32_t;
using u64 = uint64_t;
using i64 = int64_t;

// What an operation works on beside its sources.
struct Result {
  Wave& wave;
  uint16_t dst;

  template <class T>
  void set(T value) const {
    writeRegister(wave, dst, value);
  }
  template <class T>
  T old() const {
    return readRegister<T>(wave, dst);
  }
  bool& scc() const { return wave.scc; }
};

template <Opcode>
struct Operation;

#define BINARY(name, typeA, typeB, ...)                                            \
  template <>                                                                      \
  struct Operation<Opcode::name> {                                                 \
    using A = typeA;                                                               \
    using B = typeB;                                                               \
    static void run([[maybe_unused]] const Result& d, A a, [[maybe_unused]] B b) { \
      __VA_ARGS__                                                                  \
    }                                                                              \
  };
#define UNARY(name, typeA, ...)                              \
  template <>                                                \
  struct Operation<Opcode::name> {                           \
    using A = typeA;                                         \
    static void run([[maybe_unused]] const Result& d, A a) { \
      __VA_ARGS__                                            \
    }                                                        \
  };

// Results whose SCC says "not zero".
template <class T>
void result(const Result& d, T value) {
  d.set(value);
  d.scc() = value != 0;
}

// SOP2: arithmetic.

BINARY(s_add_u32, u32, u32, const u64 sum = u64{a} + b; d.set(static_cast<u32>(sum)); d.scc() = sum >> 32;)
BINARY(s_sub_u32, u32, u32, d.set(a - b); d.scc() = b > a;)
BINARY(s_add_i32, u32, u32, const u32 sum = a + b; d.set(sum); d.scc() = (~(a ^ b) & (a ^ sum)) >> 31;)
BINARY(s_sub_i32, u32, u32, const u32 rest = a - b; d.set(rest); d.scc() = ((a ^ b) & (a ^ rest)) >> 31;)
BINARY(s_addc_u32, u32, u32, const u64 sum = u64{a} + b + d.scc(); d.set(static_cast<u32>(sum)); d.scc() = sum >> 32;)
BINARY(s_subb_u32, u32, u32, const u64 take = u64{b} + d.scc(); d.set(static_cast<u32>(a - take)); d.scc() = take > a;)
BINARY(s_min_i32, i32, i32, d.set(a < b ? a : b); d.scc() = a < b;)
BINARY(s_min_u32, u32, u32, d.set(a < b ? a : b); d.scc() = a < b;)
BINARY(s_max_i32, i32, i32, d.set(a > b ? a : b); d.scc() = a > b;)
BINARY(s_max_u32, u32, u32, d.set(a > b ? a : b); d.scc() = a > b;)
BINARY(s_mul_i32, u32, u32, d.set(a* b);)
BINARY(s_mul_hi_u32, u32, u32, d.set(static_cast<u32>(u64{a} * b >> 32));)
BINARY(s_mul_hi_i32, i32, i32, d.set(static_cast<i32>(i64{a} * b >> 32));)
BINARY(s_absdiff_i32, u32, u32, const u32 rest = a - b; result(d, static_cast<i32>(rest) < 0 ? 0 - rest : rest);)

template <unsigned Shift>
void shiftAdd(const Result& d, u32 a, u32 b) {
  const u64 sum = (u64{a} << Shift) + b;
  d.set(static_cast<u32>(sum));
  d.scc() = sum >> 32 != 0;
}
BINARY(s_lshl1_add_u32, u32, u32, shiftAdd<1>(d, a, b);)
BINARY(s_lshl2_add_u32, u32, u32, shiftAdd<2>(d, a, b);)
BINARY(s_lshl3_add_u32, u32, u32, shiftAdd<3>(d, a, b);)
BINARY(s_lshl4_add_u32, u32, u32, shiftAdd<4>(d, a, b);)

// SOP2: bits.

BINARY(s_cselect_b32, u32, u32, d.set(d.scc() ? a : b);)
BINARY(s_cselect_b64, u64, u64, d.set(d.scc() ? a : b);)
BINARY(s_and_b32, u32, u32, result(d, a& b);)
BINARY(s_and_b64, u64, u64, result(d, a& b);)
BINARY(s_or_b32, u32, u32, result(d, a | b);)
BINARY(s_or_b64, u64, u64, result(d, a | b);)
BINARY(s_xor_b32, u32, u32, result(d, a ^ b);)
BINARY(s_xor_b64, u64, u64, result(d, a ^ b);)
BINARY(s_andn2_b32, u32, u32, result(d, a & ~b);)
BINARY(s_andn2_b64, u64, u64, result(d, a & ~b);)
BINARY(s_orn2_b32, u32, u32, result(d, a | ~b);)
BINARY(s_orn2_b64, u64, u64, result(d, a | ~b);)
BINARY(s_nand_b32, u32, u32, result(d, ~(a& b));)
BINARY(s_nand_b64, u64, u64, result(d, ~(a& b));)
BINARY(s_nor_b32, u32, u32, result(d, ~(a | b));)
BINARY(s_nor_b64, u64, u64, result(d, ~(a | b));)
BINARY(s_xnor_b32, u32, u32, result(d, ~(a ^ b));)
BINARY(s_xnor_b64, u64, u64, result(d, ~(a ^ b));)
BINARY(s_lshl_b32, u32, u32, result(d, a << (b & 31));)
BINARY(s_lshl_b64, u64, u32, result(d, a << (b & 63));)
BINARY(s_lshr_b32, u32, u32, result(d, a >> (b & 31));)
BINARY(s_lshr_b64, u64, u32, result(d, a >> (b & 63));)
BINARY(s_ashr_i32, i32, u32, result(d, a >> (b & 31));)
BINARY(s_ashr_i64, i64, u32, result(d, a >> (b & 63));)
BINARY(s_bfm_b32, u32, u32, d.set(((1u << (a & 31)) - 1) << (b & 31));)
BINARY(s_bfm_b64, u32, u32, d.set(((u64{1} << (a & 63)) - 1) << (b & 63));)
BINARY(s_pack_ll_b32_b16, u32, u32, d.set((a & 0xffff) | b << 16);)
BINARY(s_pack_lh_b32_b16, u32, u32, d.set((a & 0xffff) | (b & 0xffff0000));)
BINARY(s_pack_hh_b32_b16, u32, u32, d.set(a >> 16 | (b & 0xffff0000));)

// S1[22:16] is the width: nothing for 0, all that is left for the register's size and above.
template <class T>
void extract(const Result& d, T data, u32 field) {
  constexpr unsigned size = sizeof(T) * 8;
  const unsigned offset = field & (size - 1), width = field >> 16 & 0x7f;
  using U = std::make_unsigned_t<T>;
  U value = static_cast<U>(data >> offset);
  if (width == 0) {
    value = 0;
  } else if (width < size) {
    const unsigned unused = size - width;
    value = static_cast<U>(static_cast<T>(static_cast<U>(value << unused)) >> unused);
  }
  result(d, value);
}
BINARY(s_bfe_u32, u32, u32, extract(d, a, b);)
BINARY(s_bfe_i32, i32, u32, extract(d, a, b);)
BINARY(s_bfe_u64, u64, u32, extract(d, a, b);)
BINARY(s_bfe_i64, i64, u32, extract(d, a, b);)

// SOP1.

UNARY(s_mov_b32, u32, d.set(a);)
UNARY(s_mov_b64, u64, d.set(a);)
UNARY(s_cmov_b32, u32, if (d.scc()) d.set(a);)
UNARY(s_cmov_b64, u64, if (d.scc()) d.set(a);)
UNARY(s_not_b32, u32, result(d, ~a);)
UNARY(s_not_b64, u64, result(d, ~a);)

template <class T>
T quads(T mask) {  // bit 4n: any of bits 4n to 4n + 3
  mask |= mask >> 1;
  mask |= mask >> 2;
  return mask & static_cast<T>(0x1111111111111111);
}
UNARY(s_wqm_b32, u32, result(d, quads(a) * 15);)
UNARY(s_wqm_b64, u64, result(d, quads(a) * 15);)

template <class T>
T gatherQuads(T mask) {
  T gathered = 0;
  const T any = quads(mask);
  for (unsigned quad = 0; quad < sizeof(T) * 2; ++quad) gathered |= (any >> (quad * 4) & 1) << quad;
  return gathered;
}
UNARY(s_quadmask_b32, u32, result(d, gatherQuads(a));)
UNARY(s_quadmask_b64, u64, result(d, gatherQuads(a));)

template <class T>
T reversed(T value) {
  T mirror = 0;
  for (unsigned bit = 0; bit < sizeof(T) * 8; ++bit) mirror = static_cast<T>(mirror << 1 | (value >> bit & 1));
  return mirror;
}
UNARY(s_brev_b32, u32, d.set(reversed(a));)
UNARY(s_brev_b64, u64, d.set(reversed(a));)

UNARY(s_bcnt0_i32_b32, u32, result(d, static_cast<u32>(std::popcount(~a)));)
UNARY(s_bcnt0_i32_b64, u64, result(d, static_cast<u32>(std::popcount(~a)));)
UNARY(s_bcnt1_i32_b32, u32, result(d, static_cast<u32>(std::popcount(a)));)
UNARY(s_bcnt1_i32_b64, u64, result(d, static_cast<u32>(std::popcount(a)));)

// Positions, or -1 where there is none.
template <class T>
u32 lowestOne(T value) {
  return value ? static_cast<u32>(std::countr_zero(value)) : ~0u;
}
template <class T>
u32 leadingZeros(T value) {
  return value ? static_cast<u32>(std::countl_zero(value)) : ~0u;
}
UNARY(s_ff0_i32_b32, u32, d.set(lowestOne(~a));)
UNARY(s_ff0_i32_b64, u64, d.set(lowestOne(~a));)
UNARY(s_ff1_i32_b32, u32, d.set(lowestOne(a));)
UNARY(s_ff1_i32_b64, u64, d.set(lowestOne(a));)
UNARY(s_flbit_i32_b32, u32, d.set(leadingZeros(a));)
UNARY(s_flbit_i32_b64, u64, d.set(leadingZeros(a));)
UNARY(s_flbit_i32, i32, d.set(leadingZeros(static_cast<u32>(a < 0 ? ~a : a)));)
UNARY(s_flbit_i32_i64, i64, d.set(leadingZeros(static_cast<u64>(a < 0 ? ~a : a)));)

UNARY(s_sext_i32_i8, u32, d.set(static_cast<i32>(static_cast<int8_t>(a)));)
UNARY(s_sext_i32_i16, u32, d.set(static_cast<i32>(static_cast<int16_t>(a)));)
UNARY(s_bitset0_b32, u32, d.set(d.old<u32>() & ~(1u << (a & 31)));)
UNARY(s_bitset0_b64, u32, d.set(d.old<u64>() & ~(u64{1} << (a & 63)));)
UNARY(s_bitset1_b32, u32, d.set(d.old<u32>() | 1u << (a & 31));)
UNARY(s_bitset1_b64, u32, d.set(d.old<u64>() | u64{1} << (a & 63));)
UNARY(s_abs_i32, u32, result(d, static_cast<i32>(a) < 0 ? 0 - a : a);)

u64 spread(u32 bits) {
  u64 out = 0;
  for (unsigned bit = 0; bit < 32; ++bit) out |= static_cast<u64>(bits >> bit & 1) * 3 << (bit * 2);
  return out;
}
UNARY(s_bitreplicate_b64_b32, u32, d.set(spread(a));)

// EXEC is read before the destination is written, and written after it.
void saveExec(const Result& d, u64 exec) {
  d.set(d.wave.exec());
  d.wave.setExec(exec);
  d.scc() = exec != 0;
}
void writeExec(const Result& d, u64 exec) {
  d.wave.setExec(exec);
  d.set(exec);
  d.scc() = exec != 0;
}
UNARY(s_and_saveexec_b64, u64, saveExec(d, a& d.wave.exec());)
UNARY(s_or_saveexec_b64, u64, saveExec(d, a | d.wave.exec());)
UNARY(s_xor_saveexec_b64, u64, saveExec(d, a ^ d.wave.exec());)
UNARY(s_andn2_saveexec_b64, u64, saveExec(d, a & ~d.wave.exec());)
UNARY(s_orn2_saveexec_b64, u64, saveExec(d, a | ~d.wave.exec());)
UNARY(s_nand_saveexec_b64, u64, saveExec(d, ~(a& d.wave.exec()));)
UNARY(s_nor_saveexec_b64, u64, saveExec(d, ~(a | d.wave.exec()));)
UNARY(s_xnor_saveexec_b64, u64, saveExec(d, ~(a ^ d.wave.exec()));)
UNARY(s_andn1_saveexec_b64, u64, saveExec(d, ~a& d.wave.exec());)
UNARY(s_orn1_saveexec_b64, u64, saveExec(d, ~a | d.wave.exec());)
UNARY(s_andn1_wrexec_b64, u64, writeExec(d, ~a& d.wave.exec());)
UNARY(s_andn2_wrexec_b64, u64, writeExec(d, a & ~d.wave.exec());)

// SOPC, and SOPK's comparisons with their 16-bit constant as second source: zero-extended for the unsigned ones.

#define COMPARE(suffix, relation)                                  \
  BINARY(s_cmp_##suffix##_i32, i32, i32, d.scc() = a relation b;)  \
  BINARY(s_cmp_##suffix##_u32, u32, u32, d.scc() = a relation b;)  \
  BINARY(s_cmpk_##suffix##_i32, i32, i32, d.scc() = a relation b;) \
  BINARY(s_cmpk_##suffix##_u32, u32, uint16_t, d.scc() = a relation b;)
COMPARE(eq, ==)
COMPARE(lg, !=)
COMPARE(gt, >)
COMPARE(ge, >=)
COMPARE(lt, <)
COMPARE(le, <=)
BINARY(s_cmp_eq_u64, u64, u64, d.scc() = a == b;)
BINARY(s_cmp_lg_u64, u64, u64, d.scc() = a != b;)
BINARY(s_bitcmp0_b32, u32, u32, d.scc() = !(a >> (b & 31) & 1);)
BINARY(s_bitcmp1_b32, u32, u32, d.scc() = a >> (b & 31) & 1;)
BINARY(s_bitcmp0_b64, u64, u32, d.scc() = !(a >> (b & 63) & 1);)
BINARY(s_bitcmp1_b64, u64, u32, d.scc() = a >> (b & 63) & 1;)

// SOPK: the destination is the first source, the constant the second.
BINARY(s_movk_i32, u32, u32, (void)a; d.set(b);)
BINARY(s_cmovk_i32, u32, u32, (void)a; if (d.scc()) d.set(b);)
BINARY(s_addk_i32, u32, u32, const u32 sum = a + b; d.set(sum); d.scc() = (~(a ^ b) & (a ^ sum)) >> 31;)
BINARY(s_mulk_i32, u32, u32, d.set(a* b);)

template <class Op, Read A, Read B>
const MicroOp* binary(Wave& wave, const MicroOp* op) {
  const auto a = read<typename Op::A, 0, A>(wave, op);
  const auto b = read<typename Op::B, 1, B>(wave, op);
  Op::run({wave, op->dst}, a, b);
  return next(op);
}

template <class Op, Read A>
const MicroOp* unary(Wave& wave, const MicroOp* op) {
  Op::run({wave, op->dst}, read<typename Op::A, 0, A>(wave, op));
  return next(op);
}

// How a source of the micro-op may be read without asking.
Read readOf(const Source& source) {
  switch (source.kind) {
    case SourceKind::Sgpr:
      return Read::Register;
    case SourceKind::Constant:
    case SourceKind::Literal:
      return Read::Constant;
    default:
      return Read::Any;
  }
}

template <class Op>
constexpr bool isBinary = requires { typename Op::B; };

template <class Op>
Handler choose(const Instruction& in, MicroOp& op) {
  lowerSource(in, 0, sizeof(typename Op::A) * 8, std::is_signed_v<typename Op::A>, op);
  const Read a = readOf(op.src[0]);
  if constexpr (!isBinary<Op>) {
    if (a == Read::Register) return unary<Op, Read::Register>;
    if (a == Read::Constant) return unary<Op, Read::Constant>;
    return unary<Op, Read::Any>;
  } else {
    if (in.encoding == Encoding::SOPK) {
      op.src[0].kind = SourceKind::Sgpr;
      op.src[0].index = in.src[0] != operand::kNone ? in.src[0] : in.dst;
      op.src[1].kind = SourceKind::Constant;
      setConstant(op, 1, static_cast<u64>(i64{in.imm}));
      return binary<Op, Read::Register, Read::Constant>;
    }
    lowerSource(in, 1, sizeof(typename Op::B) * 8, std::is_signed_v<typename Op::B>, op);
    const Read b = readOf(op.src[1]);
    if (a == Read::Register && b == Read::Register) return binary<Op, Read::Register, Read::Register>;
    if (a == Read::Register && b == Read::Constant) return binary<Op, Read::Register, Read::Constant>;
    if (a == Read::Constant && b == Read::Register) return binary<Op, Read::Constant, Read::Register>;
    return binary<Op, Read::Any, Read::Any>;
  }
}

using Choose = Handler (*)(const Instruction&, MicroOp&);

template <Opcode O>
constexpr Choose chooserOf() {
  if constexpr (requires { typename Operation<O>::A; }) {
    return choose<Operation<O>>;
  } else {
    return nullptr;
  }
}

template <size_t... I>
constexpr auto makeChoosers(std::index_sequence<I...>) {
  return std::array<Choose, sizeof...(I)>{chooserOf<static_cast<Opcode>(I)>()...};
}

constexpr auto kChoosers = makeChoosers(std::make_index_sequence<static_cast<size_t>(Opcode::count)>());

}  // namespace

Handler lowerAlu(const Instruction& in, Target, MicroOp& op) {
  const Choose choose = kChoosers[static_cast<size_t>(in.opcode)];
  if (!choose) return nullptr;
  op.dst = destination(in.dst);
  return choose(in, op);
}

}  // namespace softgpu::scalar
