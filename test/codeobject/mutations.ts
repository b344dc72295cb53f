/** Damage done to a code object: reproducible from a seed, and aimed at what loaders read. */
import { Elf, SHT_NOBITS } from "../../lib/codeobject/elf.js";

/** xorshift32: numbers below `limit`. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Byte ranges that loaders interpret: headers, tables, notes, descriptors; code is left out. */
function structure(bytes: Uint8Array): [number, number][] {
  const elf = new Elf(bytes);
  const ranges: [number, number][] = [
    [0, 64],
    [64, 64 + 56 * elf.segments.length],
    [elf.header.sectionHeaderOffset, bytes.length],
  ];
  for (const section of elf.sections) {
    if (section.index === 0 || section.type === SHT_NOBITS || section.name === ".text" || section.size === 0) continue;
    ranges.push([section.offset, section.offset + section.size]);
  }
  return ranges;
}

const WORDS = [
  0, 1, 2, 3, 7, 8, 0x7f, 0xff, 0x100, 0x1000, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
];

/** `count` damaged copies of `original`, one after another. */
export function* mutations(original: Uint8Array, count: number, seed = 1): Generator<Uint8Array> {
  const random = randomNumbers(seed);
  const ranges = structure(original);
  const place = (): number => {
    const range = random(8) === 0 ? [0, original.length] : ranges[random(ranges.length)];
    const [from = 0, to = original.length] = range ?? [];
    return from + random(Math.max(1, to - from));
  };
  for (let i = 0; i < count; i++) {
    let bytes = Uint8Array.from(original);
    const times = 1 + (random(4) === 0 ? random(8) : 0);
    for (let k = 0; k < times; k++) {
      const at = place();
      switch (random(10)) {
        case 0:
        case 1:
        case 2:
        case 3:
          bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
          break;
        case 4:
          bytes[at] = random(256);
          break;
        case 5:
        case 6: {
          const word = at & ~3;
          const view = new DataView(bytes.buffer);
          if (word + 4 <= bytes.length) view.setUint32(word, WORDS[random(WORDS.length)] ?? 0, true);
          break;
        }
        case 7: {
          const word = at & ~7;
          const view = new DataView(bytes.buffer);
          if (word + 8 > bytes.length) break;
          const near = view.getBigUint64(word, true) + BigInt(random(512) - 256);
          const value = random(2) === 0 ? near : BigInt(WORDS[random(WORDS.length)] ?? 0) << BigInt(random(33));
          view.setBigUint64(word, BigInt.asUintN(64, value), true);
          break;
        }
        case 8:
          bytes.copyWithin(at, place(), place() + random(64));
          break;
        default:
          if (random(4) === 0) bytes = bytes.slice(0, Math.max(1, at));
          else bytes.fill(random(2) === 0 ? 0 : 0xff, at, at + random(32));
      }
    }
    yield bytes;
  }
}
