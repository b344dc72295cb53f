/** Smaller sequences that still show what a sequence showed. */
import { kindOf, MAP } from "../../../lib/target/map_kind.js";
import type { Item, Operation, Sequence } from "./operation.js";

/** Which of the sequences show it. */
export type Shows = (sequences: readonly Sequence[]) => Promise<readonly boolean[]>;

/** Many candidates are tried at a time: starting the real libgomp takes longer than a sequence. */
export async function minimise(sequence: Sequence, shows: Shows): Promise<Sequence> {
  let best = sequence;
  for (;;) {
    const before = best;
    for (let size = Math.max(1, best.operations.length >> 1); size >= 1; size >>= 1) {
      best = await repeatedly(best, (one) => without(one, size), shows);
    }
    best = await repeatedly(best, fewerItems, shows);
    best = await repeatedly(best, simplerItems, shows);
    if (best === before) return best;
  }
}

async function repeatedly(
  sequence: Sequence,
  smaller: (sequence: Sequence) => Sequence[],
  shows: Shows,
): Promise<Sequence> {
  let best = sequence;
  for (;;) {
    const candidates = smaller(best);
    const found = (await shows(candidates)).indexOf(true);
    if (found < 0) return best;
    best = candidates[found] as Sequence;
  }
}

function without(sequence: Sequence, count: number): Sequence[] {
  const all: Sequence[] = [];
  const { operations } = sequence;
  for (let at = operations.length; at > 0; at -= count) {
    const from = Math.max(0, at - count);
    all.push({ ...sequence, operations: [...operations.slice(0, from), ...operations.slice(at)] });
  }
  return all;
}

/** Sequences in which one construct has another list. */
function withItems(sequence: Sequence, lists: (items: readonly Item[]) => Item[][]): Sequence[] {
  return sequence.operations.flatMap((operation, i) => {
    if (!("items" in operation)) return [];
    return lists(operation.items).map((items) => {
      const operations: Operation[] = [...sequence.operations];
      operations[i] = { ...operation, items };
      return { ...sequence, operations };
    });
  });
}

const fewerItems = (sequence: Sequence): Sequence[] =>
  withItems(sequence, (items) => {
    const lists: Item[][] = [];
    for (let i = 0; i < items.length; i++) {
      const item = items[i] as Item;
      const members = kindOf(item.kind) === MAP.STRUCT ? item.size : 0;
      lists.push([...items.slice(0, i), ...items.slice(i + 1 + members)]);
      // A struct's members go with it, or one by one.
      for (let member = 1; member <= members && members > 1; member++) {
        const kept = [...items.slice(0, i + member), ...items.slice(i + member + 1)];
        kept[i] = { ...item, size: members - 1 };
        lists.push(kept);
      }
      i += members;
    }
    return lists;
  });

/** Whose size is no number of bytes that are mapped. */
const SIZELESS: ReadonlySet<number> = new Set([
  MAP.STRUCT,
  MAP.TO_PSET,
  MAP.POINTER,
  MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION,
  MAP.ALWAYS_POINTER,
  MAP.ATTACH,
  MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION,
]);

const simplerItems = (sequence: Sequence): Sequence[] =>
  withItems(sequence, (items) =>
    items.flatMap((item, i) => {
      const { kind, size, probe } = item;
      const simpler: Item[] = [];
      if (kind > 0xff) simpler.push({ ...item, kind: kind & 0xff });
      if (probe.change > 0) simpler.push({ ...item, probe: { ...probe, change: 0 } });
      if (probe.look > 0 && !probe.trust) simpler.push({ ...item, probe: { ...probe, look: 0, change: 0 } });
      if (size > 4 && !SIZELESS.has(kindOf(kind)))
        simpler.push({ ...item, size: 4, probe: { ...probe, look: Math.min(4, probe.look) } });
      return simpler.map((one) => [...items.slice(0, i), one, ...items.slice(i + 1)]);
    }),
  );
