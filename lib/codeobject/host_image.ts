/**
 * A host program or object file as its loader or linker would lay it out, as far as data goes: addresses, bytes, and pointers with
 * their relocations applied. That is what finding things in it by their shape needs, and stripped files have nothing else.
 *
 * Source: System V ABI, AMD64 supplement, "Relocation".
 */
import type { Bytes } from "./bytes.js";
import {
  type Elf,
  type ElfSymbol,
  malformed,
  PT_LOAD,
  type Section,
  SHF_ALLOC,
  SHN_LORESERVE,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_RELA,
  SHT_SYMTAB,
} from "./elf.js";

const ET_REL = 1;
const ET_EXEC = 2;
const R_X86_64_64 = 1;
const R_X86_64_RELATIVE = 8;
const PAGE = 4096;

interface Range {
  readonly address: number;
  readonly bytes: Bytes;
}

export class HostImage {
  readonly #elf: Elf;
  readonly #ranges: Range[] = [];
  /** What relocations put into words of 8 bytes, by address. */
  readonly #pointers = new Map<number, number>();
  /** Where the sections of an object file are put; empty for what is linked. */
  readonly #placed = new Map<number, number>();
  readonly #names = new Map<number, string>();

  constructor(elf: Elf) {
    this.#elf = elf;
    if (elf.header.type === ET_REL) this.#place();
    else this.#map();
    const tables = elf.sections.filter(({ type }) => type === SHT_SYMTAB || type === SHT_DYNSYM);
    const symbols = new Map(tables.map((table) => [table.index, elf.symbols(table)]));
    for (const table of symbols.values()) this.#name(table);
    for (const section of elf.sections) {
      if (section.type === SHT_RELA) this.#relocate(section, symbols.get(section.link) ?? []);
    }
  }

  /** The word at an address, relocated; null outside of the file's data, or beyond 2^53. */
  word(address: number): number | null {
    const pointer = this.#pointers.get(address);
    if (pointer !== undefined) return pointer;
    const at = this.#find(address, 8);
    if (at === null) return null;
    const [bytes, offset] = at;
    const high = bytes.u32(offset + 4);
    return high < 2 ** 21 ? high * 2 ** 32 + bytes.u32(offset) : null;
  }

  /** 32 bits at an address; null outside of the file's data. */
  half(address: number): number | null {
    const at = this.#find(address, 4);
    return at === null ? null : at[0].u32(at[1]);
  }

  /** `size` bytes at an address; null where the file does not have them all. */
  bytes(address: number, size: number): Uint8Array | null {
    const at = this.#find(address, size);
    return at === null ? null : at[0].raw.subarray(at[1], at[1] + size);
  }

  cString(address: number): string | null {
    const at = this.#find(address, 1);
    return at === null ? null : at[0].cString(at[1]);
  }

  /** The symbol at an address, where the file still has one. */
  nameOf(address: number): string | null {
    return this.#names.get(address) ?? null;
  }

  /** Addresses of every word, aligned to 8 bytes, that holds `value`. */
  *pointersTo(value: number): Generator<number> {
    for (const [address, pointer] of this.#pointers) if (pointer === value) yield address;
    const low = value % 2 ** 32;
    const high = Math.floor(value / 2 ** 32);
    for (const { address, bytes } of this.#ranges) {
      const first = (8 - (address % 8)) % 8;
      const view = new DataView(bytes.raw.buffer, bytes.raw.byteOffset, bytes.length);
      for (let at = first; at + 8 <= bytes.length; at += 8) {
        if (view.getUint32(at, true) !== low || view.getUint32(at + 4, true) !== high) continue;
        if (!this.#pointers.has(address + at)) yield address + at;
      }
    }
  }

  /** Addresses of every place, aligned to 8 bytes, with these four bytes. */
  *places(magic: number): Generator<number> {
    for (const { address, bytes } of this.#ranges) {
      const view = new DataView(bytes.raw.buffer, bytes.raw.byteOffset, bytes.length);
      for (let at = (8 - (address % 8)) % 8; at + 8 <= bytes.length; at += 8) {
        if (view.getUint32(at, true) === magic) yield address + at;
      }
    }
  }

  /** Addresses of every word that points into the file's data: tables of pointers begin at one. */
  *pointers(): Generator<number> {
    yield* this.#pointers.keys();
    // What is linked to fixed addresses needs no relocations.
    if (this.#elf.header.type !== ET_EXEC) return;
    const low = Math.min(...this.#ranges.map(({ address }) => address));
    const high = Math.max(...this.#ranges.map(({ address, bytes }) => address + bytes.length));
    for (const { address, bytes } of this.#ranges) {
      const view = new DataView(bytes.raw.buffer, bytes.raw.byteOffset, bytes.length);
      for (let at = (8 - (address % 8)) % 8; at + 8 <= bytes.length; at += 8) {
        const value = view.getUint32(at, true);
        if (value >= low && value <= high && view.getUint32(at + 4, true) === 0) yield address + at;
      }
    }
  }

  #find(address: number, size: number): readonly [Bytes, number] | null {
    for (const range of this.#ranges) {
      const offset = address - range.address;
      if (offset >= 0 && range.bytes.holds(offset, size)) return [range.bytes, offset];
    }
    return null;
  }

  #map(): void {
    const elf = this.#elf;
    for (const segment of elf.segments) {
      if (segment.type !== PT_LOAD || segment.fileSize === 0) continue;
      const bytes = elf.bytes.slice(segment.offset, segment.fileSize, `segment ${segment.index}`);
      this.#ranges.push({ address: segment.address, bytes });
    }
  }

  /** An object file's sections have no addresses yet: they are put one behind the other. */
  #place(): void {
    let next = PAGE;
    for (const section of this.#elf.sections) {
      if ((section.flags & SHF_ALLOC) === 0) continue;
      const align = Math.max(section.align, 8);
      next = Math.ceil(next / align) * align;
      this.#placed.set(section.index, next);
      if (section.type !== SHT_NOBITS) this.#ranges.push({ address: next, bytes: this.#elf.contents(section) });
      next += section.size;
    }
  }

  #addressOf(symbol: ElfSymbol): number | null {
    if (symbol.sectionIndex === 0 || symbol.sectionIndex >= SHN_LORESERVE) return null;
    if (this.#placed.size === 0) return symbol.value;
    const base = this.#placed.get(symbol.sectionIndex);
    return base === undefined ? null : base + symbol.value;
  }

  #name(symbols: readonly ElfSymbol[]): void {
    for (const symbol of symbols) {
      const address = symbol.name === "" ? null : this.#addressOf(symbol);
      if (address !== null && !this.#names.has(address)) this.#names.set(address, symbol.name);
    }
  }

  #relocate(table: Section, symbols: readonly ElfSymbol[]): void {
    const base = this.#placed.size === 0 ? 0 : this.#placed.get(table.info);
    if (base === undefined) return;
    for (const { offset, type, symbolIndex, addend } of this.#elf.relocations(table)) {
      let value: number | null = null;
      if (type === R_X86_64_RELATIVE) value = Number(addend);
      else if (type === R_X86_64_64) {
        const symbol = symbols[symbolIndex];
        if (symbol === undefined) malformed(this.#elf.bytes.what, `a relocation names symbol ${symbolIndex}`);
        const address = this.#addressOf(symbol);
        value = address === null ? null : address + Number(addend);
      }
      if (value !== null && Number.isSafeInteger(value) && value >= 0) this.#pointers.set(base + offset, value);
    }
  }
}
