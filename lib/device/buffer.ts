/**
 * Memory that kernels work on.
 *
 * @packageDocumentation
 */

import { bytesText, hex, OffloadError } from "../errors.js";
import type { Memory } from "../hsa/index.js";
import { Resource } from "../launch/resource.js";
import { bytesOf, options as checkedOptions, integer, invalidType, outOfRange } from "../validate.js";
import { ScalarArgument } from "./arguments.js";
import { mustHaveBytes, type Staging } from "./staging.js";

/**
 * `device`: the GPU's own, fast for kernels and reached by copies. `host`: the machine's, which kernels reach over the bus and
 * JavaScript reads and writes in place.
 */
export type MemoryKind = "device" | "host";

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

export interface TypedArrayConstructor<T extends TypedArray = TypedArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset?: number, length?: number): T;
}

/** A part of a buffer, in bytes. By default all of it. */
export interface Range {
  readonly offset?: number;
  readonly byteLength?: number;
}

/** What a buffer needs of its device. */
export interface BufferOwner {
  readonly label: string;
  readonly staging: Staging;
  /** Resolves when the launches in flight are over. */
  idle(): Promise<void>;
  /** Lets the host reach memory of a kind; false where it never can. */
  admitHost(kind: MemoryKind, memory: Memory): boolean;
  forget(buffer: Buffer): void;
}

const RANGE = ["offset", "byteLength"] as const;

/** Where a fill's pattern is repeated before the device copies it on. */
const FILL_SEED = 64 * 1024;

/**
 * Memory of a device. Copies wait for the launches in flight that use the buffer; await a copy before launching what depends on it.
 */
export class Buffer extends Resource {
  /** @param holder - what owns the memory where it is not the buffer itself: the code object of a variable. */
  constructor(
    readonly device: BufferOwner,
    readonly kind: MemoryKind,
    /** The address that kernels use. */
    readonly address: number,
    readonly byteLength: number,
    readonly memory: Memory | null,
    private readonly holder: Resource | null = null,
  ) {
    super();
  }

  override get label(): string {
    return `the buffer at ${hex(this.address)} (${bytesText(this.byteLength)})`;
  }
  override mustLive(): void {
    super.mustLive();
    this.holder?.mustLive();
  }
  override retain(): void {
    super.retain();
    this.holder?.retain();
  }
  override release(): void {
    super.release();
    this.holder?.release();
  }
  protected override free(): void {
    this.memory?.dispose();
    this.device.forget(this);
  }

  /**
   * The memory itself as a typed array, detached when the buffer goes. Device memory has a view where the host reaches it.
   *
   * @throws OffloadError `ERR_OFFLOAD_MEMORY_KIND` where the host cannot reach it.
   */
  view<T extends TypedArray = Uint8Array>(type: TypedArrayConstructor<T> = Uint8Array as never, range: Range = {}): T {
    const element = elementBytes("view's type", type);
    const { offset, byteLength } = this.#range(range);
    if (byteLength % element !== 0) throw uneven("byteLength", byteLength, element);
    if (offset % element !== 0) throw uneven("offset", offset, element);
    return new type(this.#mapped(), offset, byteLength / element);
  }

  #mapped(): ArrayBuffer {
    if (this.memory !== null && this.device.admitHost(this.kind, this.memory)) return this.memory.view();
    throw new OffloadError(
      "ERR_OFFLOAD_MEMORY_KIND",
      `the host cannot reach ${this.label}: use read() and write(), or allocate it with kind: "host"`,
    );
  }

  /** A copy of the bytes as a new typed array, of `type` (by default bytes). */
  async read<T extends TypedArray = Uint8Array>(
    type: TypedArrayConstructor<T> = Uint8Array as never,
    range: Range = {},
  ): Promise<T> {
    const { offset, byteLength } = this.#readable("read", type, range);
    const bytes = new Uint8Array(byteLength);
    await this.#using(async () => {
      if (this.kind === "host") bytes.set(this.view(Uint8Array, { offset, byteLength }));
      else await this.device.staging.read(this.address + offset, bytes);
    });
    return new type(bytes.buffer);
  }

  /** As `read`, blocking the thread, and without waiting for launches in flight. */
  readSync<T extends TypedArray = Uint8Array>(
    type: TypedArrayConstructor<T> = Uint8Array as never,
    range: Range = {},
  ): T {
    const { offset, byteLength } = this.#readable("readSync", type, range);
    const bytes = new Uint8Array(byteLength);
    if (this.kind === "host") bytes.set(this.view(Uint8Array, { offset, byteLength }));
    else this.device.staging.readSync(this.address + offset, bytes);
    return new type(bytes.buffer);
  }

  /**
   * Copies the bytes of a typed array to `offset`; leave them alone until the promise resolves.
   *
   * @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` where they are detached or shrink before.
   */
  async write(data: ArrayBufferView | ArrayBuffer, offset = 0): Promise<void> {
    const source = this.#source(data, offset);
    const { length } = source;
    await this.#using(async () => {
      mustHaveBytes(source, length);
      if (this.kind === "host") this.view(Uint8Array, { offset, byteLength: source.length }).set(source);
      else await this.device.staging.write(this.address + offset, source);
    });
  }

  /** As `write`, blocking the thread, and without waiting for launches in flight. */
  writeSync(data: ArrayBufferView | ArrayBuffer, offset = 0): void {
    const source = this.#source(data, offset);
    if (this.kind === "host") this.view(Uint8Array, { offset, byteLength: source.length }).set(source);
    else this.device.staging.writeSync(this.address + offset, source);
  }

  /** Fills with a byte (0 … 255) or with a typed scalar: `fill(f32(1))`. The range is a whole number of scalars. */
  async fill(value: number | ScalarArgument, range: Range = {}): Promise<void> {
    const { offset, byteLength } = this.#range(range);
    const size = value instanceof ScalarArgument ? value.byteLength : 1;
    if (byteLength % size !== 0) throw uneven("byteLength", byteLength, size);
    const seed = new Uint8Array(this.kind === "host" ? byteLength : Math.min(byteLength, FILL_SEED));
    if (value instanceof ScalarArgument) {
      if (seed.length > 0) value.write(new DataView(seed.buffer), 0);
      for (let filled = size; filled < seed.length; filled *= 2) seed.copyWithin(filled, 0, filled);
    } else {
      seed.fill(integer("fill's value", value, 0, 255));
    }
    await this.#using(async () => {
      if (this.kind === "host") {
        this.view(Uint8Array, { offset, byteLength }).set(seed);
        return;
      }
      const { staging } = this.device;
      const at = this.address + offset;
      await staging.write(at, seed);
      // The device doubles what is filled: each copy is as long as all before it.
      for (let filled = seed.length; filled < byteLength; filled *= 2) {
        await staging.copy(at + filled, at, Math.min(filled, byteLength - filled));
      }
    });
  }

  /** Copies to another buffer, of this device or another; by default everything, to its beginning. */
  async copyTo(target: Buffer, range: Range & { readonly targetOffset?: number } = {}): Promise<void> {
    if (!(target instanceof Buffer)) throw invalidType("copyTo's target", "a buffer", target);
    const { targetOffset = 0, ...own } = checkedOptions("copyTo's range", range, [...RANGE, "targetOffset"]);
    const { offset, byteLength } = this.#range(own);
    const to = target.#range({ offset: targetOffset, byteLength });
    const overlap = Math.abs(this.address + offset - (target.address + to.offset)) < byteLength;
    await this.#using(() =>
      target.#using(async () => {
        if (this.kind === "device" && target.kind === "device" && this.device === target.device && !overlap) {
          await this.device.staging.copy(target.address + to.offset, this.address + offset, byteLength);
        } else if (this.kind === "host" && target.kind === "host") {
          target.view().set(this.view(Uint8Array, { offset, byteLength }), to.offset);
        } else if (this.kind === "host") {
          await target.device.staging.write(target.address + to.offset, this.view(Uint8Array, { offset, byteLength }));
        } else if (target.kind === "host") {
          const bytes = target.view(Uint8Array, { offset: to.offset, byteLength });
          await this.device.staging.read(this.address + offset, bytes);
        } else {
          // Overlapping ranges, and devices that do not reach each other's memory, meet in host memory.
          const bytes = new Uint8Array(byteLength);
          await this.device.staging.read(this.address + offset, bytes);
          await target.device.staging.write(target.address + to.offset, bytes);
        }
      }),
    );
  }

  /** Runs a copy after the launches that use the buffer, and keeps the buffer for it. */
  async #using(body: () => Promise<void>): Promise<void> {
    const busy = this.uses > 0;
    this.retain();
    try {
      if (busy) await this.device.idle();
      await body();
    } finally {
      this.release();
    }
  }

  #readable(name: string, type: TypedArrayConstructor, range: Range): Required<Range> {
    const element = elementBytes(`${name}'s type`, type);
    const whole = this.#range(range);
    if (whole.byteLength % element !== 0) throw uneven("byteLength", whole.byteLength, element);
    return whole;
  }

  #source(data: ArrayBufferView | ArrayBuffer, offset: number): Uint8Array {
    const source = bytesOf("write's data", data);
    this.#range({ offset, byteLength: source.length });
    return source;
  }

  /** Looks whether the buffer is there when the options have been read: they may be getters that dispose it. */
  #range(range: Range): Required<Range> {
    const { offset = 0, byteLength } = checkedOptions("the range", range, RANGE);
    this.mustLive();
    integer("offset", offset, 0, this.byteLength);
    const length = byteLength ?? this.byteLength - offset;
    integer("byteLength", length);
    if (offset + length > this.byteLength) {
      throw outOfRange("the range", `within ${this.label}`, `${offset} + ${length}`);
    }
    return { offset, byteLength: length };
  }
}

function elementBytes(name: string, type: TypedArrayConstructor): number {
  const bytes: unknown = typeof type === "function" ? type.BYTES_PER_ELEMENT : undefined;
  if (typeof bytes !== "number") throw invalidType(name, "a typed array's constructor", type);
  return bytes;
}

const uneven = (name: string, value: number, element: number): Error =>
  outOfRange(name, `a multiple of the element's ${element} bytes`, value);
