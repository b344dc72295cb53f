/**
 * A plugin for the tests of the mapping layer: its device is a set of buffers at invented addresses, its functions are the tests' own
 * callbacks, which see the table and the memory that a kernel would see. It counts what it is asked for.
 */
import { OffloadError } from "../../lib/errors.js";
import {
  type AsyncQueue,
  CAPABILITY,
  type LaunchAttributes,
  type OffloadPlugin,
  type PluginStats,
  type RectangularCopy,
  type RectangularPlace,
  SESSION_VERSION,
  Session,
  type TablePlace,
  type TargetFunction,
  type TargetVarTable,
} from "../../lib/plugin/index.js";
import { SessionedPlugin } from "../../lib/plugin/sessioned.js";

/** What a function of the device's sees. */
export interface Launch {
  /** Whether the table is the session's own, was set, or there is none. */
  readonly place: "session" | "set" | "none";
  /** Of the table; 0: there is none. */
  readonly table: number;
  /** The table's i-th word. */
  word(i: number): number;
  /** Device memory, to read and to write; throws where there is none. */
  memory(address: number, bytes: number): Uint8Array;
  /** On a device that shares the host's memory. */
  readonly variables: readonly unknown[];
}
export type Body = (launch: Launch) => unknown;

class MemorySession extends Session {
  table: number | null = null;
  own = false;
  variables: readonly unknown[] = [];
}

class MemoryFunction implements TargetFunction {
  readonly device = 0;
  constructor(
    readonly name: string,
    readonly body: Body,
  ) {}
}

export interface Copy {
  readonly direction: "to" | "from";
  readonly address: number;
  readonly bytes: number;
}

export interface MemoryPluginOptions {
  /** Tables are the sessions' own, or always have to be set. */
  readonly tables?: "session" | "set";
  readonly sharesMemory?: boolean;
  /** Of device memory; more is refused. */
  readonly bytes?: number;
}

/** Beyond any address of the host's, and aligned to 256 bytes, but to no more. */
const FIRST_ADDRESS = 0x4000_0000_0100;
const STEP = 256;
/** The sessions' own tables are aligned to 16 bytes, and to no more. */
const TABLE_BEGIN = 16;

export class MemoryPlugin extends SessionedPlugin<MemorySession, MemoryFunction> implements OffloadPlugin {
  readonly name = "memory";
  readonly version = SESSION_VERSION;
  readonly capabilities: number;
  /** What has been allocated and not freed, by address, and the sessions' tables. */
  readonly #blocks = new Map<number, Uint8Array>();
  readonly #tables: "session" | "set";
  readonly #most: number;
  #next = FIRST_ADDRESS;
  allocations = 0;
  bytes = 0;
  copies: Copy[] = [];
  boxes: RectangularCopy[] = [];
  /** Copies that fail: to the device, from it. */
  failing: { readonly to?: boolean; readonly from?: boolean } = {};
  runs = 0;

  constructor({ tables = "session", sharesMemory = false, bytes = 2 ** 30 }: MemoryPluginOptions = {}) {
    super();
    this.#tables = tables;
    this.#most = bytes;
    this.capabilities = CAPABILITY.OPENMP_400 | CAPABILITY.OPENACC_200 | (sharesMemory ? CAPABILITY.SHARED_MEM : 0);
  }

  fn(name: string, body: Body): TargetFunction {
    return new MemoryFunction(name, body);
  }
  /** Blocks that are allocated now. */
  get live(): number {
    return this.#blocks.size;
  }

  /** Device memory. */
  at(address: number, bytes: number): Uint8Array {
    for (const [start, block] of this.#blocks) {
      if (address >= start && address + bytes <= start + block.length)
        return block.subarray(address - start, address - start + bytes);
    }
    throw new Error(`${bytes} bytes at 0x${address.toString(16)} are not allocated on the device`);
  }
  pointerAt(address: number): number {
    const bytes = this.at(address, 8);
    return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  }

  #place(bytes: number, begin = 0): number {
    const address = this.#next + begin;
    this.#next += STEP * (Math.ceil(bytes / STEP) + 2);
    // What nobody has written is no zero.
    this.#blocks.set(address, new Uint8Array(bytes).fill(0xee));
    return address;
  }

  alloc(_device: number, bytes: number): number {
    if (this.bytes + bytes > this.#most) throw new OffloadError("ERR_OFFLOAD_OUT_OF_MEMORY", `no ${bytes} bytes left`);
    this.allocations++;
    this.bytes += bytes;
    return this.#place(bytes);
  }
  free(_device: number, address: number): void {
    const block = this.#blocks.get(address);
    if (block === undefined) throw new Error(`0x${address.toString(16)} is freed, and is not allocated`);
    this.bytes -= block.length;
    this.#blocks.delete(address);
  }
  host2dev(_device: number, destination: number, source: ArrayBufferView): void {
    const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (this.failing.to) throw new Error("the copy to the device fails");
    this.copies.push({ direction: "to", address: destination, bytes: bytes.length });
    this.at(destination, bytes.length).set(bytes);
  }
  dev2host(_device: number, destination: ArrayBufferView, source: number): void {
    const bytes = new Uint8Array(destination.buffer, destination.byteOffset, destination.byteLength);
    if (this.failing.from) throw new Error("the copy from the device fails");
    this.copies.push({ direction: "from", address: source, bytes: bytes.length });
    bytes.set(this.at(source, bytes.length));
  }
  dev2dev(_device: number, destination: number, source: number, bytes: number): void {
    this.at(destination, bytes).set(this.at(source, bytes));
  }
  memset(_device: number, address: number, value: number, bytes: number): void {
    this.at(address, bytes).fill(value);
  }
  memcpyRect(_device: number, box: RectangularCopy): void {
    this.boxes.push(box);
    const [width, height, depth] = box.size;
    for (let z = 0; z < depth; z++) {
      for (let y = 0; y < height; y++) this.#row(box.destination, y, z, width).set(this.#row(box.source, y, z, width));
    }
  }
  #row({ at, offset, rowPitch, planePitch }: RectangularPlace, y: number, z: number, width: number): Uint8Array {
    const skipped = ((offset[2] + z) * planePitch + offset[1] + y) * rowPitch + offset[0];
    if (typeof at === "number") return this.at(at + skipped, width);
    return new Uint8Array(at.buffer, at.byteOffset + skipped, width);
  }

  newSession(): MemorySession {
    return new MemorySession();
  }
  canRun(fn: TargetFunction): boolean {
    return this.isFunction(fn) && fn.name !== "cannot run";
  }
  protected isSession(value: unknown): value is MemorySession {
    return value instanceof MemorySession;
  }
  protected isFunction(value: unknown): value is MemoryFunction {
    return value instanceof MemoryFunction;
  }
  protected start(): void {}
  protected allocate(session: MemorySession, count: number): TargetVarTable | null {
    if (this.#tables === "set") return null;
    session.table = this.#place(8 * count, TABLE_BEGIN);
    session.own = true;
    const block = this.at(session.table, 8 * count);
    return { address: session.table, words: new Uint32Array(block.buffer, 0, 2 * count) };
  }
  protected set(session: MemorySession, table: TablePlace): void {
    if (typeof table === "object" && table !== null) session.variables = table;
    else session.table = table;
  }
  protected release(session: MemorySession): void {
    if (session.own && session.table !== null) this.#blocks.delete(session.table);
    session.table = null;
    session.own = false;
    session.variables = [];
  }
  protected launch(session: MemorySession, fn: MemoryFunction, _attributes: LaunchAttributes): unknown {
    const { table, own, variables } = session;
    this.runs++;
    return fn.body({
      place: table === null ? "none" : own ? "session" : "set",
      table: table ?? 0,
      word: (i) => this.pointerAt((table ?? 0) + 8 * i),
      memory: (address, bytes) => this.at(address, bytes),
      variables,
    });
  }
  protected async launchAsync(session: MemorySession, fn: MemoryFunction, attributes: LaunchAttributes): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.launch(session, fn, attributes);
  }
  protected launchOpenacc(session: MemorySession, fn: MemoryFunction): void {
    this.launch(session, fn, {});
  }
  protected async launchOpenaccAsync(session: MemorySession, fn: MemoryFunction): Promise<void> {
    await this.launchAsync(session, fn, {});
  }

  getNumDevices(): number {
    return 1;
  }
  initDevice(): void {}
  finiDevice(): void {}
  loadImage(): never {
    throw notHere();
  }
  unloadImage(): void {}
  asyncConstruct(_device: number): AsyncQueue {
    throw notHere();
  }
  asyncDestruct(_queue: AsyncQueue): Promise<void> {
    throw notHere();
  }
  asyncTest(_queue: AsyncQueue): boolean {
    throw notHere();
  }
  asyncSynchronize(_queue: AsyncQueue): Promise<void> {
    throw notHere();
  }
  asyncSerialize(_earlier: AsyncQueue, _later: AsyncQueue): void {
    throw notHere();
  }
  asyncQueueCallback(_queue: AsyncQueue, _callback: () => void): void {
    throw notHere();
  }
  asyncHost2dev(_queue: AsyncQueue, _destination: number, _source: ArrayBufferView): Promise<void> {
    throw notHere();
  }
  asyncDev2host(
    _queue: AsyncQueue,
    _destination: ArrayBufferView,
    _source: number,
    _after?: Promise<void>,
  ): Promise<void> {
    throw notHere();
  }

  stats(): PluginStats {
    return {
      sessions: this.liveSessions,
      allocations: this.allocations,
      copies: this.copies.length,
      signalsCreated: 0,
      bytes: this.bytes,
      nativeCalls: 0,
      waitNanoseconds: 0,
      cacheHits: 0,
      cacheBytes: 0,
    };
  }
}

const notHere = (): Error => new Error("the tests' plugin has no images and no queues");
