// Random instructions of every row of isa/tables/encodings.def: the opcode is set, every other field is drawn.
// Field positions are those of AMD's manual (Vega ISA, chapter 13), written a second time here on purpose.
import { readFileSync } from "node:fs";

export const targets = ["gfx803", "gfx900", "gfx906", "gfx908", "gfx90a"] as const;
export type Target = (typeof targets)[number];

export interface Row {
  encoding: string;
  number: number;
  mnemonic: string;
  targets: readonly Target[];
}

const tables = new URL("../../../native/softgpu/isa/tables/", import.meta.url);

function targetsOf(mask: string): readonly Target[] {
  if (mask === "ALL") return targets;
  if (mask === "GFX9") return targets.slice(1);
  return mask.split("|").map((name) => name.toLowerCase() as Target);
}

export function readRows(): Row[] {
  const rows: Row[] = [];
  for (const line of readFileSync(new URL("encodings.def", tables), "utf8").split("\n")) {
    const match = /^ROW\((\w+), (0x[0-9a-f]+), \w+, "(\w+)", ([\w|]+)\)/.exec(line);
    if (!match) continue;
    const [, encoding = "", number = "", mnemonic = "", mask = ""] = match;
    rows.push({ encoding, number: Number(number), mnemonic, targets: targetsOf(mask) });
  }
  return rows;
}

/** mulberry32: the same seed gives the same encodings on every machine. */
export class Random {
  /** `even`: mostly even VGPR numbers, as tuples on gfx90a need. */
  constructor(
    private state: number,
    private readonly even = false,
  ) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  bits(width: number): number {
    return width === 32 ? this.next() : this.next() % 2 ** width;
  }
  chance(percent: number): boolean {
    return this.next() % 100 < percent;
  }
  /** Zero three times out of four: fields that few instructions have. */
  rare(width: number): number {
    return this.chance(75) ? 0 : this.bits(width);
  }
  pick<T>(items: readonly T[]): T {
    return items[this.next() % items.length] as T;
  }
  vgpr(): number {
    return this.bits(8) & (this.even && this.chance(80) ? 0xfe : 0xff);
  }
  constant(): number {
    return this.chance(50) ? 128 + (this.next() % 81) : 240 + (this.next() % 9);
  }
  scalar(): number {
    return this.chance(75) ? this.next() % 104 : 102 + (this.next() % 26);
  }
  source8(): number {
    return this.chance(60) ? this.scalar() : this.chance(60) ? this.constant() : this.bits(8);
  }
  source9(): number {
    return this.chance(50) ? 256 + this.vgpr() : this.chance(85) ? this.source8() : this.bits(9);
  }
}

// Reserved selectors are left out: LLVM's printer has no text for them.
function sdwaWord(r: Random, target: Target): number {
  const gfx9 = target !== "gfx803";
  const selector = () => r.next() % 7;
  const destination = selector() | ((r.next() % 3) << 3) | (r.rare(1) << 5) | ((gfx9 ? r.rare(2) : 0) << 6);
  const source = () => selector() | (r.rare(3) << 3) | ((gfx9 ? r.rare(1) : 0) << 7);
  return r.vgpr() | (destination << 8) | (source() << 16) | (source() << 24);
}

const dppControls = [0x101, 0x10f, 0x111, 0x11f, 0x121, 0x12f, 0x130, 0x134, 0x138, 0x13c, 0x140, 0x141, 0x142, 0x143];

function dppWord(r: Random): number {
  const control = r.chance(60)
    ? r.bits(8)
    : r.chance(60)
      ? r.pick(dppControls)
      : r.chance(50)
        ? 0x150 + r.bits(4)
        : r.bits(9);
  return r.vgpr() | (control << 8) | (r.bits(1) << 19) | (r.rare(4) << 20) | (r.bits(8) << 24);
}

/** The second word of VOP1, VOP2 and VOPC: none, SDWA, DPP. Answers src0 and that word. */
function shortSource(r: Random, target: Target): [number, number] {
  const kind = r.next() % 10;
  if (kind < 6) return [r.chance(10) ? 255 : r.source9(), r.chance(50) ? r.next() : r.rare(6)];
  return kind < 8 ? [249, sdwaWord(r, target)] : [250, dppWord(r)];
}

function memoryModes(r: Random): number {
  return (r.rare(2) << 16) | r.rare(12);
}

/** Words of one random instruction; one or two words of chance follow, for literals and for decoders that read too far. */
export function randomInstruction(row: Row, target: Target, r: Random): number[] {
  const n = row.number;
  switch (row.encoding) {
    case "SOP2":
      return [0x80000000 | (n << 23) | (r.scalar() << 16) | (r.source8() << 8) | r.source8(), r.next()];
    case "SOPK":
      return [0xb0000000 | (n << 23) | (r.scalar() << 16) | r.bits(16), r.next()];
    case "SOP1":
      return [0xbe800000 | (r.scalar() << 16) | (n << 8) | r.source8(), r.next()];
    case "SOPC":
      return [0xbf000000 | (n << 16) | (r.source8() << 8) | r.source8(), r.next()];
    case "SOPP":
      return [0xbf800000 | (n << 16) | (r.chance(50) ? r.bits(16) : r.bits(7)), r.next()];
    case "SMEM": {
      const modes = (r.bits(1) << 17) | (r.rare(1) << 16) | (r.rare(2) << 14);
      const offset = r.chance(50) ? r.scalar() : r.bits(21);
      return [0xc0000000 | (n << 18) | modes | (r.scalar() << 6) | r.bits(6), (r.rare(7) << 25) | offset];
    }
    case "VOP1": {
      const [src, word] = shortSource(r, target);
      return [0x7e000000 | (r.vgpr() << 17) | (n << 9) | src, word];
    }
    case "VOP2": {
      const [src, word] = shortSource(r, target);
      return [(n << 25) | (r.vgpr() << 17) | (r.vgpr() << 9) | src, word];
    }
    case "VOPC": {
      const [src, word] = shortSource(r, target);
      return [0x7c000000 | (n << 17) | (r.vgpr() << 9) | src, word];
    }
    case "VOP3":
      return [
        0xd0000000 |
          (n << 16) |
          (r.rare(1) << 15) |
          (r.rare(4) << 11) |
          (r.rare(3) << 8) |
          (r.chance(50) ? r.scalar() : r.vgpr()),
        (r.rare(3) << 29) | (r.rare(2) << 27) | (r.source9() << 18) | (r.source9() << 9) | r.source9(),
      ];
    case "VOP3P": {
      // Matrix operations want VGPRs, and room for up to 32 of them.
      const source = () => (n >= 0x40 && r.chance(90) ? 256 + (r.next() % 112) * 2 : r.source9());
      const dst = n >= 0x40 ? (r.next() % 112) * 2 : r.vgpr();
      return [
        0xd3800000 | (n << 16) | (r.rare(1) << 15) | (r.bits(1) << 14) | (r.rare(3) << 11) | (r.rare(3) << 8) | dst,
        (r.rare(3) << 29) | (r.bits(2) << 27) | (source() << 18) | (source() << 9) | source(),
      ];
    }
    case "VINTRP":
      return [0xd4000000 | (r.bits(8) << 18) | (n << 16) | (r.bits(8) << 8) | (r.chance(50) ? r.bits(2) : r.bits(8))];
    case "DS": {
      const gds = /gws|ordered/.test(row.mnemonic) ? 1 : r.rare(1);
      return [
        0xd8000000 | (r.rare(1) << 25) | (n << 17) | (gds << 16) | (r.chance(30) ? 0 : r.bits(16)),
        (r.vgpr() << 24) | (r.vgpr() << 16) | (r.vgpr() << 8) | r.vgpr(),
      ];
    }
    case "FLAT":
    case "GLOBAL":
    case "SCRATCH": {
      const segment = ["FLAT", "SCRATCH", "GLOBAL"].indexOf(row.encoding);
      const saddr = segment === 0 ? r.rare(7) : r.chance(60) ? 0x7f : r.scalar();
      return [
        0xdc000000 |
          (r.rare(1) << 25) |
          (n << 18) |
          (r.rare(2) << 16) |
          (segment << 14) |
          (r.rare(1) << 13) |
          // LLVM reads the offset of FLAT with 13 bits; the manual says 12 and none at all before gfx9.
          (target === "gfx803" ? 0 : r.bits(segment === 0 ? 12 : 13)),
        (r.vgpr() << 24) | (r.rare(1) << 23) | (saddr << 16) | (r.vgpr() << 8) | r.vgpr(),
      ];
    }
    case "MUBUF":
      return [
        0xe0000000 |
          (n << 18) |
          memoryModes(r) |
          (row.mnemonic === "buffer_store_lds_dword" ? 1 << 16 : 0) |
          (r.bits(2) << 12) |
          (r.rare(2) << 14),
        (r.source8() << 24) |
          (r.rare(1) << 23) |
          (r.rare(2) << 21) |
          ((r.scalar() >> 2) << 16) |
          (r.vgpr() << 8) |
          r.vgpr(),
      ];
    case "MTBUF":
      return [
        0xe8000000 | (r.bits(7) << 19) | (n << 15) | (r.rare(1) << 14) | (r.bits(2) << 12) | r.rare(12),
        // LLVM has no TFE for MTBUF.
        (r.source8() << 24) |
          (r.rare(2) << 21) |
          ((target === "gfx90a" ? r.rare(1) : 0) << 23) |
          ((r.scalar() >> 2) << 16) |
          (r.vgpr() << 8) |
          r.vgpr(),
      ];
    case "MIMG": {
      // LLVM has no text for an atomic whose dmask is not that of its width, nor for TFE or D16 with atomics and gathers.
      const atomic = row.mnemonic.startsWith("image_atomic");
      const plain = atomic || row.mnemonic.startsWith("image_gather4");
      const wide = row.mnemonic.endsWith("cmpswap");
      const dmask = atomic ? r.pick(wide ? [3, 15] : [1, 3]) : r.bits(4);
      const flags = (r.rare(1) << 25) | (r.rare(1) << 17) | ((plain ? 0 : r.rare(1)) << 16) | (r.rare(4) << 12);
      return [
        0xf0000000 | (n << 18) | flags | (dmask << 8) | (r.rare(1) << 7),
        ((plain ? 0 : r.rare(1)) << 31) |
          ((r.next() % 25) << 21) |
          ((r.next() % 24) << 16) |
          ((r.next() % 124) << 9) |
          r.vgpr(),
      ];
    }
    case "EXP":
      return [0xc4000000 | (r.bits(3) << 10) | (r.bits(6) << 4) | r.bits(4), r.next()];
    default:
      throw new Error(`no generator for ${row.encoding}`);
  }
}
