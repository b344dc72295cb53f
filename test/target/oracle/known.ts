/**
 * Differences that are wanted: what GCC 12's libgomp does wrong, and lib/target does not. A sequence is compared up to the first of them.
 */
import { copiesFrom, isAlwaysFrom, isAlwaysTo, isImplicit, kindOf, MAP } from "../../../lib/target/map_kind.js";
import type { Trace } from "./observation.js";
import { CELL_BYTES, type Item, type Operation } from "./operation.js";

/** Where two executors differ. */
interface Place {
  readonly operations: readonly Operation[];
  readonly index: number;
  readonly real: Trace;
  readonly ours: Trace;
}

interface Known {
  readonly name: string;
  readonly reason: string;
  /** The shortest, as the oracle reads it; absent where what libgomp does depends on memory that is not its own. */
  readonly example?: string;
  applies(place: Place): boolean;
}

export const KNOWN: readonly Known[] = [
  {
    name: "part of a pointer",
    reason:
      "a pointer of which only a part is mapped is attached: libgomp's counter lies outside of its array, and eight bytes are written where fewer are mapped; it is refused here",
    example: "e 1 1 0 4 4 4 0 0 0\ne 1 80 0 0 0 0 0 0 0",
    applies: ({ index, ours }) => outcome(ours, index).includes("only a part of it is mapped"),
  },
  {
    name: "beyond what is mapped",
    reason:
      "exit data copies a range back of which only a part is mapped: libgomp reads device memory beyond it; it is refused here",
    example: "e 1 2 0 236 4 4 0 0 0\nx 1 2 0 216 24 0 0 0 0",
    applies: ({ operations, index, ours }) =>
      operations[index]?.what === "exit" && outcome(ours, index).startsWith("fatal ERR_OFFLOAD_OVERLAP"),
  },
  {
    name: "around attached pointers",
    reason:
      "libgomp copies eight bytes at a time, beyond the end of what is named, and in exit data all of the range; for an update it finds a pointer's counter by its distance from the update's begin, not from the range's",
    example: "w 50 184\ne 2 3 0 184 24 16 0 0 0 80 0 200 0 0 0 0 0\nu 1 1 0 200 4 0 0 0 0",
    applies: ({ operations, index, real }) => nearAttached(operations, index, real),
  },
  {
    name: "gone before its region's end",
    reason:
      "what a data region has mapped was deleted in it: at its end libgomp uses what it has freed, and what comes of that shows then or later",
    example: "b 1 18 0 72 4 0 0 0 0\nx 1 7 0 72 4 0 0 0 0\nd",
    applies: ({ operations, index, real }) =>
      operations.slice(0, index + 1).some(({ what }, i) => what === "end" && goneSince(operations, i, real)),
  },
  {
    name: "nothing before the pointer",
    reason:
      "a pointer that is always translated, to the item before it, is the first that is mapped together: libgomp reads before its lists; here it becomes null",
    applies: ({ operations, index }) => pointsBefore(operations[index]),
  },
  {
    name: "several ranges",
    reason:
      "an item overlaps several mapped ranges, of which libgomp finds one or the other by the shape that its splay tree has at the moment; here it is the first",
    example:
      "w 22 188\ne 2 17 0 96 4 0 0 0 0 131 0 188 4 0 0 0 0\ne 1 4 0 88 0 0 0 0 0\ne 2 28 0 72 1 0 0 0 0 1 0 96 4 0 0 0 0",
    // Which it was may show later.
    applies: ({ operations, index, real }) =>
      operations.slice(0, index + 1).some((_, i) => overlapsSeveral(operations, i, real)),
  },
  {
    name: "twice in a region",
    reason:
      "two items of a data region are of one range, which goes with the region: libgomp has freed it when it comes to the second",
    example: "e 1 1 0 0 8 0 0 0 0\nb 2 3 0 0 4 0 0 0 0 3 0 4 4 0 0 0 0\nx 1 23 0 0 8 0 0 0 0\nt 1 0 0 4 4 4 0 9 0\nd",
    applies: ({ operations, index, ours }) =>
      operations.slice(0, index + 1).some(({ what }, i) => what === "end" && freedTwice(operations, i, ours)),
  },
  {
    name: "around what is mapped",
    reason:
      "an implicit map copies back what it has found a part of: libgomp takes the offset of the whole, and reads and writes before the part",
    example: "t 2 0 0 172 4 0 0 0 0 98 0 168 12 0 0 0 0",
    applies: ({ operations, index, real }) => mapsAround(operations, index, real),
  },
  {
    name: "twice in a construct",
    reason:
      "a range is named twice in a construct and new: libgomp reserves both places but uses one, so that copies which it puts together lie elsewhere than the ranges, and overwrite what lies there",
    example: "b 4 2 0 192 4 0 0 0 0 0 0 192 4 0 0 0 0 1 0 76 24 0 0 0 0 1 0 76 4 0 0 0 0",
    applies: ({ operations, index, real }) => namesTwice(operations, index, real),
  },
  {
    name: "an empty range",
    reason:
      "nothing is mapped, by a kind that is not for zero-length sections: libgomp enters an empty range, which overlaps what holds its place and equals every other empty range of the program; here nothing is entered. Random sequences have none: it would be found by those after it",
    example: "e 1 1 0 8 0 0 0 0 0\ne 1 1 0 0 32 0 0 0 0",
    applies: ({ operations, index }) => operations.slice(0, index + 1).some(mapsNothing),
  },
  {
    name: "assertion",
    reason:
      "`use_device_ptr` of what is mapped if present, behind something new: libgomp fails an assertion that is right for OpenACC only",
    example: "b 2 17 0 104 4 4 0 0 0 16 0 140 0 0 0 0 0",
    applies: ({ index, real }) => outcome(real, index).startsWith("assert tgt->list[i].offset == OFFSET_INLINED"),
  },
];

const outcome = (trace: Trace, index: number): string => trace.steps[index]?.outcome ?? "";

export const knownDifference = (place: Place): Known | undefined => KNOWN.find((known) => known.applies(place));

const isAttach = ({ kind }: Item): boolean =>
  kindOf(kind) === MAP.ATTACH || kindOf(kind) === MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION;

/** Whether an item of the operation lies in a range in which a pointer has been attached. */
function nearAttached(operations: readonly Operation[], index: number, trace: Trace): boolean {
  const operation = operations[index];
  if (operation === undefined || !("items" in operation)) return false;
  const slots = operations
    .slice(0, index + 1)
    .flatMap((earlier) => ("items" in earlier ? earlier.items.filter(isAttach) : []))
    .map(({ value }) => value / CELL_BYTES);
  const maps = [addressesBefore(trace, index), addressesBefore(trace, index + 1)];
  return operation.items.some((item) => {
    const kind = kindOf(item.kind);
    if (operation.what !== "update" && !isAlwaysTo(kind) && !isAlwaysFrom(kind) && kind !== MAP.FROM) return false;
    const cell = Math.floor(item.value / CELL_BYTES);
    return slots.some((slot) => maps.some((addresses) => together(addresses, cell, slot)));
  });
}

/** The device's addresses of cells, as they were before an operation. */
function addressesBefore(trace: Trace, index: number): Map<number, number> {
  const addresses = new Map<number, number>();
  for (const { device } of trace.steps.slice(0, index)) {
    for (const [cell, { address }] of device) addresses.set(cell, address);
  }
  return addresses;
}

const mapsNothing = (operation: Operation): boolean =>
  operation.what !== "update" &&
  itemsOf(operation).some(({ kind, where, size }) => where === "arena" && size === 0 && WITH_BYTES.has(kindOf(kind)));
const WITH_BYTES: ReadonlySet<number> = new Set([
  MAP.ALLOC,
  MAP.TO,
  MAP.FROM,
  MAP.TOFROM,
  MAP.ALWAYS_TO,
  MAP.ALWAYS_FROM,
  MAP.ALWAYS_TOFROM,
]);

/** Whether two items of a construct that maps are of the same new memory, and another behind them is new. */
function namesTwice(operations: readonly Operation[], index: number, trace: Trace): boolean {
  const operation = operations[index];
  if (operation?.what !== "begin" && operation?.what !== "target") return false;
  const addresses = addressesBefore(trace, index);
  const added = operation.items
    .filter(({ where, kind }) => where === "arena" && kindOf(kind) !== MAP.STRUCT && kindOf(kind) !== MAP.FIRSTPRIVATE)
    .filter(({ value }) => (addresses.get(Math.floor(value / CELL_BYTES)) ?? 0) === 0)
    .map(({ value, size }) => [value, value + Math.max(size, 8)] as const);
  const twice = added.findIndex(([start, end], i) => added.slice(0, i).some(([from, to]) => start < to && from < end));
  return twice >= 0 && twice < added.length - 1;
}

/** Which operation began the region that an operation ends. */
function beginOf(operations: readonly Operation[], end: number): number | undefined {
  const open: number[] = [];
  for (let i = 0; i < end; i++) {
    if (operations[i]?.what === "begin") open.push(i);
    else if (operations[i]?.what === "end") open.pop();
  }
  return open.pop();
}

const itemsOf = (operation: Operation | undefined): readonly Item[] =>
  operation !== undefined && "items" in operation ? operation.items : [];

/** Whether an implicit map that copies back begins before what is mapped of its memory. */
function mapsAround(operations: readonly Operation[], index: number, trace: Trace): boolean {
  const at = operations[index]?.what === "end" ? beginOf(operations, index) : index;
  const items = at === undefined ? [] : itemsOf(operations[at]);
  const addresses = addressesBefore(trace, at ?? 0);
  return items.some(({ kind, value, size }) => {
    if (!isImplicit(kind) || !copiesFrom(kindOf(kind)) || (addresses.get(value / CELL_BYTES) ?? 0) !== 0) return false;
    const within = (offset: number): boolean => offset > value && offset < value + size;
    return (
      [...addresses].some(([cell, address]) => address !== 0 && within(cell * CELL_BYTES)) ||
      items.some((item) => item.where === "arena" && within(item.value))
    );
  });
}

/** Whether something that the region named has gone, or is elsewhere, since it began. */
function goneSince(operations: readonly Operation[], end: number, trace: Trace): boolean {
  const begin = beginOf(operations, end);
  if (begin === undefined) return false;
  const [then, now] = [addressesBefore(trace, begin + 1), addressesBefore(trace, end)];
  return itemsOf(operations[begin]).some(({ where, value }) => {
    const cell = Math.floor(value / CELL_BYTES);
    return where === "arena" && (then.get(cell) ?? 0) !== 0 && then.get(cell) !== now.get(cell);
  });
}

/** Whether two items of the region that ends here were of one range, which was there before, and is now gone. */
function freedTwice(operations: readonly Operation[], end: number, trace: Trace): boolean {
  const begin = beginOf(operations, end);
  if (begin === undefined) return false;
  const [before, after] = [addressesBefore(trace, begin), addressesBefore(trace, end + 1)];
  const cells = itemsOf(operations[begin])
    .filter(({ where }) => where === "arena")
    .map(({ value }) => Math.floor(value / CELL_BYTES))
    .filter((cell) => (before.get(cell) ?? 0) !== 0 && (after.get(cell) ?? 0) === 0);
  return cells.some((cell, i) => cells.slice(0, i).some((other) => together(before, cell, other)));
}

/** Whether an item that is to point to the one before has none before it, of those that are mapped together. */
function pointsBefore(operation: Operation | undefined): boolean {
  if (operation?.what !== "enter" && operation?.what !== "begin") return false;
  const kinds = operation.items.map(({ kind }) => kindOf(kind));
  return kinds.some((kind, i) => {
    if (kind !== MAP.ALWAYS_POINTER) return false;
    if (operation.what === "begin") return i === 0;
    let first = i;
    while (first > 0 && POINTERS.has(kinds[first] as number)) first--;
    return kinds[first] !== MAP.TO_PSET;
  });
}
const POINTERS: ReadonlySet<number> = new Set([
  MAP.POINTER,
  MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION,
  MAP.ALWAYS_POINTER,
]);

/** Whether an item's memory has parts that are mapped apart from each other. */
function overlapsSeveral(operations: readonly Operation[], index: number, trace: Trace): boolean {
  const addresses = addressesBefore(trace, index);
  return itemsOf(operations[index]).some(({ kind, where, value, size }, i, items) => {
    if (where !== "arena") return false;
    const last = kindOf(kind) === MAP.STRUCT ? (items[i + size] as Item) : { value, size: Math.max(size, 8) };
    const mapped: number[] = [];
    for (let cell = Math.floor(value / CELL_BYTES); cell * CELL_BYTES < last.value + last.size; cell++) {
      if ((addresses.get(cell) ?? 0) !== 0) mapped.push(cell);
    }
    return mapped.length > 1 && !together(addresses, mapped[0] as number, mapped[mapped.length - 1] as number);
  });
}

/** Whether two cells may be of one range: all between them are mapped side by side. */
function together(addresses: ReadonlyMap<number, number>, a: number, b: number): boolean {
  const [from, to] = a < b ? [a, b] : [b, a];
  for (let cell = from; cell <= to; cell++) {
    const [first, here] = [addresses.get(from) ?? 0, addresses.get(cell) ?? 0];
    if (first === 0 || here - first !== (cell - from) * CELL_BYTES) return false;
  }
  return true;
}
