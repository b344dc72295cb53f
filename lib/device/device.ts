/**
 * A GPU: memory, code objects and queues.
 *
 * @packageDocumentation
 */
import { readFile } from "node:fs/promises";
import { OffloadError } from "../errors.js";
import {
  type Agent,
  GLOBAL_FLAG,
  type HsaRuntime,
  type Memory,
  type NativeStats,
  type Pool,
  type Region,
} from "../hsa/index.js";
import { type Extent, FaultReporter, ownerOf, remembered } from "../launch/fault.js";
import { LaunchQueue, type QueueStats } from "../launch/launch-queue.js";
import { outOfMemory } from "../launch/out-of-memory.js";
import type { Resource } from "../launch/resource.js";
import { SignalPool } from "../launch/signal-pool.js";
import { bytesOf, options as checkedOptions, integer, invalidType } from "../validate.js";
import { Buffer, type MemoryKind, type TypedArray } from "./buffer.js";
import { Code, type LoadOptions, variableDefinitions } from "./code.js";
import { KernargPool, type KernargStats } from "./kernarg-pool.js";
import { Staging, type StagingStats } from "./staging.js";

export interface AllocOptions {
  /** By default `device`. */
  readonly kind?: MemoryKind;
}

export interface DeviceStats {
  readonly queues: readonly QueueStats[];
  readonly kernarg: KernargStats;
  readonly signals: { readonly created: number; readonly free: number };
  readonly staging: StagingStats;
  readonly buffers: number;
  readonly bufferBytes: number;
  /** Of the whole thread: native calls, HSA allocations, copies, signals, queues. */
  readonly native: NativeStats;
}

/** Disposed buffers that are remembered, to explain faults. */
const REMEMBERED = 64;

/** A GPU of a runtime: from `Runtime.device`. What is made through it goes with it. */
export class Device implements Disposable {
  /** Launches go here unless they name another queue. */
  readonly queue: LaunchQueue;
  readonly kernargs: KernargPool;
  readonly signals: SignalPool;
  readonly staging: Staging;
  readonly faults: FaultReporter;
  readonly #host: Agent;
  readonly #pools: Readonly<Record<MemoryKind, Pool>>;
  readonly #queues = new Set<LaunchQueue>();
  readonly #resources = new Set<Buffer | Code>();
  readonly #gone: Extent[] = [];
  #disposed = false;

  /** Use `Runtime.device`. */
  constructor(
    readonly runtime: HsaRuntime,
    readonly agent: Agent,
    /** Its place among the runtime's devices. */
    readonly index: number,
  ) {
    this.#host = need(
      runtime.agents.find(({ facts }) => facts.deviceType === "cpu"),
      "host agent",
    );
    const usable = ({ info }: Pool): boolean => info.segment === "global" && info.allocAllowed;
    this.#pools = {
      device: need(
        agent.pools.find((pool) => usable(pool) && pool.info.flags & GLOBAL_FLAG.COARSE_GRAINED) ??
          agent.pools.find(usable),
        "device memory pool",
      ),
      host: need(
        this.#host.pools.find(
          (pool) =>
            usable(pool) && pool.info.flags & GLOBAL_FLAG.FINE_GRAINED && !(pool.info.flags & GLOBAL_FLAG.KERNARG),
        ) ?? this.#host.pools.find((pool) => usable(pool) && pool.info.flags & GLOBAL_FLAG.FINE_GRAINED),
        "host memory pool",
      ),
    };
    const isKernarg = ({ info }: Region): boolean =>
      info.segment === "global" && (info.flags & GLOBAL_FLAG.KERNARG) !== 0;
    this.kernargs = new KernargPool(
      need(agent.regions.find(isKernarg) ?? this.#host.regions.find(isKernarg), "kernel-argument region"),
    );
    this.signals = new SignalPool(runtime);
    this.staging = new Staging(runtime, agent, this.#host, this.#pools.host, this.signals);
    this.faults = new FaultReporter(runtime, agent, (address) => this.#ownerOf(address));
    this.queue = this.createQueue();
  }

  /** `gfx906`. */
  get name(): string {
    return this.agent.facts.name;
  }
  /** The full name of its instruction set: `amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-`. */
  get isa(): string {
    return this.agent.facts.isas[0] ?? "";
  }
  /** Whether it is the software GPU. */
  get software(): boolean {
    return this.agent.software;
  }
  get label(): string {
    return `device ${this.index} (${this.name}${this.software ? ", software" : ""})`;
  }
  get disposed(): boolean {
    return this.#disposed;
  }
  /** LDS that a workgroup can have, in bytes. */
  get ldsBytes(): number {
    return this.agent.pools.find(({ info }) => info.segment === "group")?.info.size ?? 65536;
  }
  /** Where buffers can lie, with the bytes that each kind has. */
  get memoryKinds(): readonly { readonly kind: MemoryKind; readonly byteLength: number; readonly largest: number }[] {
    return (["device", "host"] as const).map((kind) => {
      const { info } = this.#pools[kind];
      return { kind, byteLength: info.size, largest: info.allocMaxSize };
    });
  }

  /**
   * Memory of `bytes` bytes, its content undefined.
   *
   * @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY`.
   */
  alloc(bytes: number, options: AllocOptions = {}): Buffer {
    this.#mustLive();
    integer("bytes", bytes, 1);
    const { kind = "device" } = checkedOptions("alloc's options", options, ["kind"]);
    this.#mustLive();
    const pool = this.#pools[kind];
    if (!Object.hasOwn(this.#pools, kind)) {
      throw new OffloadError(
        "ERR_OFFLOAD_MEMORY_KIND",
        `there is no memory of kind ${String(kind)}: use "device" or "host"`,
      );
    }
    const memory = (() => {
      try {
        return pool.allocate(bytes);
      } catch (error) {
        throw outOfMemory(error, bytes, `${this.label}'s ${kind} memory`, pool.info.allocMaxSize);
      }
    })();
    try {
      if (kind === "host") memory.allowAccess(this.runtime.agents.filter(({ isGpu }) => isGpu));
    } catch (error) {
      memory.dispose();
      throw error;
    }
    const buffer = new Buffer(this, kind, memory.address, bytes, memory);
    this.#resources.add(buffer);
    return buffer;
  }

  /** New memory with the bytes of a typed array. Blocks until they are there; for large arrays there is `alloc` and `Buffer.write`. */
  upload(data: TypedArray | DataView | ArrayBuffer, options: AllocOptions = {}): Buffer {
    const source = bytesOf("upload's data", data);
    const buffer = this.alloc(source.length, options);
    try {
      buffer.writeSync(source);
    } catch (error) {
      buffer.dispose();
      throw error;
    }
    return buffer;
  }

  /**
   * Loads a code object, the fitting entry of a clang offload bundle, or the fitting images of a HIP executable.
   *
   * @param source - a file, or its bytes.
   * @throws CodeObjectError for what cannot be loaded here; `ERR_CODE_OBJECT_ISA_MISMATCH` names both ISAs.
   */
  async load(source: string | URL | ArrayBufferView | ArrayBuffer, options: LoadOptions = {}): Promise<Code> {
    this.#mustLive();
    const file = typeof source === "string" || source instanceof URL;
    return this.loadSync(file ? await readFile(source) : source, options);
  }

  /** As `load`, from bytes. */
  loadSync(source: ArrayBufferView | ArrayBuffer, options: LoadOptions = {}): Code {
    const { variables = {} } = checkedOptions("load's options", options, ["variables"]);
    const definitions = variableDefinitions(this, variables);
    const bytes = bytesOf("load's source", source);
    this.#mustLive();
    // What is checked here and loaded then no other thread changes in between.
    const own = bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
    const code = Code.load(this, own, definitions);
    this.#resources.add(code);
    return code;
  }

  /** One more queue, whose launches run beside those of the others. */
  createQueue(): LaunchQueue {
    this.#mustLive();
    const queue = new LaunchQueue(this);
    this.#queues.add(queue);
    return queue;
  }

  /** Resolves when the launches in flight on every queue of the device are over, however they ended. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues].map((queue) => queue.idle()));
  }

  stats(): DeviceStats {
    const buffers = [...this.#resources].filter((resource) => resource instanceof Buffer);
    return {
      queues: [...this.#queues].filter(({ disposed }) => !disposed).map(({ stats }) => stats),
      kernarg: this.kernargs.stats,
      signals: this.signals.stats,
      staging: this.staging.stats,
      buffers: buffers.length,
      bufferBytes: buffers.reduce((sum, { byteLength }) => sum + byteLength, 0),
      native: this.runtime.stats(),
    };
  }

  /** @throws OffloadError `ERR_OFFLOAD_ARGUMENT_DEVICE`. */
  mustReach(buffer: Buffer, label: string): void {
    if (buffer.device === this || buffer.kind === "host") return;
    throw new OffloadError(
      "ERR_OFFLOAD_ARGUMENT_DEVICE",
      `${label}: ${buffer.label} belongs to ${buffer.device.label}, not to ${this.label}: copy it, or allocate it with kind: "host"`,
    );
  }

  /** @throws OffloadError `ERR_OFFLOAD_ARGUMENT_DEVICE`. */
  mustOwn(queue: LaunchQueue): void {
    this.#mustLive();
    if (this.#queues.has(queue)) return;
    throw new OffloadError("ERR_OFFLOAD_ARGUMENT_DEVICE", `the queue does not belong to ${this.label}`);
  }

  /** Lets the host reach memory of a kind; false where it never can (a GPU without a large BAR). */
  admitHost(kind: MemoryKind, memory: Memory): boolean {
    if (kind === "host") return true;
    if (this.#pools.device.access(this.#host) === "never") return false;
    memory.allowAccess([this.agent, this.#host]);
    return true;
  }

  /** A buffer or code object is gone. */
  forget(resource: Resource): void {
    this.#resources.delete(resource as Buffer | Code);
    if (!(resource instanceof Buffer) || resource.memory === null) return;
    this.#gone.push(remembered(resource));
    if (this.#gone.length > REMEMBERED) this.#gone.shift();
  }

  #ownerOf(address: number): string | null {
    const buffers = [...this.#resources].filter((resource) => resource instanceof Buffer);
    const codes = [...this.#resources].filter((resource) => resource instanceof Code);
    for (const code of codes) {
      const found = code.describe(address);
      if (found !== null) return found;
    }
    return this.kernargs.describe(address) ?? ownerOf(address, buffers, this.#gone);
  }

  #mustLive(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", `${this.label} was used after its disposal`);
  }

  /** Ends what is in flight and frees everything that the device holds. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.faults.dispose();
    for (const queue of this.#queues) queue.dispose();
    this.staging.dispose();
    for (const resource of [...this.#resources]) resource.dispose();
    this.kernargs.dispose();
    this.signals.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function need<T>(found: T | undefined, what: string): T {
  if (found === undefined) throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `the runtime shows no ${what}`);
  return found;
}

/** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE`, naming what there is. */
export function selectDevice(devices: readonly Device[], selector: number | string | undefined): Device {
  const found = find(devices, selector);
  if (found !== undefined) return found;
  const there = devices.map(({ label }) => label).join(", ") || "no GPU";
  const asked =
    selector === undefined ? "GPU" : typeof selector === "number" ? `device ${selector}` : `device "${selector}"`;
  throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `there is no ${asked}: the runtime shows ${there}`);
}

function find(devices: readonly Device[], selector: number | string | undefined): Device | undefined {
  if (selector === undefined) return devices[0];
  if (typeof selector === "number") return devices[integer("the device's number", selector)];
  if (typeof selector !== "string")
    throw invalidType("the device's selector", "a number or a name such as gfx906", selector);
  return devices.find(({ name, isa }) => name === selector || isa === selector || isa.endsWith(`--${selector}`));
}
