/**
 * What is seen of an operation, in words that do not depend on where memory lies: host addresses are offsets in the sequence's memory, device
 * addresses the offsets of what is mapped there.
 */
import { isImplicit, kindOf, MAP } from "../../../lib/target/map_kind.js";
import { ARENA_BYTES, CELL_BYTES, CELLS, type Item, type Operation, patternOf, type Sequence } from "./operation.js";

/** A cell of the device's copy: where it is (0: nowhere), and what it holds. */
export interface DeviceCell {
  readonly address: number;
  readonly value: number;
}

/** What the kernel saw of an item. */
export interface SeenWord {
  /** The word itself, hexadecimal: it may be anything. */
  readonly word: string;
  /** At the address that it is. */
  readonly bytes: Uint8Array;
  /** Four bytes where the pointer among them points. */
  readonly target: number | null;
}

/** What an executor saw of one operation. */
export interface Step {
  /** "ok", "error 22", "fatal …"; what else ends the process. */
  readonly outcome: string;
  /** Cells that may have changed, with what they hold now. */
  readonly host: ReadonlyMap<number, number>;
  readonly device: ReadonlyMap<number, DeviceCell>;
  readonly words: readonly SeenWord[];
  /** Of a data region: its device pointers. */
  readonly pointers: readonly number[];
  /** Of the drain: releases by cell. */
  readonly releases: string;
}

/** What libgomp is not to do, and does. */
export const ENDINGS = /^(?:assert|crash|hang|abort)/;

/** Our errors' codes for what libgomp says when it ends the process. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/Trying to (?:map|update)/, "ERR_OFFLOAD_OVERLAP"],
  [/not mapped|wasn't mapped|present clause/, "ERR_OFFLOAD_NOT_MAPPED"],
  [/attach count|attachment counters|attach null pointer/, "ERR_OFFLOAD_ATTACH"],
  [/unhandled kind/, "ERR_OFFLOAD_MAP_KIND"],
];

function refusalOf(outcome: string): string {
  if (!outcome.startsWith("fatal libgomp")) return /^fatal (\w+)/.exec(outcome)?.[1] ?? outcome;
  return REFUSALS.find(([pattern]) => pattern.test(outcome))?.[1] ?? outcome;
}

/** Of one sequence, up to the first operation that is refused. */
export interface Trace {
  readonly hostBase: number;
  readonly deviceBegin: number;
  readonly deviceEnd: number;
  readonly steps: readonly Step[];
}

const TWO_32 = 2 ** 32;
const low = (address: number): number => address % TWO_32;
const high = (address: number): number => Math.floor(address / TWO_32);

/** Pointers may lead beyond their sequence's memory, by a bias. */
const MARGIN = 512;

const ALIGNED = 0xff00;

/** One sequence's memory as it has been seen so far. */
class Observer {
  readonly #trace: Trace;
  readonly #host: number[];
  readonly #device: DeviceCell[];
  /** Host offsets by device addresses, of all that was ever mapped: no device address is used twice. */
  readonly #places = new Map<number, number>();
  /** The biases with which pointers were translated, by the cell that they lie in. */
  readonly #biases = new Map<number, number>();

  constructor(trace: Trace, seed: number) {
    this.#trace = trace;
    this.#host = Array.from({ length: CELLS }, (_, cell) => patternOf(cell, seed));
    this.#device = Array.from({ length: CELLS }, () => ({ address: 0, value: 0 }));
  }

  see(operation: Operation, step: Step): string {
    // Exit data is checked before anything of it is done here: of several faults another may be told.
    if (step.outcome.startsWith("fatal"))
      return operation.what === "exit" ? "fatal" : `fatal ${refusalOf(step.outcome)}`;
    if (ENDINGS.test(step.outcome)) return step.outcome;
    if ("items" in operation) {
      for (const { kind: raw, where, value, size } of operation.items) {
        const kind = kindOf(raw);
        if (where === "arena" && size > 0 && TRANSLATED.has(kind)) this.#biases.set(value / CELL_BYTES, size);
      }
    }
    const moved = new Set<number>();
    for (const [cell, now] of step.device) {
      if (now.address === 0 || now.address === this.#device[cell]?.address) continue;
      moved.add(cell);
      this.#places.set(now.address, cell * CELL_BYTES);
    }
    if (operation.what === "drain") return `${step.outcome} | releases ${step.releases}`;
    const parts = [step.outcome];
    const before = [...this.#host];
    const host = [];
    for (const [cell, value] of step.host) {
      if (value === this.#host[cell]) continue;
      const before = this.#cell(this.#host[cell] as number, cell);
      this.#host[cell] = value;
      const now = this.#cell(value, cell);
      if (now !== before) host.push(`${cell}=${now}`);
    }
    if (host.length > 0) parts.push(`host ${host.join(" ")}`);
    const device = [];
    for (const [cell, now] of step.device) {
      const before = this.#device[cell] as DeviceCell;
      if (before.address === now.address && before.value === now.value) continue;
      const held = this.#cell(before.value, cell);
      this.#device[cell] = now;
      const holds = this.#cell(now.value, cell);
      if (now.address === 0) device.push(`${cell} gone`);
      else if (moved.has(cell)) device.push(`${cell} new=${holds}`);
      else if (holds !== held) device.push(`${cell}=${holds}`);
    }
    if (device.length > 0) parts.push(`device ${device.join(" ")}`);
    if (operation.what === "target") {
      parts.push(`words ${operation.items.map((_, i) => this.#word(operation.items, i, step, before)).join(" ")}`);
    }
    if (step.pointers.length > 0) parts.push(`pointers ${step.pointers.map((each) => this.#address(each)).join(" ")}`);
    return parts.join(" | ");
  }

  /** A whole address. */
  #address(address: number, bias = 0): string {
    const { hostBase, deviceBegin, deviceEnd } = this.#trace;
    const offset = address - hostBase;
    if (offset >= -MARGIN && offset < ARENA_BYTES + MARGIN) return `host+${offset}`;
    if (address >= deviceBegin - MARGIN && address < deviceEnd) return this.#place(address, bias);
    return "elsewhere";
  }

  #place(address: number, bias: number): string {
    for (const shift of bias > 0 ? [bias, 0] : [0]) {
      // Ranges may begin anywhere in the device's memory; and a pointer just behind one is its, if it is nobody else's.
      for (const back of [0, 1, 2, 3, 4]) {
        const found = this.#places.get(address + shift - back);
        if (found !== undefined) return `device+${found + back - shift}`;
      }
    }
    return "device";
  }

  /** What a cell holds: data, or a half of an address. */
  #cell(value: number, cell: number): string {
    const top = value >>> 24;
    if (value < 0x100 || top === 0xa5 || top === 0x5a) return value.toString(16);
    const { hostBase, deviceBegin, deviceEnd } = this.#trace;
    if (value === high(hostBase) || value === high(deviceBegin)) return "(high)";
    const offset = value - low(hostBase);
    if (offset >= -MARGIN && offset < ARENA_BYTES + MARGIN) return `(host+${offset})`;
    const address = high(deviceBegin) * TWO_32 + value;
    if (address >= deviceBegin - MARGIN && address < deviceEnd)
      return `(${this.#place(address, this.#biases.get(cell) ?? this.#biases.get(cell - 1) ?? 0)})`;
    return `(?${value.toString(16)})`;
  }

  #word(items: readonly Item[], i: number, step: Step, before: readonly number[]): string {
    const item = items[i] as Item;
    const seen = step.words[i];
    if (seen === undefined) return "unseen";
    const kind = kindOf(item.kind);
    const word = Number.parseInt(seen.word, 16);
    // Nobody reads what stands there for them.
    if (UNREAD.has(kind) && (item.probe.look === 0 || kindOf(items[i - 1]?.kind ?? 0) === MAP.IF_PRESENT)) return "-";
    if (item.where !== "arena") return seen.word;
    let text: string;
    if (word === 0) text = "0";
    else if (kind === MAP.FIRSTPRIVATE) text = this.#aligned("private", item, word);
    else if (kind === MAP.STRUCT) {
      // Known by its first member.
      const next = Number.parseInt(step.words[i + 1]?.word ?? "0", 16);
      return `struct${word - next}`;
    } else {
      text = this.#address(word);
      // What is mapped may be a part of it, and its beginning nowhere.
      if (isImplicit(item.kind) && text !== `device+${item.value}`) return "implicit";
      if (text === "device") text = isFirst(items, i) ? this.#aligned("new", item, word) : "new";
    }
    if (seen.bytes.length === 0) return text;
    const cells = [];
    const view = new DataView(seen.bytes.buffer, seen.bytes.byteOffset, seen.bytes.length);
    for (let at = 0; at < seen.bytes.length; at += CELL_BYTES) {
      const cell = (item.value + at) / CELL_BYTES;
      if (at + CELL_BYTES <= seen.bytes.length) cells.push(this.#cell(view.getUint32(at, true), cell));
      else if (this.#cell(before[cell] as number, cell).startsWith("(")) cells.push("(part)");
      else cells.push(Buffer.from(seen.bytes.subarray(at)).toString("hex"));
    }
    // Of others it is not known with which bias they were translated.
    if (seen.target !== null && text === "new" && TRANSLATED.has(kind)) cells.push(`->${this.#cell(seen.target, -1)}`);
    return `${text}:${cells.join(",")}`;
  }

  #aligned(what: string, { kind }: Item, address: number): string {
    return address % 2 ** ((kind & ALIGNED) >> 8) === 0 ? what : `${what}, not aligned`;
  }
}

/** Whether no item before it maps anything of the same; members of a struct have only the struct's alignment. */
const isFirst = (items: readonly Item[], i: number): boolean => {
  const { value, size } = items[i] as Item;
  return !items
    .slice(0, i)
    .some(
      (item, k) =>
        item.where === "arena" &&
        (kindOf(item.kind) === MAP.STRUCT ? k + item.size >= i : overlap(item, { value, size })),
    );
};
const overlap = (a: { value: number; size: number }, b: { value: number; size: number }): boolean =>
  a.value < b.value + Math.max(b.size, 8) && b.value < a.value + Math.max(a.size, 8);

/** Kinds whose size is a pointer's bias. */
const TRANSLATED: ReadonlySet<number> = new Set([
  MAP.POINTER,
  MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION,
  MAP.ALWAYS_POINTER,
  MAP.ATTACH,
  MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION,
]);

/**
 * Compiled code reads no word of these, unless the kernel is told to look. GCC 12 leaves some of them without a value (of an attachment
 * whose container is not mapped, of a descriptor's pointers, of the pointer behind a variable that is mapped if present, and is not).
 */
const UNREAD: ReadonlySet<number> = new Set([
  MAP.ALWAYS_POINTER,
  MAP.ATTACH,
  MAP.ATTACH_ZERO_LENGTH_ARRAY_SECTION,
  MAP.POINTER,
  MAP.POINTER_TO_ZERO_LENGTH_ARRAY_SECTION,
]);

/** A sequence's observations, one a line; the last is "fatal" where an operation was refused. */
export function observations(sequence: Sequence, operations: readonly Operation[], trace: Trace): string[] {
  const observer = new Observer(trace, sequence.seed);
  return trace.steps.map((step, i) => observer.see(operations[i] as Operation, step));
}
