/** Random sequences of OpenACC operations, few of them illegal: what has been mapped is roughly known while they are made. */
import { MAP } from "../../../lib/target/index.js";
import { Random } from "../random.js";
import {
  ARENA_BYTES,
  type Item,
  type ListLetter,
  type Operation,
  type PlainLetter,
  type Queued,
  type Sequence,
  SLOT_BYTES,
  SLOTS,
} from "./operation.js";

/** Variables of the host: first slot, slots. Those of odd index hold pointers. */
const VARIABLES = [
  [0, 4],
  [4, 4],
  [8, 1],
  [9, 4],
  [14, 6],
  [20, 4],
  [24, 8],
] as const;

interface Range {
  readonly offset: number;
  readonly size: number;
}

class Maker {
  readonly #random: Random;
  /** What each open data region has entered. */
  readonly #regions: Range[][] = [];
  /** What is probably mapped, and how often. */
  #entered: (Range & { count: number })[] = [];
  #attached: number[] = [];
  /** Of the construct that is being made. */
  #named: Range[] = [];
  readonly operations: Operation[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  #plain(what: PlainLetter, offset = 0, second = 0, mayWait = true): void {
    this.operations.push({ what, async: mayWait ? this.#queue() : "", offset, second });
  }
  #queue(): Queued {
    return this.#random.chance(40) ? this.#random.pick(["A", "A", "N", "D"]) : "";
  }
  /** Where its `if` clause is not met, it has entered and left nothing. */
  #list(what: ListLetter, make: () => readonly Item[]): void {
    const [met, async] = [!this.#random.chance(5), this.#queue()];
    const [entered, attached] = [this.#entered.map((range) => ({ ...range })), [...this.#attached]];
    const items = make();
    this.operations.push({ what, async, met, items });
    if (met) return;
    [this.#entered, this.#attached] = [entered, attached];
    this.#named = [];
  }

  #whole(): Range {
    const [slot, slots] = this.#random.pick(VARIABLES);
    return { offset: slot * SLOT_BYTES, size: slots * SLOT_BYTES };
  }
  #part({ offset, size }: Range): Range {
    const slots = size / SLOT_BYTES;
    const from = this.#random.below(slots);
    return { offset: offset + from * SLOT_BYTES, size: SLOT_BYTES * (1 + this.#random.below(slots - from)) };
  }
  /** To be mapped: mostly what can be, a variable or a part of what is mapped of it. */
  #range(): Range {
    const whole = this.#whole();
    if (this.#random.chance(2)) {
      const size = Math.min(whole.size + SLOT_BYTES * this.#random.pick([1, 2]), ARENA_BYTES - whole.offset);
      return { offset: whole.offset, size };
    }
    const there = this.#overlapping(whole);
    if (there !== undefined) return this.#random.chance(25) ? this.#part(there) : there;
    return this.#random.chance(15) ? this.#part(whole) : whole;
  }
  #overlapping({ offset, size }: Range): (Range & { count: number }) | undefined {
    return this.#entered.find((range) => range.offset < offset + size && offset < range.offset + range.size);
  }
  /** Probably mapped. */
  #there(): Range {
    if (this.#entered.length === 0 || this.#random.chance(5)) return this.#range();
    const range = this.#random.pick(this.#entered);
    return this.#random.chance(25) ? this.#part(range) : range;
  }
  /** A slot for a pointer in memory that is mapped; sometimes anywhere. */
  #mappedSlot(): number | undefined {
    const slots = Array.from({ length: 8 }, () => this.#slot());
    if (this.#random.chance(2)) return slots[0];
    return slots.find((offset) => this.#overlapping({ offset, size: SLOT_BYTES }) !== undefined);
  }
  #slot(): number {
    const [slot, slots] = this.#random.pick(VARIABLES.filter((_, i) => i % 2 === 1));
    return (slot + this.#random.below(slots)) * SLOT_BYTES;
  }
  #pointTo(slot: number, { offset }: Range): void {
    if (this.#random.chance(90)) this.#plain("w", slot, this.#random.chance(4) ? -1 : offset, false);
  }
  #enters(range: Range): Range {
    const there = this.#overlapping(range);
    if (there === undefined) this.#entered.push({ ...range, count: 1 });
    else there.count++;
    this.#named.push(range);
    return range;
  }
  #leaves(range: Range, all = false): Range {
    const there = this.#overlapping(range);
    if (there !== undefined && (all || --there.count === 0)) this.#entered.splice(this.#entered.indexOf(there), 1);
    return range;
  }
  static #item(kind: number, { offset, size }: Range): Item {
    return { kind: kind + 256 * 3, offset, size };
  }

  /** Items that stand together, of enter data and of data regions. */
  #group(kinds: readonly number[]): Item[] {
    const kind = this.#random.pick(kinds);
    const plain = () => [Maker.#item(kind, this.#enters(this.#random.chance(30) ? this.#there() : this.#range()))];
    switch (this.#random.below(12)) {
      case 0:
      case 1: {
        // Data with the pointer to it.
        const [range, slot] = [this.#enters(this.#range()), this.#mappedSlot()];
        if (slot === undefined) return plain();
        this.#pointTo(slot, range);
        this.#attached.push(slot);
        return [Maker.#item(kind, range), { kind: MAP.ATTACH + 768, offset: slot, size: 0 }];
      }
      case 2: {
        const slot = this.#mappedSlot();
        if (slot === undefined) return plain();
        this.#pointTo(slot, this.#there());
        this.#attached.push(slot);
        return [{ kind: MAP.ATTACH + 768, offset: slot, size: 0 }];
      }
      case 3: {
        // Members of a struct: two slots of one variable.
        const [first, slots] = this.#random.pick(VARIABLES.filter(([, size]) => size >= 4));
        const members = [0, 1 + this.#random.below(slots - 1)].map((slot) =>
          this.#enters({ offset: (first + slot) * SLOT_BYTES, size: SLOT_BYTES }),
        );
        const struct = { kind: MAP.STRUCT + 768, offset: first * SLOT_BYTES, size: members.length };
        return [struct, ...members.map((member) => Maker.#item(kind, member))];
      }
      case 4: {
        // Data, the descriptor of it, and the pointer in that.
        const [range, [first]] = [
          this.#enters(this.#range()),
          this.#random.pick(VARIABLES.filter((_, i) => i % 2 === 1)),
        ];
        const descriptor = this.#enters({ offset: first * SLOT_BYTES, size: 2 * SLOT_BYTES });
        this.#pointTo(descriptor.offset, range);
        const pointer = { kind: MAP.POINTER + 768, offset: descriptor.offset, size: 0 };
        return [Maker.#item(kind, range), Maker.#item(MAP.TO_PSET, descriptor), pointer];
      }
      case 5:
        return [Maker.#item(this.#random.chance(80) ? kind : MAP.FORCE_PRESENT, this.#there())];
      default:
        return plain();
    }
  }
  #groups(kinds: readonly number[]): Item[] {
    return Array.from({ length: this.#random.pick([1, 1, 1, 2, 3]) }, () => this.#group(kinds)).flat();
  }

  #exits(): Item[] {
    return Array.from({ length: this.#random.pick([1, 1, 2, 3]) }, (): Item[] => {
      if (this.#anyAttached() && this.#random.chance(25)) {
        return [
          {
            kind: this.#random.pick([MAP.DETACH, MAP.DETACH, MAP.FORCE_DETACH]) + 768,
            offset: this.#detached(),
            size: 0,
          },
        ];
      }
      const kind = this.#random.pick([MAP.FROM, MAP.FROM, MAP.RELEASE, MAP.RELEASE, MAP.DELETE, MAP.FORCE_FROM]);
      return [Maker.#item(kind, this.#leaves(this.#there(), kind === MAP.DELETE || kind === MAP.FORCE_FROM))];
    }).flat();
  }
  #anyAttached(): boolean {
    this.#attached = this.#attached.filter((offset) => this.#overlapping({ offset, size: SLOT_BYTES }) !== undefined);
    return this.#attached.length > 0;
  }
  /** One that was attached; whose memory is probably still there. */
  #detached(): number {
    const slot = this.#random.pick(this.#attached);
    if (this.#random.chance(95)) this.#attached.splice(this.#attached.indexOf(slot), 1);
    return slot;
  }
  #updates(): Item[] {
    const range = this.#there();
    const kind = this.#random.pick([MAP.FORCE_TO, MAP.FORCE_FROM, MAP.TO, MAP.TO, MAP.FROM, MAP.FROM]);
    if (!this.#random.chance(20)) return [Maker.#item(kind, range)];
    return [
      Maker.#item(kind, range),
      { kind: MAP.ALWAYS_POINTER + 768, offset: this.#mappedSlot() ?? this.#slot(), size: 0 },
    ];
  }

  make(): void {
    const pokes = () => this.#plain("p", SLOT_BYTES * this.#random.below(SLOTS), this.#random.below(2 ** 24), false);
    const changes = () => this.#plain("v", SLOT_BYTES * this.#random.below(SLOTS), this.#random.below(2 ** 24), false);
    const on = (what: PlainLetter, { offset, size }: Range) => this.#plain(what, offset, size);
    const choices: readonly (readonly [number, () => unknown])[] = [
      [8, pokes],
      [14, changes],
      [
        12,
        () =>
          on(this.#random.pick(["i", "i", "c"]), this.#enters(this.#random.chance(40) ? this.#there() : this.#range())),
      ],
      [
        14,
        () => {
          const what = this.#random.pick(["o", "l", "o", "l", "O", "L"] as const);
          on(what, this.#leaves(this.#there(), what === "O" || what === "L"));
        },
      ],
      [8, () => this.#entered.length > 0 && on(this.#random.pick(["U", "S"]), this.#there())],
      [18, () => this.#list("e", () => this.#groups([MAP.TO, MAP.TO, MAP.ALLOC]))],
      [14, () => this.#list("x", () => this.#exits())],
      [
        8,
        () => {
          this.#named = [];
          this.#list("b", () => this.#groups([MAP.TO, MAP.TOFROM, MAP.FROM, MAP.ALLOC]));
          this.#regions.push(this.#named);
        },
      ],
      [
        7,
        () => {
          this.#plain("d", 0, 0, false);
          for (const range of this.#regions.pop() ?? []) this.#leaves(range);
        },
      ],
      [5, () => this.#entered.length > 0 && this.#list("u", () => this.#updates())],
      [
        6,
        () => {
          const slot = this.#mappedSlot();
          if (slot === undefined) return;
          this.#pointTo(slot, this.#there());
          this.#attached.push(slot);
          this.#plain("h", slot);
        },
      ],
      [
        4,
        () => {
          if (this.#anyAttached()) this.#plain(this.#random.pick(["k", "k", "K"]), this.#detached());
        },
      ],
      [1, () => on("m", this.#enters(this.#range()))],
      [1, () => this.#random.chance(30) && this.#plain("n", this.#there().offset, 0, false)],
    ];
    let at = this.#random.below(choices.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, choice] of choices) {
      if (at < weight) {
        choice();
        return;
      }
      at -= weight;
    }
  }
  end(): void {
    for (const _ of this.#regions) this.#plain("d", 0, 0, false);
    this.#plain("r", 0, 0, false);
  }
  get length(): number {
    return 4 + this.#random.below(22);
  }
}

export function sequenceOf(seed: number): Sequence {
  const maker = new Maker(seed);
  for (let left = maker.length; left > 0; left--) maker.make();
  maker.end();
  return { seed, operations: maker.operations };
}
