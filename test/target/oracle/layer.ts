/** lib/target as an executor, over the plugin under test, in this process. */
import { readFileSync } from "node:fs";
import { HsaRuntime } from "../../../lib/hsa/index.js";
import type { OffloadPlugin, RectangularPlace, TargetFunction } from "../../../lib/plugin/index.js";
import {
  addressOf,
  type DataRegion,
  MAP,
  type MapItem,
  OmpMemory,
  TargetDevice,
  target,
  targetData,
  targetEnterData,
  targetExitData,
  targetUpdate,
} from "../../../lib/target/index.js";
import { kindOf } from "../../../lib/target/map_kind.js";
import { GPU, openTested } from "../../plugin/under-test.js";
import type { Executor, Run } from "./executor.js";
import { probeImage } from "./image.js";
import type { DeviceCell, SeenWord, Step, Trace } from "./observation.js";
import { ARENA_BYTES, CELL_BYTES, CELLS, type Item, type Operation, patternOf, SPARE_BYTES } from "./operation.js";

/** As oracle.c and arena_hsa.c have it. */
const ARENA_STRIDE = 4096;
const ARENA_MARGIN = 1024;
/** More than malloc ever takes from its heap, whose addresses are small numbers; a page of it is used. */
const HOST_BYTES = 64 << 20;
const MOST_TRIES = 100;
const DEVICE_BYTES = 4 << 20;
const DEVICE_ALIGNMENT = 256;
const SPARE_SEED = 77;
const MOST_RELEASES = 12;

/** probe.h. */
const PROBE = { items: 32, itemBytes: 16, most: 24, resultBytes: 40, bytes: 32 + 24 * (16 + 40) } as const;

/** Lower halves of addresses are not to look like the test's data (probe.c). */
const looksLikeData = (address: number): boolean => {
  const top = Math.floor(address / 2 ** 24) % 256;
  return top === 0 || (top >= 0xa4 && top <= 0xa5) || (top >= 0x59 && top <= 0x5a);
};

/**
 * Device memory that is zero, and not given out twice in a sequence: what is freed stays as it was. It is host memory that the GPU uses, too, for copies
 * are the most that a sequence of mappings does.
 */
class DeviceArena {
  readonly begin: number;
  readonly end: number;
  next: number;
  readonly #bytes: Uint8Array;

  constructor(plugin: OffloadPlugin, { agents }: HsaRuntime) {
    const host = agents.find(({ isGpu }) => !isGpu);
    const pool = host?.pools.find(({ info }) => info.segment === "global" && info.allocAllowed && info.accessibleByAll);
    if (pool === undefined) throw new Error("the host has no memory that all agents use");
    let memory = pool.allocate(DEVICE_BYTES);
    for (let tries = 1; looksLikeData(memory.address) || looksLikeData(memory.address + DEVICE_BYTES); tries++) {
      if (tries === MOST_TRIES) throw new Error("there is no device memory whose addresses suit the test");
      memory = pool.allocate(DEVICE_BYTES);
    }
    memory.allowAccess(agents.filter(({ isGpu }) => isGpu).slice(0, 1));
    this.#bytes = new Uint8Array(memory.view()).fill(0);
    this.begin = this.next = memory.address;
    this.end = memory.address + DEVICE_BYTES;
    plugin.alloc = (_device, bytes) => this.take(bytes);
    plugin.free = (_device, address) => this.give(address);
    plugin.host2dev = (_device, destination, { buffer, byteOffset, byteLength }) =>
      this.at(destination, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    plugin.dev2host = (_device, { buffer, byteOffset, byteLength }, source) =>
      new Uint8Array(buffer, byteOffset, byteLength).set(this.at(source, byteLength));
    plugin.memcpyRect = (_device, { size: [bytes, rows, planes], destination, source }) => {
      if (rows !== 1 || planes !== 1) throw new Error("one row is all that is needed");
      this.#row(destination, bytes).set(this.#row(source, bytes));
    };
  }

  at(address: number, bytes: number): Uint8Array {
    if (address < this.begin || address + bytes > this.end) throw new Error("a copy outside of the device's memory");
    return this.#bytes.subarray(address - this.begin, address - this.begin + bytes);
  }

  #row({ at, offset: [offset] }: RectangularPlace, bytes: number): Uint8Array {
    if (typeof at === "number") return this.at(at + offset, bytes);
    return new Uint8Array(at.buffer, at.byteOffset + offset, bytes);
  }

  readonly #alive = new Set<number>();
  take(bytes: number): number {
    const address = this.next;
    this.next += Math.ceil(Math.max(bytes, 1) / DEVICE_ALIGNMENT) * DEVICE_ALIGNMENT;
    if (this.next > this.end) throw new Error("the device memory of the test is used up");
    this.#alive.add(address);
    return address;
  }
  give(address: number): void {
    if (!this.#alive.delete(address)) throw new Error("freed twice");
  }
  /** Blocks that live. */
  get alive(): number {
    return this.#alive.size;
  }
  /** Everything from a place on is as new. */
  reset(place: number): void {
    this.at(place, this.next - place).fill(0);
    for (const address of this.#alive) if (address >= place) this.#alive.delete(address);
    this.next = place;
  }
}

/** Host memory for sequences. */
class HostMemory {
  readonly buffer: ArrayBuffer;
  /** Of a sequence's memory: each uses the same again. */
  readonly offset: number;

  /** @param device - device memory: half an address of its and of the host's together leads nowhere. */
  constructor(device: number) {
    // Those that would not do are kept until there is one that does.
    const tried: ArrayBuffer[] = [];
    while (tried.length < MOST_TRIES) {
      const buffer = new ArrayBuffer(HOST_BYTES);
      tried.push(buffer);
      const address = addressOf(buffer);
      const upper = Math.floor(address / 2 ** 32);
      if (looksLikeData(address) || upper < 2 ** 8 || upper === Math.floor(device / 2 ** 32)) continue;
      if (upper !== Math.floor((address + 2 * ARENA_STRIDE) / 2 ** 32)) continue;
      this.buffer = buffer;
      this.offset = ARENA_STRIDE - (address % ARENA_STRIDE) + ARENA_MARGIN;
      return;
    }
    throw new Error("there is no host memory whose addresses suit the test");
  }
}

export class Layer implements Executor, Disposable {
  readonly #plugin = openTested();
  /** The one that the plugin has open. */
  readonly #runtime = HsaRuntime.open();
  readonly #probe: TargetFunction;
  readonly #arena: DeviceArena;
  readonly #control: number;
  readonly #memory: HostMemory;
  /** Errors of operations that were refused, of the sequences so far. */
  readonly refusals = new Map<string, number>();

  constructor() {
    this.#plugin.initDevice(0);
    const image = this.#plugin.loadImage(0, { codeObject: readFileSync(probeImage(GPU)), abi: "plain" });
    const probe = image.functions.find(({ name }) => name === "probe");
    if (probe === undefined) throw new Error("the image has no probe");
    this.#probe = probe;
    this.#arena = new DeviceArena(this.#plugin, this.#runtime);
    this.#control = this.#arena.take(PROBE.bytes);
    this.#memory = new HostMemory(this.#arena.begin);
  }

  [Symbol.dispose](): void {
    this.#runtime.dispose();
  }

  async *run(runs: readonly Run[]): AsyncGenerator<Trace> {
    for (const run of runs) yield this.execute(run);
  }

  execute({ sequence, operations }: Run): Trace {
    const arena = this.#arena;
    const start = this.#control + PROBE.bytes + (DEVICE_ALIGNMENT - (PROBE.bytes % DEVICE_ALIGNMENT));
    arena.reset(start);
    const kept = arena.alive;
    const one = new Execution(this.#plugin, this.#probe, arena, this.#control, this.#memory, sequence.seed);
    const steps: Step[] = [];
    for (const operation of operations) {
      const step = one.step(operation);
      steps.push(step);
      if (step.outcome.startsWith("fatal")) break;
    }
    const left = one.end() - kept;
    if (left !== 0) steps[steps.length - 1] = leak(steps[steps.length - 1] as Step, `${left} blocks are left`);
    return { hostBase: one.base, deviceBegin: arena.begin, deviceEnd: arena.end, steps };
  }
}

/** Says so in the place of what the operation led to. */
const leak = (step: Step, outcome: string): Step => ({ ...step, outcome });

class Execution {
  readonly base: number;
  readonly #memory: ArrayBuffer;
  readonly #host: DataView;
  readonly #device: TargetDevice;
  readonly #deviceStart: number;
  readonly #regions: DataRegion[] = [];
  readonly #omp: OmpMemory;
  #spare = 0;
  #spares = 0;

  constructor(
    readonly plugin: OffloadPlugin,
    readonly probe: TargetFunction,
    readonly arena: DeviceArena,
    readonly control: number,
    memory: HostMemory,
    seed: number,
  ) {
    this.#memory = memory.buffer;
    this.base = addressOf(memory.buffer) + memory.offset;
    this.#host = new DataView(this.#memory, this.base - addressOf(this.#memory), ARENA_BYTES);
    for (let cell = 0; cell < CELLS; cell++) this.#host.setUint32(cell * CELL_BYTES, patternOf(cell, seed), true);
    this.#device = new TargetDevice(plugin, 0, { missing: "null" });
    this.#omp = new OmpMemory([this.#device]);
    this.#deviceStart = arena.next;
  }

  step(operation: Operation): Step {
    const before = this.#addresses();
    const step = { outcome: "ok", words: [] as SeenWord[], pointers: [] as number[], releases: "" };
    try {
      step.outcome = this.#perform(operation, step);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code === undefined) throw error;
      const outcome = `fatal ${code}: ${message}`;
      const changed = before !== this.#addresses() && operation.what !== "end";
      const nothing = { host: new Map(), device: new Map() };
      return { ...step, ...nothing, outcome: changed ? `changed the table all the same: ${outcome}` : outcome };
    }
    return { ...step, host: this.#hostCells(), device: this.#deviceCells() };
  }

  /** Of the device's copies, cell by cell. */
  #addresses(): string {
    return [...this.#deviceCells().values()].map(({ address }) => address).join(" ");
  }

  /** Ends what is open and releases what is mapped; answers how many blocks of the device's memory are left then. */
  end(): number {
    while (this.#regions.length > 0) {
      try {
        this.#regions.pop()?.end();
      } catch {}
    }
    for (const { start } of [...this.#device.table]) {
      const item: MapItem = { kind: MAP.DELETE, address: start, size: CELL_BYTES, owner: this.#memory };
      targetExitData(this.#device, [item]);
    }
    return this.arena.alive - this.#spares;
  }

  #item({ kind, where, value, size }: Item): MapItem {
    if (where === "arena") return { kind, address: this.base + value, size, owner: this.#memory };
    return { kind, address: where === "inline" ? value : 0, size, owner: null };
  }

  #perform(operation: Operation, seen: { words: SeenWord[]; pointers: number[]; releases: string }): string {
    const device = this.#device;
    switch (operation.what) {
      case "poke":
        this.#host.setUint32(operation.cell * CELL_BYTES, operation.value, true);
        return "ok";
      case "pointer": {
        const address = operation.offset === null ? 0 : this.base + operation.offset;
        this.#host.setBigUint64(operation.cell * CELL_BYTES, BigInt(address), true);
        return "ok";
      }
      case "enter":
        targetEnterData(device, operation.items.map(this.#item, this));
        return "ok";
      case "exit":
        targetExitData(device, operation.items.map(this.#item, this));
        return "ok";
      case "begin": {
        const region = targetData(device, operation.items.map(this.#item, this));
        this.#regions.push(region);
        operation.items.forEach(({ kind }, i) => {
          if (kindOf(kind) === MAP.USE_DEVICE_PTR || kindOf(kind) === MAP.USE_DEVICE_PTR_IF_PRESENT)
            seen.pointers.push(region.addresses[i] as number);
        });
        return "ok";
      }
      case "end":
        this.#regions.pop()?.end();
        return "ok";
      case "update":
        targetUpdate(device, operation.items.map(this.#item, this));
        return "ok";
      case "target":
        seen.words.push(...this.#target(operation.items));
        return "ok";
      case "associate":
        return this.#associate(operation);
      case "disassociate":
        return invalidWhere(["ERR_OFFLOAD_NOT_MAPPED"], () => {
          this.#omp.disassociate(this.#bytes(operation.offset, CELL_BYTES), 0);
        });
      case "copy":
        this.#copy(operation);
        return "ok";
      case "drain":
        seen.releases = this.#drain();
        return "ok";
    }
  }

  #bytes(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#memory, this.#host.byteOffset + offset, bytes);
  }

  #newSpare(): number {
    this.#spares++;
    return this.#omp.alloc(SPARE_BYTES, 0);
  }

  #associate({ offset, bytes, deviceOffset, again }: Operation & { what: "associate" }): string {
    if (!again || this.#spare === 0) {
      this.#spare = this.#newSpare();
      const cells = Uint32Array.from({ length: SPARE_BYTES / CELL_BYTES }, (_, i) => patternOf(i + CELLS, SPARE_SEED));
      this.plugin.host2dev(0, this.#spare, cells);
    }
    return invalidWhere(["ERR_OFFLOAD_OVERLAP"], () => {
      this.#omp.associate(this.#bytes(offset, bytes), this.#spare + deviceOffset, 0);
    });
  }

  #copy({ toDevice, offset, bytes, deviceOffset }: Operation & { what: "copy" }): void {
    if (this.#spare === 0) this.#spare = this.#newSpare();
    const host = { at: this.#bytes(0, ARENA_BYTES), device: this.#omp.initialDevice, offset };
    const device = { at: this.#spare, device: 0, offset: deviceOffset };
    if (toDevice) this.#omp.memcpy(device, host, bytes);
    else this.#omp.memcpy(host, device, bytes);
  }

  #target(items: readonly Item[]): SeenWord[] {
    const { plugin, control } = this;
    const bytes = new Uint8Array(PROBE.bytes);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, BigInt(this.arena.begin), true);
    view.setBigUint64(8, BigInt(this.arena.end), true);
    view.setBigUint64(16, BigInt(items.length), true);
    items.forEach(({ probe: { look, trust, change, bias } }, i) => {
      const at = PROBE.items + i * PROBE.itemBytes;
      view.setUint32(at, look, true);
      view.setUint32(at + 4, Number(trust), true);
      view.setUint32(at + 8, change, true);
      view.setUint32(at + 12, bias, true);
    });
    plugin.host2dev(0, control, bytes);
    const first: MapItem = { kind: MAP.FIRSTPRIVATE_INT, address: control, size: 0, owner: null };
    target(this.#device, this.probe, [first, ...items.map(this.#item, this)], { teams: 1, threads: 1 });
    plugin.dev2host(0, bytes, control);
    if (view.getBigUint64(24, true) !== 1n) throw new Error("the kernel did not run");
    return items.map((_, i) => {
      const at = PROBE.items + PROBE.most * PROBE.itemBytes + i * PROBE.resultBytes;
      return {
        word: view.getBigUint64(at, true).toString(16),
        bytes: bytes.slice(at + 8, at + 8 + view.getUint32(at + 24, true)),
        target: view.getUint32(at + 28, true) === 1 ? view.getUint32(at + 32, true) : null,
      };
    });
  }

  #drain(): string {
    const counts = [];
    for (let cell = 0; cell < CELLS; cell++) {
      const address = this.base + cell * CELL_BYTES;
      const item: MapItem = { kind: MAP.RELEASE, address, size: CELL_BYTES, owner: this.#memory };
      let releases = 0;
      for (; releases < MOST_RELEASES && this.#present(address); releases++) targetExitData(this.#device, [item]);
      if (releases > 0) counts.push(`${cell}:${releases}`);
    }
    return counts.join(" ");
  }

  #present(address: number): boolean {
    return this.#device.table.lookupZeroLength(address, address) !== null;
  }

  #hostCells(): Map<number, number> {
    const all = new Map<number, number>();
    for (let cell = 0; cell < CELLS; cell++) all.set(cell, this.#host.getUint32(cell * CELL_BYTES, true));
    return all;
  }

  #deviceCells(): Map<number, DeviceCell> {
    const used = new Uint8Array(this.arena.next - this.#deviceStart);
    if (used.length > 0) this.plugin.dev2host(0, used, this.#deviceStart);
    const view = new DataView(used.buffer);
    const all = new Map<number, DeviceCell>();
    for (let cell = 0; cell < CELLS; cell++) {
      const address = this.base + cell * CELL_BYTES;
      const found = this.#present(address) ? this.#device.table.lookup(address, address) : null;
      if (found === null) {
        all.set(cell, { address: 0, value: 0 });
        continue;
      }
      const place = found.deviceAddress(address);
      const offset = place - this.#deviceStart;
      const known = offset >= 0 && offset + CELL_BYTES <= used.length;
      all.set(cell, { address: place, value: known ? view.getUint32(offset, true) : 0 });
    }
    return all;
  }
}

/** "error 22" (EINVAL) where the call is refused with one of these codes. */
function invalidWhere(codes: readonly string[], call: () => void): string {
  try {
    call();
    return "ok";
  } catch (error) {
    if (codes.includes((error as { code?: string }).code ?? "")) return "error 22";
    throw error;
  }
}
