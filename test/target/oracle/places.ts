/** What a random sequence may name: the host's variables, and roughly what of them is mapped. */
import { CELL_BYTES, CELLS, type Operation } from "./operation.js";
import type { Tape } from "./tape.js";

/** A variable of the host's: offsets and sizes in bytes. */
export interface Variable {
  readonly start: number;
  readonly size: number;
  /** It lies at a multiple of 8 and may hold pointers. */
  readonly record: boolean;
}

export interface Range {
  readonly start: number;
  readonly size: number;
}

/** What is probably mapped. */
class Model {
  readonly ranges = new Map<number, { readonly size: number; count: number }>();
  /** Offsets that pointers point to, by their cells. */
  readonly pointers = new Map<number, number>();
  readonly attached: number[] = [];
  readonly regions: Range[][] = [];
  associated: number[] = [];

  overlapping({ start, size }: Range): Range | undefined {
    for (const [at, range] of this.ranges) {
      if (at < start + Math.max(size, 1) && start < at + range.size) return { start: at, size: range.size };
    }
    return undefined;
  }
  enter(range: Range): void {
    if (range.size <= 0) return;
    const there = this.overlapping(range);
    const counted = there && this.ranges.get(there.start);
    if (counted) counted.count++;
    else this.ranges.set(range.start, { size: range.size, count: 1 });
  }
  leave(range: Range, all = false): void {
    const there = this.overlapping(range);
    const counted = there && this.ranges.get(there.start);
    if (!there || !counted) return;
    counted.count--;
    if (all || counted.count <= 0) this.ranges.delete(there.start);
  }
}

/** Ranges and pointers, chosen mostly so that they can be used. */
export class Places {
  readonly model = new Model();
  readonly variables: Variable[] = [];
  /** What the host has to write before the operation that is being made. */
  readonly before: Operation[] = [];
  readonly #tape: Tape;

  constructor(tape: Tape) {
    this.#tape = tape;
    for (let cell = tape.below(3); cell < CELLS - 10; ) {
      const record = tape.chance(45);
      if (record) cell += cell % 2;
      const cells = record ? 2 * (1 + tape.below(4)) : 1 + tape.below(8);
      this.variables.push({ start: cell * CELL_BYTES, size: cells * CELL_BYTES, record });
      cell += cells + tape.pick([0, 0, 1, 2, 3]);
    }
  }

  slot(): number | undefined {
    const records = this.variables.filter(({ record }) => record);
    if (records.length === 0) return undefined;
    const { start, size } = this.#tape.pick(records);
    return start + 8 * this.#tape.below(size / 8);
  }

  grid(size: number): number {
    return CELL_BYTES * this.#tape.below(Math.max(1, size / CELL_BYTES));
  }

  someRange(): Range | undefined {
    const ranges = [...this.model.ranges];
    if (ranges.length === 0) return undefined;
    const [start, { size }] = this.#tape.pick(ranges);
    return { start, size };
  }

  /** A part of a range. */
  part(range: Range): Range {
    const cells = range.size / CELL_BYTES;
    if (cells <= 1 || this.#tape.chance(50)) return range;
    const from = this.#tape.below(cells);
    return { start: range.start + from * CELL_BYTES, size: CELL_BYTES * (1 + this.#tape.below(cells - from)) };
  }

  /** Mostly one that can be mapped: a part of what is mapped, or a variable that is not. */
  range(): Range {
    const tape = this.#tape;
    const wild = tape.chance(1);
    const variable = tape.pick(this.variables);
    if (wild) return { start: CELL_BYTES * tape.below(CELLS - 12), size: CELL_BYTES * (1 + tape.below(11)) };
    const there = this.model.overlapping(variable);
    if (there) return this.part(there);
    return tape.chance(25) ? this.part(variable) : variable;
  }

  absent(): Range | undefined {
    const absent = this.variables.filter((variable) => this.model.overlapping(variable) === undefined);
    return absent.length === 0 ? undefined : this.#tape.pick(absent);
  }

  /** A pointer, in a range or anywhere, with a bias by which it leads to what is mapped; most often. */
  pointerIn(within?: Range): { readonly slot: number; readonly bias: number } | undefined {
    const tape = this.#tape;
    const { pointers } = this.model;
    const good: { slot: number; bias: number }[] = [];
    for (const [cell, offset] of pointers) {
      const slot = cell * CELL_BYTES;
      if (within && (slot < within.start || slot + 8 > within.start + within.size)) continue;
      for (const bias of [0, 4, 8]) {
        if (this.model.overlapping({ start: offset + bias, size: 1 })) good.push({ slot, bias });
      }
    }
    if (good.length > 0 && tape.chance(60)) return tape.pick(good);
    const records = this.variables.filter(({ record }) => record);
    const record = within ?? (records.length > 0 ? tape.pick(records) : undefined);
    if (record === undefined) return undefined;
    const slot = record.start + 8 * tape.below(record.size / 8);
    if (tape.chance(2)) return { slot, bias: 0 };
    const target = this.someRange();
    if (target === undefined) return undefined;
    this.store(slot / CELL_BYTES, target.start);
    return { slot, bias: tape.chance(20) && target.size > 4 ? 4 : 0 };
  }

  /** A pointer that is written before the construct that uses it. */
  store(cell: number, offset: number | null): void {
    if (offset === null) this.model.pointers.delete(cell);
    else this.model.pointers.set(cell, offset);
    this.before.push({ what: "pointer", cell, offset });
  }
}
