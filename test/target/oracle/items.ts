/** The lists of random constructs: of each kind of item, alone or in the groups that compilers make. */
import { MAP } from "../../../lib/target/map_kind.js";
import { CELL_BYTES, CELLS, type Construct, type Item, type ProbeItem } from "./operation.js";
import type { Places, Range } from "./places.js";
import type { Tape } from "./tape.js";

const NOTHING: ProbeItem = { look: 0, trust: false, change: 0, bias: 0 };

/** Without data of its own; `look`: bytes that the kernels look at. */
export function bare(kind: number, offset: number, size: number, look = 0): Item {
  return { kind, where: "arena", value: offset, size, probe: { ...NOTHING, look, bias: look > 0 ? size : 0 } };
}

export class Items {
  readonly #tape: Tape;
  readonly #places: Places;

  constructor(tape: Tape, places: Places) {
    this.#tape = tape;
    this.#places = places;
  }

  /** `change`: whether the kernels may change it. */
  data(kind: number, range: Range, change = true): Item {
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

  /** A construct's list; what the model is to enter goes into `mapped`. */
  list(construct: Construct, mapped: Range[]): Item[] {
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
        this.data(
          tape.weighed([
            [3, MAP.ALLOC],
            [8, MAP.TO],
            [4, MAP.FROM],
            [8, MAP.TOFROM],
            [2, MAP.ALWAYS_TO],
            [2, MAP.ALWAYS_FROM],
            [2, MAP.ALWAYS_TOFROM],
          ]),
          this.#places.range(),
        ),
      ),
    ];
    return tape.weighed<() => Item[]>([
      [40, plain],
      [1, () => [map(this.data(tape.pick([128, 129, 130, 131]), this.#places.absent() ?? this.#places.range()))]],
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

  /** Of a kind that is for other constructs, mostly of what is there: that is only counted. */
  #misplaced(): Item {
    const tape = this.#tape;
    const kind = tape.pick([MAP.DELETE, MAP.RELEASE, MAP.DETACH, MAP.DELETE_ZERO_LEN_ARRAY_SECTION]);
    const there = tape.chance(70) ? this.#places.someRange() : undefined;
    if (there) return bare(kind, there.start, there.size);
    const slot = this.#places.slot();
    if (slot !== undefined && tape.chance(80)) return bare(MAP.FORCE_DEVICEPTR, slot, 8, 8);
    const { start, size } = this.#places.range();
    return bare(kind, start, size);
  }

  #present(): Item[] {
    const there = this.#places.someRange();
    return there ? [this.data(MAP.FORCE_PRESENT, this.#places.part(there))] : [];
  }

  /** Added by the compiler: what is mapped may be a part of it. */
  #implicit(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const variable = tape.pick(this.#places.variables);
    mapped.push(variable);
    const item = this.data(tape.pick([MAP.ALLOC, MAP.TO, MAP.FROM, MAP.TOFROM]) | 0x60, variable);
    return [{ ...item, probe: NOTHING }];
  }

  #zeroLength(): Item[] {
    const { start, size } = this.#places.someRange() ?? this.#tape.pick(this.#places.variables);
    const offset = start + this.#tape.pick([0, 0, size, this.#places.grid(size)]);
    return [bare(MAP.ZERO_LEN_ARRAY_SECTION, offset, 0, 4)];
  }

  #ifPresent(): Item[] {
    const range = this.#places.range();
    const item = this.data(MAP.IF_PRESENT, range);
    const slot = this.#tape.chance(30) ? this.#places.slot() : undefined;
    return slot === undefined ? [item] : [item, bare(MAP.POINTER, slot, 0)];
  }

  #private(): Item {
    const tape = this.#tape;
    const size = tape.pick([1, 2, 4, 4, 8, 8, 12, 16, 24, 40]);
    const offset = this.#places.grid(CELLS * CELL_BYTES - 40);
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
    const large = this.#places.variables.filter(({ size }) => size >= 8);
    if (large.length === 0) return [];
    const struct = tape.pick(large);
    const members: Range[] = [];
    const there = [...this.#places.model.ranges].filter(
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
      this.data(
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

  /** As Fortran's arrays are mapped: a descriptor, and its pointer. */
  #descriptor(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const records = this.#places.variables.filter(({ record }) => record);
    if (records.length === 0) return [];
    const record = tape.pick(records);
    const items = [this.data(MAP.TO_PSET, record, false)];
    mapped.push(record);
    const kind = tape.pick([MAP.POINTER, MAP.POINTER, MAP.ALWAYS_POINTER]);
    const slots = tape.pick([1, 1, 1, 2]);
    for (let k = 0; k < slots; k++) {
      if (tape.chance(20)) {
        // Not allocated, so far.
        const slot = record.start + 8 * tape.below(record.size / 8);
        this.#places.store(slot / CELL_BYTES, null);
        items.push(bare(kind, slot, 0));
        continue;
      }
      const pointer = this.#places.pointerIn(record);
      if (pointer !== undefined) items.push(bare(kind, pointer.slot, pointer.bias));
    }
    return items;
  }

  /** A section with the pointer that it is named by. */
  #section(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const place = this.#places.pointerIn();
    if (place === undefined) return [];
    const { slot, bias } = place;
    const target = this.#places.model.pointers.get(slot / CELL_BYTES) ?? 0;
    const variable = this.#places.variables.find(({ start, size }) => target >= start && target < start + size);
    const range = this.#places.model.overlapping({ start: target, size: 1 }) ?? variable;
    const pointer = tape.chance(25) ? MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION : MAP.POINTER;
    mapped.push({ start: slot, size: 8 });
    const items = [bare(pointer, slot, bias, 8)];
    if (range && tape.chance(70)) {
      mapped.push(range);
      items.unshift(this.data(tape.pick([MAP.TO, MAP.TOFROM, MAP.ALLOC]), range));
    }
    return items;
  }

  #alwaysPointer(mapped: Range[]): Item[] {
    const slots = this.#places.variables.filter(
      (variable) => variable.record && this.#places.model.overlapping(variable),
    );
    if (slots.length === 0) return [];
    const record = this.#tape.pick(slots);
    const range = this.#places.range();
    mapped.push(range);
    const slot = record.start + 8 * this.#tape.below(record.size / 8);
    return [
      this.data(this.#tape.pick([MAP.TO, MAP.TOFROM, MAP.ALLOC]), range),
      bare(MAP.ALWAYS_POINTER, slot, this.#tape.pick([0, 0, 0, 4, 8])),
    ];
  }

  /** A pointer is attached, with its container before it or by itself. */
  #attach(mapped: Range[]): Item[] {
    const tape = this.#tape;
    const place = this.#places.pointerIn();
    if (place === undefined) return [];
    const { slot, bias } = place;
    const container = this.#places.variables.find(({ start, size }) => slot >= start && slot < start + size);
    const kind = tape.pick([MAP.ATTACH, MAP.ATTACH, MAP.ATTACH, MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION]);
    const attach = bare(kind, slot, bias);
    if (container === undefined) return [attach];
    const there = this.#places.model.overlapping(container);
    // Where only a part of the pointer is mapped GCC 12 counts outside of its counters.
    if (there && (slot < there.start || slot + 8 > there.start + there.size)) return [];
    this.#places.model.attached.push(slot);
    if (there && tape.chance(50)) return [attach];
    const range = there ?? container;
    mapped.push(range);
    return [this.data(tape.pick([MAP.TO, MAP.TOFROM, MAP.ALWAYS_TO, MAP.ALWAYS_TOFROM]), range), attach];
  }

  #devicePointer(): Item {
    const tape = this.#tape;
    const there = this.#places.someRange();
    const kind =
      there && tape.chance(60) ? MAP.USE_DEVICE_PTR : tape.pick([MAP.USE_DEVICE_PTR_IF_PRESENT, MAP.USE_DEVICE_PTR]);
    if (there === undefined) return bare(MAP.USE_DEVICE_PTR_IF_PRESENT, this.#places.grid(CELLS * CELL_BYTES), 0);
    return bare(kind, there.start + (tape.chance(40) ? this.#places.grid(there.size + CELL_BYTES) : 0), 0);
  }
}
