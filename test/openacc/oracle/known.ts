/**
 * Differences to libgomp that are wanted, with their reasons. Which one an operation shows is told by the operation, by what both said of
 * it, and by what was mapped before, as libgomp's own lines have it.
 */
import { kindOf, MAP } from "../../../lib/target/map_kind.js";
import { type Item, type Operation, SLOT_BYTES, SLOTS } from "./operation.js";

export interface Shown {
  /** Up to the one that shows the difference. */
  readonly operations: readonly Operation[];
  /** Libgomp's lines, and ours. */
  readonly real: readonly string[];
  readonly ours: readonly string[];
}

interface Known {
  readonly name: string;
  /** Why this is not what libgomp does. */
  readonly reason: string;
  /** It is seen in many sequences; others hang on what libgomp finds in freed memory. */
  readonly certain: boolean;
  readonly shows: (shown: Shown) => boolean;
}

/** Whether a slot was mapped after an operation. */
function isPresent(lines: readonly string[], index: number, slot: number): boolean {
  const device = lines[index]?.split(";")[2];
  return device !== undefined && device.trim().split(" ")[slot] !== "-";
}

/** Before the last operation; of the first slot. */
const isAbsent = (real: readonly string[], { offset }: Item): boolean =>
  !isPresent(real, real.length - 2, offset / SLOT_BYTES);
const overlap = (a: Item, b: Item): boolean => a.offset < b.offset + b.size && b.offset < a.offset + a.size;

const last = (lines: readonly string[]): string => lines.at(-1) ?? "";

/** Words that are not the same on both sides, with their slots: the host's are first, then the device's. */
function unlike({
  real,
  ours,
}: Shown): readonly { readonly slot: number; readonly theirs: string; readonly mine: string }[] {
  const [theirs, mine] = [last(real).split(/[; ]+/), last(ours).split(/[; ]+/)];
  return theirs.flatMap((word, i) =>
    word === mine[i] ? [] : [{ slot: (i - 1) % SLOTS, theirs: word, mine: mine[i] ?? "" }],
  );
}

/** Slots whose pointers have been attached, ever. */
function attached(operations: readonly Operation[]): ReadonlySet<number> {
  const slots = new Set<number>();
  for (const operation of operations) {
    if ("items" in operation) {
      for (const { kind, offset } of operation.items) if (kindOf(kind) === MAP.ATTACH) slots.add(offset / SLOT_BYTES);
    } else if (operation.what === "h") {
      slots.add(operation.offset / SLOT_BYTES);
    }
  }
  return slots;
}

/** Groups of items in which libgomp counts otherwise: of several items, the first of which is mapped already. */
function countsOtherwise(operation: Operation, isThere: (slot: number) => boolean): boolean {
  if (operation.what !== "e") return false;
  const { items } = operation;
  const mapped = new Set<number>();
  const there = ({ offset, size }: Item): boolean => {
    for (let at = offset; at < offset + Math.max(size, SLOT_BYTES); at += SLOT_BYTES) {
      if (isThere(at / SLOT_BYTES) || mapped.has(at)) return true;
    }
    return false;
  };
  return items.some((item, i) => {
    const [kind, next] = [kindOf(item.kind), kindOf(items[i + 1]?.kind ?? -1)];
    const members = kind === MAP.STRUCT ? items.slice(i + 1, i + 1 + item.size) : [];
    const grouped = next === MAP.ATTACH || next === MAP.POINTER;
    if (members.some(there) || (kind !== MAP.ATTACH && grouped && there(item))) return true;
    for (let at = item.offset; at < item.offset + item.size; at += SLOT_BYTES) mapped.add(at);
    return false;
  });
}

export const KNOWN: readonly Known[] = [
  {
    name: "libgomp asserts",
    certain: true,
    reason: "an assertion ends the process where there is nothing wrong with the construct, or a plain error would do",
    shows: ({ real }) => last(real).startsWith("assert"),
  },
  {
    name: "libgomp crashes",
    certain: false,
    reason: "it counts, or detaches, in memory of its own that it has freed",
    shows: ({ real }) => /^(?:crash|abort|hang)/.test(last(real)),
  },
  {
    name: "reaches out of what is mapped",
    certain: true,
    reason:
      "libgomp copies, or goes on, beyond what is mapped: it looks at one end only, or, of updates and groups of items, at none",
    shows: ({ real, ours }) => last(real).startsWith("ok") && last(ours).startsWith("fatal ERR_OFFLOAD_OVERLAP"),
  },
  {
    name: "attached pointers are copied",
    certain: true,
    reason:
      "an update and what is copied out overwrite attached pointers in libgomp: the host gets the device's addresses, and back",
    shows: (shown) => {
      const { what } = shown.operations.at(-1) as Operation;
      const [words, slots] = [unlike(shown), attached(shown.operations)];
      return "xuoOUSd".includes(what) && words.length > 0 && words.every(({ slot }) => slots.has(slot));
    },
  },
  {
    name: "pointer of an asynchronous update",
    certain: false,
    reason: "libgomp stores the pointer behind what is updated at once, and a queue may copy the host's over it later",
    shows: ({ operations }) => {
      const operation = operations.at(-1) as Operation;
      if (operation.what !== "u" || !operation.async) return false;
      return operation.items.some(({ kind }) => kindOf(kind) === MAP.ALWAYS_POINTER);
    },
  },
  {
    name: "counts of groups",
    certain: true,
    reason:
      "of a group of items that is there already libgomp counts what its list of the first construct has beside the first item: another variable, nothing, or the same one for all members of a struct",
    shows: (shown) => {
      const { operations, real } = shown;
      const counted = operations.some((operation, i) =>
        countsOtherwise(operation, (slot) => isPresent(real, i - 1, slot)),
      );
      const drained = operations.at(-1)?.what === "r";
      return counted && (drained || unlike(shown).some(({ theirs, mine }) => (theirs === "-") !== (mine === "-")));
    },
  },
  {
    name: "the same new memory twice in a list",
    certain: false,
    reason:
      "libgomp has a place for both, and then enters the first only: what is behind them moves up, and of what it copies together a part is lost",
    shows: ({ operations, real, ours }) => {
      const operation = operations.at(-1) as Operation;
      if (operation.what !== "b" && operation.what !== "e") return false;
      const { items } = operation;
      const twice = items.some(
        (item, i) => isAbsent(real, item) && items.slice(0, i).some((other) => overlap(item, other)),
      );
      return twice && last(real).startsWith("ok") && last(ours).startsWith("ok");
    },
  },
  {
    name: "detaches what is gone",
    certain: false,
    reason:
      "a data region's end detaches a pointer whose memory has been deleted under it: libgomp reads memory that it has freed",
    shows: ({ operations, real, ours }) =>
      operations.at(-1)?.what === "d" &&
      last(ours).startsWith("ok") &&
      last(real) === "fatal" &&
      operations.some(
        (operation) => operation.what === "b" && operation.items.some(({ kind }) => kindOf(kind) === MAP.ATTACH),
      ),
  },
];
