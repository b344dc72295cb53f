/** Operations on host memory and its mappings, as both executors get them, and as text for the oracle. */

/** The host memory of a sequence: cells of four bytes, each marked by its number. */
export const CELLS = 64;
export const CELL_BYTES = 4;
export const ARENA_BYTES = CELLS * CELL_BYTES;
/** Device memory that is associated, or copied to and from. */
export const SPARE_BYTES = 128;

/** What the kernel does with an item's word: see probe.h. */
export interface ProbeItem {
  readonly look: number;
  readonly trust: boolean;
  readonly change: number;
  readonly bias: number;
}

/** One item of a construct's map list. */
export interface Item {
  /** 16 bits, as libgomp has it. */
  readonly kind: number;
  /** What `value` is: an offset in the sequence's host memory, or the word itself; or there is no address. */
  readonly where: "arena" | "inline" | "null";
  readonly value: number;
  readonly size: number;
  readonly probe: ProbeItem;
}

export type Construct = "enter" | "exit" | "begin" | "update" | "target";

export type Operation =
  /** The host writes a cell. */
  | { readonly what: "poke"; readonly cell: number; readonly value: number }
  /** The host stores the address of an offset in its memory, or null, in two cells. */
  | { readonly what: "pointer"; readonly cell: number; readonly offset: number | null }
  | { readonly what: Construct; readonly items: readonly Item[] }
  /** The end of the innermost data region. */
  | { readonly what: "end" }
  /** With new device memory, or that of the last time. */
  | {
      readonly what: "associate";
      readonly offset: number;
      readonly bytes: number;
      readonly deviceOffset: number;
      readonly again: boolean;
    }
  | { readonly what: "disassociate"; readonly offset: number }
  /** omp_target_memcpy between host memory and the device memory of the last association. */
  | {
      readonly what: "copy";
      readonly toDevice: boolean;
      readonly offset: number;
      readonly bytes: number;
      readonly deviceOffset: number;
    }
  /** The last: every cell is released until it is gone, and how often that took is seen. */
  | { readonly what: "drain" };

export interface Sequence {
  /** Of the bytes that host memory begins with. */
  readonly seed: number;
  readonly operations: readonly Operation[];
}

/** With the ends of the regions that are open, and the drain. */
export function completed(operations: readonly Operation[]): Operation[] {
  let open = 0;
  for (const { what } of operations) open += what === "begin" ? 1 : what === "end" && open > 0 ? -1 : 0;
  return [...operations, ...Array.from({ length: open }, () => ({ what: "end" }) as const), { what: "drain" }];
}

/** What cells hold at first. */
export const patternOf = (cell: number, seed: number): number => (0xa5000000 | ((seed & 0xffff) << 8) | cell) >>> 0;

const LETTERS = { enter: "e", exit: "x", begin: "b", update: "u", target: "t" } as const;
const PLACES = { arena: 0, inline: 1, null: 2 } as const;

/** A line of the oracle's input. */
export function textOf(operation: Operation): string {
  switch (operation.what) {
    case "poke":
      return `p ${operation.cell} ${operation.value}`;
    case "pointer":
      return `w ${operation.cell} ${operation.offset ?? -1}`;
    case "end":
      return "d";
    case "associate":
      return `a ${operation.offset} ${operation.bytes} ${operation.deviceOffset} ${Number(operation.again)}`;
    case "disassociate":
      return `k ${operation.offset}`;
    case "copy":
      return `c ${Number(operation.toDevice)} ${operation.offset} ${operation.bytes} ${operation.deviceOffset}`;
    case "drain":
      return "r";
    default: {
      const items = operation.items.map(({ kind, where, value, size, probe }) =>
        [kind, PLACES[where], value, size, probe.look, Number(probe.trust), probe.change, probe.bias].join(" "),
      );
      return [LETTERS[operation.what], items.length, ...items].join(" ");
    }
  }
}

/** The operations of lines as `textOf` writes them. */
export const operationsOf = (text: string): Operation[] => text.trim().split("\n").map(operationOf);

function operationOf(line: string): Operation {
  const [letter = "", ...words] = line.trim().split(" ");
  const numbers = words.map(Number);
  const [first = 0, second = 0, third = 0, fourth = 0] = numbers;
  switch (letter) {
    case "p":
      return { what: "poke", cell: first, value: second };
    case "w":
      return { what: "pointer", cell: first, offset: second < 0 ? null : second };
    case "d":
      return { what: "end" };
    case "a":
      return { what: "associate", offset: first, bytes: second, deviceOffset: third, again: fourth !== 0 };
    case "k":
      return { what: "disassociate", offset: first };
    case "c":
      return { what: "copy", toDevice: first !== 0, offset: second, bytes: third, deviceOffset: fourth };
    default: {
      const what = CONSTRUCTS.find((name) => LETTERS[name] === letter);
      if (what === undefined || numbers.length !== 1 + first * ITEM_WORDS) throw new Error(`what is "${line}"?`);
      return { what, items: Array.from({ length: first }, (_, i) => itemOf(numbers.slice(1 + i * ITEM_WORDS))) };
    }
  }
}

const CONSTRUCTS = Object.keys(LETTERS) as Construct[];
const ITEM_WORDS = 8;

function itemOf(numbers: readonly number[]): Item {
  const [kind = 0, place = 0, value = 0, size = 0, look = 0, trust = 0, change = 0, bias = 0] = numbers;
  const where = (["arena", "inline", "null"] as const)[place] ?? "null";
  return { kind, where, value, size, probe: { look, trust: trust !== 0, change, bias } };
}
