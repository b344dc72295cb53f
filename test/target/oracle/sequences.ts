/**
 * Random sequences of mapping operations, few of them illegal: a rough model of what is mapped (Model) tells which ranges can be named. It
 * knows nothing of kinds; what is refused and what is not, the two executors say.
 */
import fc from "fast-check";
import { MAP } from "../../../lib/target/map_kind.js";
import {
  CELL_BYTES,
  CELLS,
  type Construct,
  type Item,
  type Operation,
  type ProbeItem,
  type Sequence,
  SPARE_BYTES,
} from "./operation.js";

/** A stream of random numbers: what a sequence is made of. */
class Tape {
  #at = 0;
  constructor(readonly numbers: readonly number[]) {}
  /** From 0 on, less than `count`; zeros beyond the end. */
  below(count: number): number {
    return (this.numbers[this.#at++] ?? 0) % count;
  }
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
  /** By weights. */
  weighed<T>(choices: readonly (readonly [number, T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      if (at < weight) return choice;
      at -= weight;
    }
    return (choices[0] as readonly [number, T])[1];
  }
}

/** A variable of the host's: offsets and sizes in bytes. */
interface Variable {
  readonly start: number;
  readonly size: number;
  /** It lies at a multiple of 8 and may hold pointers. */
  readonly record: boolean;
}

interface Range {
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

const NOTHING: ProbeItem = { look: 0, trust: false, change: 0, bias: 0 };

class Maker {
  readonly #tape: Tape;
  readonly #model = new Model();
  readonly #variables: Variable[] = [];
  readonly #before: Operation[] = [];

  constructor(tape: Tape) {
    this.#tape = tape;
    for (let cell = tape.below(3); cell < CELLS - 10; ) {
      const record = tape.chance(45);
      if (record) cell += cell % 2;
      const cells = record ? 2 * (1 + tape.below(4)) : 1 + tape.below(8);
      this.#variables.push({ start: cell * CELL_BYTES, size: cells * CELL_BYTES, record });
      cell += cells + tape.pick([0, 0, 1, 2, 3]);
    }
  }

  /** One operation, with what the host has to write before it. */
  operations(): Operation[] {
    const operation = this.#operation();
    return [...this.#before.splice(0), operation];
  }

  #operation(): Operation {
    const tape = this.#tape;
    return tape.weighed<() => Operation>([
      [4, () => this.#poke()],
      [6, () => this.#pointer()],
      [20, () => this.#construct("enter")],
      [10, () => this.#construct("begin")],
      [24, () => this.#construct("target")],
      [16, () => this.#exit()],
      [9, () => this.#update()],
      [9, () => this.#end()],
      [2, () => this.#associate()],
      [this.#model.associated.length > 0 ? 5 : 1, () => this.#disassociate()],
      [1, () => this.#copy()],
    ])();
  }

  #poke(): Operation {
    return {
      what: "poke",
      cell: this.#tape.below(CELLS),
      value: 0x5a000000 + this.#tape.below(0x10000) * 0x100 + this.#tape.below(0x100),
    };
  }

  #slot(): number | undefined {
    const records = this.#variables.filter(({ record }) => record);
    if (records.length === 0) return undefined;
    const { start, size } = this.#tape.pick(records);
    return start + 8 * this.#tape.below(size / 8);
  }

  #pointer(): Operation {
    const slot = this.#slot() ?? 0;
    const cell = slot / CELL_BYTES;
    if (this.#tape.chance(8)) {
      this.#model.pointers.delete(cell);
      return { what: "pointer", cell, offset: null };
    }
    const { start, size } = this.#tape.pick(this.#variables);
    const mapped = this.#tape.chance(60) ? this.#someRange() : undefined;
    const offset = mapped?.start ?? start + (this.#tape.chance(15) ? this.#grid(size) : 0);
    this.#model.pointers.set(cell, offset);
    return { what: "pointer", cell, offset };
  }

  #grid(size: number): number {
    return CELL_BYTES * this.#tape.below(Math.max(1, size / CELL_BYTES));
  }

  #someRange(): Range | undefined {
    const ranges = [...this.#model.ranges];
    if (ranges.length === 0) return undefined;
    const [start, { size }] = this.#tape.pick(ranges);
    return { start, size };
  }

  /** A part of a range. */
  #part(range: Range): Range {
    const cells = range.size / CELL_BYTES;
    if (cells <= 1 || this.#tape.chance(50)) return range;
    const from = this.#tape.below(cells);
    return { start: range.start + from * CELL_BYTES, size: CELL_BYTES * (1 + this.#tape.below(cells - from)) };
  }

  /** Mostly one that can be mapped: a part of what is mapped, or a variable that is not. */
  #range(): Range {
    const tape = this.#tape;
    const wild = tape.chance(1);
    const variable = tape.pick(this.#variables);
    if (wild) return { start: CELL_BYTES * tape.below(CELLS - 12), size: CELL_BYTES * (1 + tape.below(11)) };
    const there = this.#model.overlapping(variable);
    if (there) return this.#part(there);
    return tape.chance(25) ? this.#part(variable) : variable;
  }

  #data(kind: number, range: Range, change = true): Item {
    const tape = this.#tape;
    const alignment = tape.pick([0, 0, 2, 3, 3, 4, 6]);
    return {
      kind: kind | (alignment << 8),
      where: "arena",
      value: range.start,
      size: range.size,
      probe: {
        ...NOTHING,
        look: Math.min(16, range.size),
        change: change && tape.chance(60) ? 1 + tape.below(200) : 0,
        bias: 0,
      },
    };
  }

  static #bare(kind: number, offset: number, size: number, look = 0): Item {
    return { kind, where: "arena", value: offset, size, probe: { ...NOTHING, look, bias: look > 0 ? size : 0 } };
  }

  /** A construct's list; what the model is to enter goes into `mapped`. */
  #items(construct: Construct, mapped: Range[]): Item[] {
    const tape = this.#tape;
    const items: Item[] = [];
    const count = tape.pick([1, 1, 1, 2, 2, 3, 4, 6]);
    while (items.length < count) items.push(...this.#group(construct, mapped));
    // GCC 12 refuses these, by an assertion, behind anything that is new.
    const first = items.filter(({ kind }) => kind === MAP.USE_DEVICE_PTR_IF_PRESENT);
    return [...first, ...items.filter(({ kind }) => kind !== MAP.USE_DEVICE_PTR_IF_PRESENT)].slice(0, 16);
  }

  #group(construct: Construct, mapped: Range[]): Item[] {
    const tape = this.#tape;
    const inRegion = construct !== "enter";
    const map = (item: Item): Item => {
      mapped.push({ start: item.value, size: item.size });
      return item;
    };
    const plain = (): Item[] => [
      map(
        this.#data(
          tape.weighed([
            [3, MAP.ALLOC],
            [8, MAP.TO],
            [4, MAP.FROM],
            [8, MAP.TOFROM],
            [2, MAP.ALWAYS_TO],
            [2, MAP.ALWAYS_FROM],
            [2, MAP.ALWAYS_TOFROM],
          ]),
          this.#range(),
        ),
      ),
    ];
    return tape.weighed<() => Item[]>([
      [40, plain],
      [1, () => [map(this.#data(tape.pick([128, 129, 130, 131]), this.#absent() ?? this.#range()))]],
      [1, () => [this.#misplaced()]],
      [3, () => this.#present()],
      [5, () => this.#implicit(mapped)],
      [4, () => this.#zeroLength()],
      [inRegion ? 4 : 1, () => this.#ifPresent()],
      [construct === "target" ? 8 : 0, () => [this.#private()]],
      [construct === "target" ? 5 : 0, () => [this.#inline()]],
      [1, () => [{ kind: tape.pick([1, 3, 4, 12, 15]), where: "null", value: 0, size: 0, probe: NOTHING }]],
      [8, () => this.#struct(mapped)],
      [4, () => this.#descriptor(mapped)],
      [inRegion ? 6 : 2, () => this.#section(mapped)],
      // Not by itself: GCC 12 looks for the item before the list's first.
      [inRegion ? 4 : 0, () => this.#alwaysPointer(mapped)],
      [8, () => this.#attach(mapped)],
      [construct === "begin" ? 8 : 0, () => [this.#devicePointer()]],
    ])();
  }

  #absent(): Range | undefined {
    const absent = this.#variables.filter((variable) => this.#model.overlapping(variable) === undefined);
    return absent.length === 0 ? undefined : this.#tape.pick(absent);
  }

  /** Of a kind that is for other constructs, mostly of what is there: that is only counted. */
  #misplaced(): Item {
    const tape = this.#tape;
    const kind = tape.pick([MAP.DELETE, MAP.RELEASE, MAP.DETACH, MAP.DELETE_ZERO_LEN_ARRAY_SECTION]);
    const there = tape.chance(70) ? this.#someRange() : undefined;
    if (there) return Maker.#bare(kind, there.start, there.size);
    const slot = this.#slot();
    if (slot !== undefined && tape.chance(80)) return Maker.#bare(MAP.FORCE_DEVICEPTR, slot, 8, 8);
    const { start, size } = this.#range();
    return Maker.#bare(kind, start, size);
  }

  #present(): Item[] {
    const there = this.#someRange();
    return there ? [this.#data(MAP.FORCE_PRESENT, this.#part(there))] : [];
  }

  /** Added by the compiler: what is mapped may be a part of it. */
  #implicit(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const variable = tape.pick(this.#variables);
    mapped.push(variable);
    const item = this.#data(tape.pick([MAP.ALLOC, MAP.TO, MAP.FROM, MAP.TOFROM]) | 0x60, variable);
    return [{ ...item, probe: NOTHING }];
  }

  #zeroLength(): Item[] {
    const { start, size } = this.#someRange() ?? this.#tape.pick(this.#variables);
    const offset = start + this.#tape.pick([0, 0, size, this.#grid(size)]);
    return [Maker.#bare(MAP.ZERO_LEN_ARRAY_SECTION, offset, 0, 4)];
  }

  #ifPresent(): Item[] {
    const range = this.#range();
    const item = this.#data(MAP.IF_PRESENT, range);
    const slot = this.#tape.chance(30) ? this.#slot() : undefined;
    return slot === undefined ? [item] : [item, Maker.#bare(MAP.POINTER, slot, 0)];
  }

  #private(): Item {
    const tape = this.#tape;
    const size = tape.pick([1, 2, 4, 4, 8, 8, 12, 16, 24, 40]);
    const offset = this.#grid(CELLS * CELL_BYTES - 40);
    return {
      kind: MAP.FIRSTPRIVATE | (tape.pick([0, 1, 2, 3, 4, 5]) << 8),
      where: "arena",
      value: offset,
      size,
      probe: { look: Math.min(16, size), trust: true, change: 0, bias: 0 },
    };
  }

  #inline(): Item {
    return {
      kind: MAP.FIRSTPRIVATE_INT,
      where: "inline",
      value: this.#tape.below(100000),
      size: this.#tape.pick([0, 1, 4]),
      probe: NOTHING,
    };
  }

  /** Members of one variable, ascending; of one that is mapped, those or others. */
  #struct(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const large = this.#variables.filter(({ size }) => size >= 8);
    if (large.length === 0) return [];
    const struct = tape.pick(large);
    const members: Range[] = [];
    const there = [...this.#model.ranges].filter(
      ([start, { size }]) => start >= struct.start && start + size <= struct.start + struct.size,
    );
    if (there.length > 0 && tape.chance(90)) {
      for (const [start, { size }] of there.sort(([a], [b]) => a - b)) {
        if (members.length === 0 || tape.chance(70)) members.push({ start, size });
      }
    } else {
      for (let at = struct.start; at < struct.start + struct.size; ) {
        const size = Math.min(struct.start + struct.size - at, CELL_BYTES * tape.pick([1, 1, 2, 2, 4]));
        if (tape.chance(65)) members.push({ start: at, size });
        at += size;
      }
    }
    const [first] = members;
    if (first === undefined) return [];
    const base = tape.chance(60) ? struct.start : first.start;
    const items = members.map((member) =>
      this.#data(
        tape.weighed([
          [2, MAP.ALLOC],
          [4, MAP.TO],
          [2, MAP.FROM],
          [4, MAP.TOFROM],
          [1, MAP.ALWAYS_TO],
          [1, MAP.ALWAYS_TOFROM],
        ]),
        member,
      ),
    );
    mapped.push(...members);
    const kind = MAP.STRUCT | (tape.pick([0, 2, 3, 4]) << 8);
    return [{ kind, where: "arena", value: Math.min(base, first.start), size: items.length, probe: NOTHING }, ...items];
  }

  /** A pointer, in a range or anywhere, with a bias by which it leads to what is mapped; most often. */
  #pointerIn(within?: Range): { readonly slot: number; readonly bias: number } | undefined {
    const tape = this.#tape;
    const { pointers } = this.#model;
    const good: { slot: number; bias: number }[] = [];
    for (const [cell, offset] of pointers) {
      const slot = cell * CELL_BYTES;
      if (within && (slot < within.start || slot + 8 > within.start + within.size)) continue;
      for (const bias of [0, 4, 8]) {
        if (this.#model.overlapping({ start: offset + bias, size: 1 })) good.push({ slot, bias });
      }
    }
    if (good.length > 0 && tape.chance(60)) return tape.pick(good);
    const records = this.#variables.filter(({ record }) => record);
    const record = within ?? (records.length > 0 ? tape.pick(records) : undefined);
    if (record === undefined) return undefined;
    const slot = record.start + 8 * tape.below(record.size / 8);
    if (tape.chance(2)) return { slot, bias: 0 };
    const target = this.#someRange();
    if (target === undefined) return undefined;
    this.#store(slot / CELL_BYTES, target.start);
    return { slot, bias: tape.chance(20) && target.size > 4 ? 4 : 0 };
  }

  /** A pointer that is written before the construct that uses it. */
  #store(cell: number, offset: number | null): void {
    if (offset === null) this.#model.pointers.delete(cell);
    else this.#model.pointers.set(cell, offset);
    this.#before.push({ what: "pointer", cell, offset });
  }

  /** As Fortran's arrays are mapped: a descriptor, and its pointer. */
  #descriptor(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const records = this.#variables.filter(({ record }) => record);
    if (records.length === 0) return [];
    const record = tape.pick(records);
    const items = [this.#data(MAP.TO_PSET, record, false)];
    mapped.push(record);
    const kind = tape.pick([MAP.POINTER, MAP.POINTER, MAP.ALWAYS_POINTER]);
    const slots = tape.pick([1, 1, 1, 2]);
    for (let k = 0; k < slots; k++) {
      if (tape.chance(20)) {
        // Not allocated, so far.
        const slot = record.start + 8 * tape.below(record.size / 8);
        this.#store(slot / CELL_BYTES, null);
        items.push(Maker.#bare(kind, slot, 0));
        continue;
      }
      const pointer = this.#pointerIn(record);
      if (pointer !== undefined) items.push(Maker.#bare(kind, pointer.slot, pointer.bias));
    }
    return items;
  }

  /** A section with the pointer that it is named by. */
  #section(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const place = this.#pointerIn();
    if (place === undefined) return [];
    const { slot, bias } = place;
    const target = this.#model.pointers.get(slot / CELL_BYTES) ?? 0;
    const variable = this.#variables.find(({ start, size }) => target >= start && target < start + size);
    const range = this.#model.overlapping({ start: target, size: 1 }) ?? variable;
    const pointer = tape.chance(25) ? MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION : MAP.POINTER;
    mapped.push({ start: slot, size: 8 });
    const items = [Maker.#bare(pointer, slot, bias, 8)];
    if (range && tape.chance(70)) {
      mapped.push(range);
      items.unshift(this.#data(tape.pick([MAP.TO, MAP.TOFROM, MAP.ALLOC]), range));
    }
    return items;
  }

  #alwaysPointer(mapped: Range[]): Item[] {
    const slots = this.#variables.filter((variable) => variable.record && this.#model.overlapping(variable));
    if (slots.length === 0) return [];
    const record = this.#tape.pick(slots);
    const range = this.#range();
    mapped.push(range);
    const slot = record.start + 8 * this.#tape.below(record.size / 8);
    return [
      this.#data(this.#tape.pick([MAP.TO, MAP.TOFROM, MAP.ALLOC]), range),
      Maker.#bare(MAP.ALWAYS_POINTER, slot, this.#tape.pick([0, 0, 0, 4, 8])),
    ];
  }

  /** A pointer is attached, with its container before it or by itself. */
  #attach(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const place = this.#pointerIn();
    if (place === undefined) return [];
    const { slot, bias } = place;
    const container = this.#variables.find(({ start, size }) => slot >= start && slot < start + size);
    const kind = tape.pick([MAP.ATTACH, MAP.ATTACH, MAP.ATTACH, MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION]);
    const attach = Maker.#bare(kind, slot, bias);
    if (container === undefined) return [attach];
    const there = this.#model.overlapping(container);
    // Where only a part of the pointer is mapped GCC 12 counts outside of its counters.
    if (there && (slot < there.start || slot + 8 > there.start + there.size)) return [];
    this.#model.attached.push(slot);
    if (there && tape.chance(50)) return [attach];
    const range = there ?? container;
    mapped.push(range);
    return [this.#data(tape.pick([MAP.TO, MAP.TOFROM, MAP.ALWAYS_TO, MAP.ALWAYS_TOFROM]), range), attach];
  }

  #devicePointer(): Item {
    const tape = this.#tape;
    const there = this.#someRange();
    const kind =
      there && tape.chance(60) ? MAP.USE_DEVICE_PTR : tape.pick([MAP.USE_DEVICE_PTR_IF_PRESENT, MAP.USE_DEVICE_PTR]);
    if (there === undefined) return Maker.#bare(MAP.USE_DEVICE_PTR_IF_PRESENT, this.#grid(CELLS * CELL_BYTES), 0);
    return Maker.#bare(kind, there.start + (tape.chance(40) ? this.#grid(there.size + CELL_BYTES) : 0), 0);
  }

  #construct(what: "enter" | "begin" | "target"): Operation {
    const mapped: Range[] = [];
    const items = this.#items(what, mapped);
    if (what !== "target") for (const range of mapped) this.#model.enter(range);
    if (what === "begin") this.#model.regions.push(mapped);
    return { what, items };
  }

  #end(): Operation {
    for (const range of this.#model.regions.pop() ?? []) this.#model.leave(range);
    return { what: "end" };
  }

  #exit(): Operation {
    const tape = this.#tape;
    const items: Item[] = [];
    const count = tape.pick([1, 1, 2, 3]);
    while (items.length < count) {
      const kind = tape.weighed([
        [6, MAP.RELEASE],
        [6, MAP.FROM],
        [2, MAP.ALWAYS_FROM],
        [3, MAP.DELETE],
        [1, MAP.ZERO_LEN_ARRAY_SECTION],
        [1, MAP.DELETE_ZERO_LEN_ARRAY_SECTION],
        [3, MAP.DETACH],
      ]);
      if (tape.chance(1)) {
        items.push(this.#data(tape.pick([MAP.ALLOC, MAP.TO, MAP.TOFROM, MAP.FORCE_PRESENT]), this.#range()));
        break;
      }
      if (kind === MAP.DETACH) {
        const { attached } = this.#model;
        const slot = attached.length > 0 ? (attached.pop() as number) : undefined;
        if (slot === undefined) break;
        items.push(Maker.#bare(kind, slot, 0));
        continue;
      }
      const there = this.#someRange();
      const range = there && !tape.chance(3) ? (tape.chance(80) ? there : this.#part(there)) : this.#range();
      const zero = kind === MAP.ZERO_LEN_ARRAY_SECTION || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;
      items.push(Maker.#bare(kind, range.start, zero ? 0 : range.size));
      this.#model.leave(range, kind === MAP.DELETE || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION);
    }
    return { what: "exit", items };
  }

  #update(): Operation {
    const tape = this.#tape;
    const items: Item[] = [];
    const count = tape.pick([1, 1, 2, 3]);
    while (items.length < count) {
      const there = this.#someRange();
      const range = there && tape.chance(92) ? this.#part(there) : this.#range();
      items.push(
        Maker.#bare(
          tape.pick([MAP.TO, MAP.FROM, MAP.FROM, MAP.TOFROM, MAP.ALWAYS_TO, MAP.ALWAYS_FROM]),
          range.start,
          range.size,
        ),
      );
    }
    return { what: "update", items };
  }

  #associate(): Operation {
    const tape = this.#tape;
    const range = this.#absent() ?? this.#range();
    const offset = tape.pick([0, 0, 8, 16]);
    this.#model.enter(range);
    this.#model.associated.push(range.start);
    return {
      what: "associate",
      offset: range.start,
      bytes: Math.max(CELL_BYTES, Math.min(range.size, SPARE_BYTES - offset)),
      deviceOffset: offset,
      again: tape.chance(20),
    };
  }

  #disassociate(): Operation {
    const { associated } = this.#model;
    const likely = associated.length > 0 && this.#tape.chance(90);
    const offset = likely ? (associated.pop() as number) : this.#range().start;
    this.#model.leave({ start: offset, size: 1 }, true);
    return { what: "disassociate", offset };
  }

  #copy(): Operation {
    const bytes = this.#tape.pick([4, 8, 16]);
    return {
      what: "copy",
      toDevice: this.#tape.chance(50),
      offset: this.#grid(CELLS * CELL_BYTES - bytes),
      bytes,
      deviceOffset: this.#grid(SPARE_BYTES - bytes),
    };
  }
}

/** Between so many operations. */
const LEAST = 8;
const MOST = 28;

/** @param numbers - random, 0 to 2^31 */
export function sequenceOf(numbers: readonly number[]): Sequence {
  const [seed = 0, length = 0, ...rest] = numbers;
  const maker = new Maker(new Tape(rest));
  const operations = Array.from({ length: LEAST + (length % (MOST - LEAST + 1)) }, () => maker.operations());
  return { seed: seed % 0x10000, operations: operations.flat() };
}

/** Random numbers enough for a sequence. */
const NUMBERS = 1500;
export const sequences: fc.Arbitrary<Sequence> = fc
  .array(fc.nat(), { minLength: NUMBERS, maxLength: NUMBERS, size: "max" })
  .map(sequenceOf);
