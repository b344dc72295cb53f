// Buffer resource descriptors (Vega ISA, 8.1.5 and 8.1.8; GCN3 ISA for gfx8's element size).
#pragma once

#include <cstdint>

#include "wave/wave.h"

namespace softgpu {

struct BufferDescriptor {
  uint64_t base = 0;
  uint32_t stride = 0;
  uint32_t records = 0;
  bool swizzle = false, addTid = false;
  unsigned indexStride = 64;  // swizzled: indices side by side, each with
  unsigned elementSize = 4;   // this many bytes
  uint8_t dataFormat = 0, numberFormat = 0;
  uint16_t select = 0;  // dst_sel_x..w, three bits each

  // `formatted`: a format conversion, for which the data format is one and not the stride's upper bits.
  static BufferDescriptor read(const Wave& wave, unsigned sgpr, bool formatted) {
    const uint32_t* word = wave.sgpr + sgpr;
    BufferDescriptor d;
    d.base = word[0] | uint64_t{word[1] & 0xffff} << 32;
    d.stride = word[1] >> 16 & 0x3fff;
    d.swizzle = word[1] >> 31;
    d.records = word[2];
    d.select = word[3] & 0xfff;
    d.numberFormat = word[3] >> 12 & 7;
    d.dataFormat = word[3] >> 15 & 15;
    d.indexStride = 8u << (word[3] >> 21 & 3);
    d.addTid = word[3] >> 23 & 1;
    if (wave.target == Target::gfx803) d.elementSize = 2u << (word[3] >> 19 & 3);
    if (d.addTid && !formatted) d.stride |= uint32_t{d.dataFormat} << 14;
    return d;
  }

  // An unbound resource reads zeros and swallows writes.
  bool unbound() const { return dataFormat == 0 && !addTid; }
  // A wave's private memory as ROCr and the compilers lay it out.
  bool isPrivateMemory() const { return addTid && swizzle && indexStride == 64 && elementSize == 4; }

  // Where byte `offset` of record `index` lies behind the base.
  uint64_t position(uint64_t index, uint64_t offset) const {
    if (!swizzle) return index * stride + offset;
    return (index / indexStride * stride + offset / elementSize * elementSize) * indexStride +
           index % indexStride * elementSize + offset % elementSize;
  }
};

}  // namespace softgpu
