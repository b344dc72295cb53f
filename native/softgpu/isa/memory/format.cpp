// Buffer loads and stores with format conversion: MTBUF, and MUBUF's FORMAT operations (Vega ISA, 8.1.4).
#include "isa/memory/format.h"

#include "isa/memory/buffer.h"
#include "isa/memory/check.h"
#include "isa/memory/format_conversion.h"
#include "isa/memory/half.h"

namespace softgpu::memory {

namespace {

// How many channels the opcode moves and how registers hold them.
struct Channels {
  unsigned count;
  Packing packing;
};

constexpr unsigned kIdentity = 4 | 5 << 3 | 6 << 6 | 7 << 9;  // dst_sel of x, y, z, w

class Conversion {
 public:
  Conversion(const MicroOp* op, const BufferDescriptor& descriptor)
      : channels_{op->extra[kChannels], static_cast<Packing>(op->extra[kPacking])} {
    const bool typed = op->extra[kBits] & kTyped;
    number_ = static_cast<NumberFormat>(typed ? op->extra[kFormat] >> 4 : descriptor.numberFormat);
    format = ElementFormat::of(typed ? op->extra[kFormat] & 15 : descriptor.dataFormat);
    select_ = typed ? kIdentity : descriptor.select;
  }

  void load(const Element& element, uint32_t* row, unsigned lane) const {
    for (unsigned channel = 0; channel < channels_.count; ++channel) {
      const unsigned select = select_ >> (3 * channel) & 7;
      uint32_t value = 0;
      if (select == 1) value = isFloating(number_) ? 0x3f800000 : 1;
      if (select >= 4 && select - 4 < format.components) {
        const unsigned component = select - 4, width = format.width[component];
        value = fieldToRegister(readField(element, format.position[component], width), width, number_);
      }
      put(row, lane, channel, value);
    }
  }

  Element store(const uint32_t* row, unsigned lane) const {
    Element element{};
    for (unsigned channel = 0; channel < channels_.count; ++channel) {
      const unsigned select = select_ >> (3 * channel) & 7;
      if (select < 4 || select - 4 >= format.components) continue;
      const unsigned component = select - 4, width = format.width[component];
      writeField(element, format.position[component], width, registerToField(get(row, lane, channel), width, number_));
    }
    return element;
  }

  // What an access out of range reads.
  void loadNothing(uint32_t* row, unsigned lane) const {
    for (unsigned channel = 0; channel < channels_.count; ++channel) {
      const bool one = (select_ >> (3 * channel) & 7) == 1;
      put(row, lane, channel, !one ? 0 : isFloating(number_) ? 0x3f800000 : 1);
    }
  }

  ElementFormat format;

 private:
  void put(uint32_t* row, unsigned lane, unsigned channel, uint32_t value) const {
    if (channels_.packing == Packing::Dwords) {
      row[channel * kLanes + lane] = value;
      return;
    }
    const uint32_t half = isFloating(number_) ? floatToHalf(fromBits<float>(value)) : value & 0xffff;
    uint32_t& low = row[channel * kLanes + lane];
    uint32_t& pair = row[channel / 2 * kLanes + lane];
    switch (channels_.packing) {
      case Packing::Pairs:
        pair = channel % 2 ? (pair & 0xffff) | half << 16 : (pair & 0xffff0000) | half;
        break;
      case Packing::Halves:
        low = half;
        break;
      default:
        low = (low & 0xffff) | half << 16;
    }
  }

  uint32_t get(const uint32_t* row, unsigned lane, unsigned channel) const {
    uint32_t half = 0;
    switch (channels_.packing) {
      case Packing::Dwords:
        return row[channel * kLanes + lane];
      case Packing::Pairs:
        half = row[channel / 2 * kLanes + lane] >> (channel % 2 * 16) & 0xffff;
        break;
      case Packing::Halves:
        half = row[channel * kLanes + lane] & 0xffff;
        break;
      case Packing::High:
        half = row[channel * kLanes + lane] >> 16;
    }
    if (isFloating(number_)) return toBits(halfToFloat(static_cast<uint16_t>(half)));
    return number_ == NumberFormat::Sint ? static_cast<uint32_t>(static_cast<int16_t>(half)) : half;
  }

  Channels channels_;
  NumberFormat number_;
  unsigned select_;
};

bool elementMapped(Wave& wave, const MicroOp* op, const BufferAddresses& buffer, unsigned lane, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) {
    if (!laneMapped(wave, op, buffer.address(lane, i), 1, lane)) return false;
  }
  return true;
}

template <bool Load>
const MicroOp* formatted(Wave& wave, const MicroOp* op) {
  const uint64_t exec = wave.exec();
  const BufferAddresses buffer(wave, op, true);
  const Conversion conversion(op, buffer.descriptor);
  const unsigned bytes = conversion.format.bytes;
  uint64_t inside = 0;  // in range as a whole or not at all
  for (uint64_t rest = exec; rest; rest &= rest - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctzll(rest));
    if (!bytes || !buffer.inRange(lane, 0) || !buffer.inRange(lane, bytes - 1)) continue;
    if (!elementMapped(wave, op, buffer, lane, bytes)) return nullptr;
    inside |= uint64_t{1} << lane;
  }
  uint32_t* row = memoryRow(wave, Load ? op->dst : op->src[1].index);
  forEachLane(exec, [&](unsigned lane) {
    auto byteAt = [&](unsigned i) { return reinterpret_cast<uint8_t*>(buffer.address(lane, i)); };
    if (!(inside >> lane & 1)) {
      if (Load) conversion.loadNothing(row, lane);
    } else if (Load) {
      Element element{};
      for (unsigned i = 0; i < bytes; ++i) element[i] = *byteAt(i);
      conversion.load(element, row, lane);
    } else {
      const Element element = conversion.store(row, lane);
      for (unsigned i = 0; i < bytes; ++i) *byteAt(i) = element[i];
    }
  });
  return next(op);
}

struct FormatOpcode {
  unsigned channels;
  bool load;
  bool half = false, high = false;
};

std::optional<FormatOpcode> formatOpcode(Opcode opcode) {
#define CHANNELS(family, suffix, count, ...)                     \
  case Opcode::family##_load_format_##suffix:                    \
    return FormatOpcode{count, true __VA_OPT__(, ) __VA_ARGS__}; \
  case Opcode::family##_store_format_##suffix:                   \
    return FormatOpcode{count, false __VA_OPT__(, ) __VA_ARGS__};
#define FAMILY(family)             \
  CHANNELS(family, x, 1)           \
  CHANNELS(family, xy, 2)          \
  CHANNELS(family, xyz, 3)         \
  CHANNELS(family, xyzw, 4)        \
  CHANNELS(family, d16_x, 1, true) \
  CHANNELS(family, d16_xy, 2, true) CHANNELS(family, d16_xyz, 3, true) CHANNELS(family, d16_xyzw, 4, true)
  switch (opcode) {
    FAMILY(buffer)
    FAMILY(tbuffer)
    CHANNELS(buffer, d16_hi_x, 1, true, true)
    default:
      return std::nullopt;
  }
#undef FAMILY
#undef CHANNELS
}

}  // namespace

Handler lowerFormat(const Instruction& in, Target target, MicroOp& out) {
  const auto opcode = formatOpcode(in.opcode);
  if (!opcode) return nullptr;
  out.extra[kChannels] = static_cast<uint8_t>(opcode->channels);
  out.extra[kFormat] = in.format;
  // gfx803 gives each D16 channel a register of its own.
  const Packing packing = !opcode->half              ? Packing::Dwords
                          : opcode->high             ? Packing::High
                          : target == Target::gfx803 ? Packing::Halves
                                                     : Packing::Pairs;
  out.extra[kPacking] = static_cast<uint8_t>(packing);
  return opcode->load ? loadFormat : formatted<false>;
}

const MicroOp* loadFormat(Wave& wave, const MicroOp* op) {
  return formatted<true>(wave, op);
}

}  // namespace softgpu::memory
