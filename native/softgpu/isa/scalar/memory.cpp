// SMEM (Vega ISA, chapter 7): loads, stores and atomics through SGPR addresses or buffer descriptors, clocks, cache
// control. The caches are the host's, so cache control is ordering.
#include <atomic>
#include <limits>

#include "isa/memory_access.h"
#include "isa/scalar/operands.h"
#include "wave/dispatch.h"

namespace softgpu::scalar {
namespace {

// MicroOp: src[0] base pair or descriptor, src[1] the register offset, literal the constant offset, dst the data.
enum Flag : uint8_t { kRegisterOffset = 1, kReturns = 2, kScratch = 4 };

uint64_t offsetOf(const Wave& wave, const MicroOp* op) {
  const uint64_t constant = static_cast<uint64_t>(int64_t{op->imm});
  if (!(op->flags & kRegisterOffset)) return constant;
  const uint64_t reg = wave.sgpr[op->src[1].index];
  return constant + (op->flags & kScratch ? reg * 64 : reg);
}

// The two lowest bits of every part of an address are ignored.
constexpr uint64_t kDwords = ~uint64_t{3};

uint64_t addressOf(const Wave& wave, const MicroOp* op) {
  return (wave.pair(op->src[0].index) & kDwords) + (offsetOf(wave, op) & kDwords);
}

const MicroOp* raiseAccess(Wave& wave, const MicroOp* op, uint64_t address, uint64_t bytes, bool write) {
  Fault fault;
  fault.kind = FaultKind::MemoryAccess;
  fault.address = firstOffendingByte(wave, address, bytes);
  fault.write = write;
  return wave.raise(op, std::move(fault));
}

// Dword by dword and each in one piece: other threads may be at work on the same memory.
void loadDwords(uint32_t* to, uint8_t* host, unsigned dwords) {
  auto* memory = reinterpret_cast<uint32_t*>(host);
  for (unsigned i = 0; i < dwords; ++i) to[i] = std::atomic_ref<uint32_t>(memory[i]).load(std::memory_order_relaxed);
}

void storeDwords(uint8_t* host, const uint32_t* from, unsigned dwords) {
  auto* memory = reinterpret_cast<uint32_t*>(host);
  for (unsigned i = 0; i < dwords; ++i) std::atomic_ref<uint32_t>(memory[i]).store(from[i], std::memory_order_relaxed);
}

template <unsigned Dwords>
const MicroOp* load(Wave& wave, const MicroOp* op) {
  const uint64_t address = addressOf(wave, op);
  uint8_t* host = hostPointer(wave, address, Dwords * 4);
  if (!host) [[unlikely]]
    return raiseAccess(wave, op, address, Dwords * 4, false);
  loadDwords(&wave.sgpr[op->dst], host, Dwords);
  return next(op);
}

template <unsigned Dwords>
const MicroOp* store(Wave& wave, const MicroOp* op) {
  const uint64_t address = addressOf(wave, op);
  uint8_t* host = hostPointer(wave, address, Dwords * 4);
  if (!host) [[unlikely]]
    return raiseAccess(wave, op, address, Dwords * 4, true);
  storeDwords(host, &wave.sgpr[op->dst], Dwords);
  return next(op);
}

// Of the descriptor a scalar access uses base, stride and num_records; the stride only for the size.
struct Buffer {
  uint64_t base, bytes;
  Buffer(const Wave& wave, unsigned sgpr) {
    const uint32_t* words = &wave.sgpr[sgpr];
    base = words[0] | static_cast<uint64_t>(words[1] & 0xffff) << 32;
    const uint64_t stride = words[1] >> 16 & 0x3fff;
    bytes = stride ? stride * words[2] : words[2];
  }
  // How many of `dwords` from `offset` on lie inside.
  unsigned inside(uint64_t offset, unsigned dwords) const {
    if (offset >= bytes) return 0;
    return static_cast<unsigned>(std::min<uint64_t>(dwords, (bytes - offset) / 4));
  }
};

// Out of range: loads give 0, stores do nothing, dword by dword.
template <unsigned Dwords>
const MicroOp* bufferLoad(Wave& wave, const MicroOp* op) {
  const Buffer buffer(wave, op->src[0].index);
  const uint64_t offset = offsetOf(wave, op) & kDwords, address = (buffer.base & kDwords) + offset;
  const unsigned inside = buffer.inside(offset, Dwords);
  uint32_t data[Dwords] = {};
  if (inside) {
    uint8_t* host = hostPointer(wave, address, inside * 4);
    if (!host) [[unlikely]]
      return raiseAccess(wave, op, address, inside * 4, false);
    loadDwords(data, host, inside);
  }
  std::memcpy(&wave.sgpr[op->dst], data, sizeof data);
  return next(op);
}

template <unsigned Dwords>
const MicroOp* bufferStore(Wave& wave, const MicroOp* op) {
  const Buffer buffer(wave, op->src[0].index);
  const uint64_t offset = offsetOf(wave, op) & kDwords, address = (buffer.base & kDwords) + offset;
  const unsigned inside = buffer.inside(offset, Dwords);
  if (inside) {
    uint8_t* host = hostPointer(wave, address, inside * 4);
    if (!host) [[unlikely]]
      return raiseAccess(wave, op, address, inside * 4, true);
    storeDwords(host, &wave.sgpr[op->dst], inside);
  }
  return next(op);
}

enum class Atomic : uint8_t { Swap, CompareSwap, Add, Sub, SMin, UMin, SMax, UMax, And, Or, Xor, Inc, Dec };

template <Atomic A, class T>
T combine(T old, T data, [[maybe_unused]] T compare) {
  using S = std::make_signed_t<T>;
  switch (A) {
    case Atomic::Swap:
      return data;
    case Atomic::CompareSwap:
      return old == compare ? data : old;
    case Atomic::Add:
      return old + data;
    case Atomic::Sub:
      return old - data;
    case Atomic::SMin:
      return static_cast<S>(data) < static_cast<S>(old) ? data : old;
    case Atomic::UMin:
      return data < old ? data : old;
    case Atomic::SMax:
      return static_cast<S>(data) > static_cast<S>(old) ? data : old;
    case Atomic::UMax:
      return data > old ? data : old;
    case Atomic::And:
      return old & data;
    case Atomic::Or:
      return old | data;
    case Atomic::Xor:
      return old ^ data;
    case Atomic::Inc:
      return old >= data ? 0 : old + 1;
    case Atomic::Dec:
      return old == 0 || old > data ? data : old - 1;
  }
  return old;
}

template <Atomic A, class T>
const MicroOp* atomicAt(Wave& wave, const MicroOp* op, uint64_t address) {
  uint8_t* host = address % sizeof(T) ? nullptr : hostPointer(wave, address, sizeof(T));
  if (!host) [[unlikely]]
    return raiseAccess(wave, op, address, sizeof(T), true);
  const T data = readRegister<T>(wave, op->dst);
  const T compare = A == Atomic::CompareSwap ? readRegister<T>(wave, op->dst + sizeof(T) / 4) : T{};
  std::atomic_ref<T> memory(*reinterpret_cast<T*>(host));
  T old = memory.load(std::memory_order_relaxed);
  while (!memory.compare_exchange_weak(old, combine<A, T>(old, data, compare))) {
  }
  if (op->flags & kReturns) writeRegister<T>(wave, op->dst, old);
  return next(op);
}

template <Atomic A, class T>
const MicroOp* atomic(Wave& wave, const MicroOp* op) {
  return atomicAt<A, T>(wave, op, addressOf(wave, op));
}

template <Atomic A, class T>
const MicroOp* bufferAtomic(Wave& wave, const MicroOp* op) {
  const Buffer buffer(wave, op->src[0].index);
  const uint64_t offset = offsetOf(wave, op) & kDwords;
  if (buffer.inside(offset, sizeof(T) / 4) < sizeof(T) / 4) {
    if (op->flags & kReturns) writeRegister<T>(wave, op->dst, 0);
    return next(op);
  }
  return atomicAt<A, T>(wave, op, (buffer.base & kDwords) + offset);
}

const MicroOp* readClock(Wave& wave, const MicroOp* op) {
  writeRegister<uint64_t>(wave, op->dst, gpuTicks());
  return next(op);
}

const MicroOp* order(Wave&, const MicroOp* op) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return next(op);
}

const MicroOp* hint(Wave&, const MicroOp* op) {
  return next(op);
}

#define ATOMIC(name, operation)                       \
  case Opcode::s_atomic_##name:                       \
    return atomic<Atomic::operation, uint32_t>;       \
  case Opcode::s_atomic_##name##_x2:                  \
    return atomic<Atomic::operation, uint64_t>;       \
  case Opcode::s_buffer_atomic_##name:                \
    return bufferAtomic<Atomic::operation, uint32_t>; \
  case Opcode::s_buffer_atomic_##name##_x2:           \
    return bufferAtomic<Atomic::operation, uint64_t>;

Handler handlerOf(Opcode opcode) {
  switch (opcode) {
    case Opcode::s_load_dword:
    case Opcode::s_scratch_load_dword:
      return load<1>;
    case Opcode::s_load_dwordx2:
    case Opcode::s_scratch_load_dwordx2:
      return load<2>;
    case Opcode::s_load_dwordx4:
    case Opcode::s_scratch_load_dwordx4:
      return load<4>;
    case Opcode::s_load_dwordx8:
      return load<8>;
    case Opcode::s_load_dwordx16:
      return load<16>;
    case Opcode::s_buffer_load_dword:
      return bufferLoad<1>;
    case Opcode::s_buffer_load_dwordx2:
      return bufferLoad<2>;
    case Opcode::s_buffer_load_dwordx4:
      return bufferLoad<4>;
    case Opcode::s_buffer_load_dwordx8:
      return bufferLoad<8>;
    case Opcode::s_buffer_load_dwordx16:
      return bufferLoad<16>;
    case Opcode::s_store_dword:
    case Opcode::s_scratch_store_dword:
      return store<1>;
    case Opcode::s_store_dwordx2:
    case Opcode::s_scratch_store_dwordx2:
      return store<2>;
    case Opcode::s_store_dwordx4:
    case Opcode::s_scratch_store_dwordx4:
      return store<4>;
    case Opcode::s_buffer_store_dword:
      return bufferStore<1>;
    case Opcode::s_buffer_store_dwordx2:
      return bufferStore<2>;
    case Opcode::s_buffer_store_dwordx4:
      return bufferStore<4>;
      ATOMIC(swap, Swap)
      ATOMIC(cmpswap, CompareSwap)
      ATOMIC(add, Add)
      ATOMIC(sub, Sub)
      ATOMIC(smin, SMin)
      ATOMIC(umin, UMin)
      ATOMIC(smax, SMax)
      ATOMIC(umax, UMax)
      ATOMIC(and, And)
      ATOMIC(or, Or)
      ATOMIC(xor, Xor)
      ATOMIC(inc, Inc)
      ATOMIC(dec, Dec)
    case Opcode::s_memtime:
    case Opcode::s_memrealtime:
      return readClock;
    case Opcode::s_dcache_inv:
    case Opcode::s_dcache_wb:
    case Opcode::s_dcache_inv_vol:
    case Opcode::s_dcache_wb_vol:
      return order;
    // Prefetches, and permission to lose what was written: nothing has to happen.
    case Opcode::s_atc_probe:
    case Opcode::s_atc_probe_buffer:
    case Opcode::s_dcache_discard:
    case Opcode::s_dcache_discard_x2:
      return hint;
    default:
      return nullptr;
  }
}

bool isLoad(Opcode opcode) {
  switch (opcode) {
    case Opcode::s_load_dword:
    case Opcode::s_load_dwordx2:
    case Opcode::s_load_dwordx4:
    case Opcode::s_load_dwordx8:
    case Opcode::s_load_dwordx16:
    case Opcode::s_buffer_load_dword:
    case Opcode::s_buffer_load_dwordx2:
    case Opcode::s_buffer_load_dwordx4:
    case Opcode::s_buffer_load_dwordx8:
    case Opcode::s_buffer_load_dwordx16:
    case Opcode::s_scratch_load_dword:
    case Opcode::s_scratch_load_dwordx2:
    case Opcode::s_scratch_load_dwordx4:
    case Opcode::s_memtime:
    case Opcode::s_memrealtime:
      return true;
    default:
      return false;
  }
}

bool isScratch(Opcode opcode) {
  switch (opcode) {
    case Opcode::s_scratch_load_dword:
    case Opcode::s_scratch_load_dwordx2:
    case Opcode::s_scratch_load_dwordx4:
    case Opcode::s_scratch_store_dword:
    case Opcode::s_scratch_store_dwordx2:
    case Opcode::s_scratch_store_dwordx4:
      return true;
    default:
      return false;
  }
}

}  // namespace

Handler lowerMemory(const Instruction& in, Target, MicroOp& op) {
  op.src[0].index = in.src[0];
  op.imm = in.immOffset ? in.imm : 0;
  // What is stored, or both stored and returned, is read from the register as it is numbered.
  op.dst = isLoad(in.opcode) ? destination(in.dst) : in.dst;
  if (in.soffset != operand::kNone) {
    op.src[1].index = in.soffset;
    op.flags |= kRegisterOffset;
  }
  if (in.glc) op.flags |= kReturns;
  if (isScratch(in.opcode)) op.flags |= kScratch;
  return handlerOf(in.opcode);
}

}  // namespace softgpu::scalar
