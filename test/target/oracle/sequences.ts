/**
 * Random sequences of mapping operations, few of them illegal: a rough model of what is mapped (Model) tells which ranges can be named. It
 * knows nothing of kinds; what is refused and what is not, the two executors say.
 */
import fc from "fast-check";
import { MAP } from "../../../lib/target/map_kind.js";
import { bare, Items } from "./items.js";
import { CELL_BYTES, CELLS, type Item, type Operation, type Sequence, SPARE_BYTES } from "./operation.js";
import { Places, type Range } from "./places.js";
import { Tape } from "./tape.js";

class Maker {
  readonly #tape: Tape;
  readonly #places: Places;
  readonly #items: Items;

  constructor(tape: Tape) {
    this.#tape = tape;
    this.#places = new Places(tape);
    this.#items = new Items(tape, this.#places);
  }

  /** One operation, with what the host has to write before it. */
  operations(): Operation[] {
    const operation = this.#operation();
    return [...this.#places.before.splice(0), operation];
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
      [this.#places.model.associated.length > 0 ? 5 : 1, () => this.#disassociate()],
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

  #pointer(): Operation {
    const slot = this.#places.slot() ?? 0;
    const cell = slot / CELL_BYTES;
    if (this.#tape.chance(8)) {
      this.#places.model.pointers.delete(cell);
      return { what: "pointer", cell, offset: null };
    }
    const { start, size } = this.#tape.pick(this.#places.variables);
    const mapped = this.#tape.chance(60) ? this.#places.someRange() : undefined;
    const offset = mapped?.start ?? start + (this.#tape.chance(15) ? this.#places.grid(size) : 0);
    this.#places.model.pointers.set(cell, offset);
    return { what: "pointer", cell, offset };
  }

  #construct(what: "enter" | "begin" | "target"): Operation {
    const mapped: Range[] = [];
    const items = this.#items.list(what, mapped);
    if (what !== "target") for (const range of mapped) this.#places.model.enter(range);
    if (what === "begin") this.#places.model.regions.push(mapped);
    return { what, items };
  }

  #end(): Operation {
    for (const range of this.#places.model.regions.pop() ?? []) this.#places.model.leave(range);
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
        items.push(
          this.#items.data(tape.pick([MAP.ALLOC, MAP.TO, MAP.TOFROM, MAP.FORCE_PRESENT]), this.#places.range()),
        );
        break;
      }
      if (kind === MAP.DETACH) {
        const { attached } = this.#places.model;
        const slot = attached.length > 0 ? (attached.pop() as number) : undefined;
        if (slot === undefined) break;
        items.push(bare(kind, slot, 0));
        continue;
      }
      const there = this.#places.someRange();
      const range =
        there && !tape.chance(3) ? (tape.chance(80) ? there : this.#places.part(there)) : this.#places.range();
      const zero = kind === MAP.ZERO_LEN_ARRAY_SECTION || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION;
      items.push(bare(kind, range.start, zero ? 0 : range.size));
      this.#places.model.leave(range, kind === MAP.DELETE || kind === MAP.DELETE_ZERO_LEN_ARRAY_SECTION);
    }
    return { what: "exit", items };
  }

  #update(): Operation {
    const tape = this.#tape;
    const items: Item[] = [];
    const count = tape.pick([1, 1, 2, 3]);
    while (items.length < count) {
      const there = this.#places.someRange();
      const range = there && tape.chance(92) ? this.#places.part(there) : this.#places.range();
      items.push(
        bare(
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
    const range = this.#places.absent() ?? this.#places.range();
    const offset = tape.pick([0, 0, 8, 16]);
    this.#places.model.enter(range);
    this.#places.model.associated.push(range.start);
    return {
      what: "associate",
      offset: range.start,
      bytes: Math.max(CELL_BYTES, Math.min(range.size, SPARE_BYTES - offset)),
      deviceOffset: offset,
      again: tape.chance(20),
    };
  }

  #disassociate(): Operation {
    const { associated } = this.#places.model;
    const likely = associated.length > 0 && this.#tape.chance(90);
    const offset = likely ? (associated.pop() as number) : this.#places.range().start;
    this.#places.model.leave({ start: offset, size: 1 }, true);
    return { what: "disassociate", offset };
  }

  #copy(): Operation {
    const bytes = this.#tape.pick([4, 8, 16]);
    return {
      what: "copy",
      toDevice: this.#tape.chance(50),
      offset: this.#places.grid(CELLS * CELL_BYTES - bytes),
      bytes,
      deviceOffset: this.#places.grid(SPARE_BYTES - bytes),
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
