/**
 * A kernel's argument table made ready for launches: what each place takes, and where it is written. Made once per kernel; a launch
 * checks its arguments against it, then writes them, and writes nothing where one of them does not fit.
 *
 * @packageDocumentation
 */
import type { KernelArgument, Kernel as KernelMetadata } from "../codeobject/index.js";
import { bytesText, OffloadError, type OffloadErrorCode } from "../errors.js";
import { writeUint64 } from "../hsa/index.js";
import { type HiddenValues, needsQueue, writeHidden } from "../launch/hidden-arguments.js";
import type { Resource } from "../launch/resource.js";
import { describe } from "../validate.js";
import { AddressArgument, BytesArgument, type LaunchArgument, LocalArgument, ScalarArgument } from "./arguments.js";
import { Buffer } from "./buffer.js";
import type { KernargBlock } from "./kernarg-pool.js";

/** LDS that pointers in the local address space get, as HSA's 8-byte-aligned segment allows. */
const LDS_ALIGN = 16;

/** What a place of the argument table takes. */
type Expectation = "pointer" | "local" | "integer" | "float" | "value";

interface Place {
  readonly argument: KernelArgument;
  readonly offset: number;
  readonly size: number;
  readonly expects: Expectation;
  /** "argument 2 (x: float*)" */
  readonly label: string;
}

/** The device, as far as arguments are concerned. */
export interface Reach {
  /** @throws OffloadError where the buffer cannot be used there. */
  mustReach(buffer: Buffer, label: string): void;
}

export class LaunchPlan {
  /** Of the whole block, hidden arguments included. */
  readonly kernargBytes: number;
  /** Whether a hidden argument depends on the queue. */
  readonly needsQueue: boolean;
  readonly #kernel: KernelMetadata;
  readonly #places: readonly Place[];
  readonly #hidden: readonly KernelArgument[];

  constructor(kernel: KernelMetadata) {
    this.#kernel = kernel;
    this.#places = kernel.arguments.filter((argument) => !argument.hidden).map(place);
    this.#hidden = kernel.arguments.filter((argument) => argument.hidden);
    this.needsQueue = this.#hidden.some(needsQueue);
    // The metadata's size is the whole block, but old compilers have stated 0.
    this.kernargBytes = kernel.arguments.reduce(
      (bytes, argument) => Math.max(bytes, argument.offset + argument.size),
      kernel.kernargSize,
    );
  }

  /**
   * Checks the arguments of one launch: their number, kind, size, address space and device. Answers the LDS that they ask for beyond
   * the kernel's own and `dynamicLds`.
   *
   * @throws OffloadError `ERR_OFFLOAD_ARGUMENT_…`, `ERR_OFFLOAD_DISPOSED`.
   */
  check(args: readonly LaunchArgument[], reach: Reach, dynamicLds: number): number {
    const places = this.#places;
    if (args.length !== places.length) {
      const list = places.map(({ label }) => label.replace(/^argument \d+ ?/, "") || "(unnamed)").join(", ");
      throw new OffloadError(
        "ERR_OFFLOAD_ARGUMENT_COUNT",
        `kernel ${this.#kernel.name} takes ${places.length} argument${places.length === 1 ? "" : "s"}, not ${args.length}${list ? `: ${list}` : ""}`,
      );
    }
    let lds = this.#kernel.groupSegmentSize + dynamicLds;
    for (let i = 0; i < places.length; i++) {
      const at = places[i] as Place;
      const value = args[i] as LaunchArgument;
      this.#checkOne(at, value, reach);
      if (value instanceof LocalArgument) lds = this.#localOffset(at, lds) + value.byteLength;
    }
    return lds;
  }

  /** Writes the checked arguments; `uses` takes what the launch has to keep. */
  write(
    block: KernargBlock,
    args: readonly LaunchArgument[],
    dynamicLds: number,
    hidden: HiddenValues,
    uses: Resource[],
  ): void {
    const { view, offset: base } = block;
    let lds = this.#kernel.groupSegmentSize + dynamicLds;
    for (let i = 0; i < args.length; i++) {
      const at = this.#places[i] as Place;
      const value = args[i] as LaunchArgument;
      const offset = base + at.offset;
      if (value instanceof ScalarArgument) {
        value.write(view, offset);
      } else if (value instanceof Buffer) {
        writeUint64(view, offset, value.address);
        uses.push(value);
      } else if (value instanceof AddressArgument) {
        writeUint64(view, offset, value.address);
        if (value.buffer !== null) uses.push(value.buffer);
      } else if (value instanceof LocalArgument) {
        // A pointer into LDS is its offset there, in 32 bits.
        lds = this.#localOffset(at, lds);
        view.setUint32(offset, lds, true);
        lds += value.byteLength;
      } else {
        for (let byte = 0; byte < value.bytes.length; byte++) view.setUint8(offset + byte, value.bytes[byte] as number);
      }
    }
    for (const argument of this.#hidden) writeHidden(view, base + argument.offset, argument, hidden);
  }

  #localOffset(at: Place, lds: number): number {
    const align = at.argument.pointeeAlign ?? LDS_ALIGN;
    return Math.ceil(lds / align) * align;
  }

  #checkOne(at: Place, value: LaunchArgument, reach: Reach): void {
    if (value instanceof ScalarArgument) {
      if (at.expects === "pointer" || at.expects === "local") {
        throw this.#refused("ARGUMENT_KIND", at, `${value.kind}(${value.value})`);
      }
      if (value.byteLength !== at.size) {
        throw this.#refused("ARGUMENT_SIZE", at, `${value.kind}, which has ${bytesText(value.byteLength)}`);
      }
      if ((at.expects === "float" && !value.isFloat) || (at.expects === "integer" && value.isFloat)) {
        throw this.#refused("ARGUMENT_KIND", at, `${value.kind}(${value.value})`);
      }
    } else if (value instanceof Buffer) {
      if (at.expects === "local") throw this.#refused("ARGUMENT_ADDRESS_SPACE", at, value.label);
      if (at.expects !== "pointer") throw this.#refused("ARGUMENT_KIND", at, value.label);
      value.mustLive();
      reach.mustReach(value, at.label);
    } else if (value instanceof AddressArgument) {
      if (at.expects === "local") throw this.#refused("ARGUMENT_ADDRESS_SPACE", at, "an address");
      if (at.expects === "float" || at.size !== 8) throw this.#refused("ARGUMENT_KIND", at, "an address");
      if (value.buffer !== null) {
        if (!(value.buffer instanceof Buffer)) throw this.#refused("ARGUMENT_KIND", at, describe(value.buffer));
        value.buffer.mustLive();
        reach.mustReach(value.buffer, at.label);
      }
    } else if (value instanceof LocalArgument) {
      if (at.expects === "pointer") throw this.#refused("ARGUMENT_ADDRESS_SPACE", at, `local(${value.byteLength})`);
      if (at.expects !== "local") throw this.#refused("ARGUMENT_KIND", at, `local(${value.byteLength})`);
    } else if (value instanceof BytesArgument) {
      if (at.expects === "local") throw this.#refused("ARGUMENT_ADDRESS_SPACE", at, "bytes");
      if (at.expects === "pointer") throw this.#refused("ARGUMENT_KIND", at, "bytes");
      if (value.bytes.length !== at.size) {
        throw this.#refused("ARGUMENT_SIZE", at, `bytes of ${bytesText(value.bytes.length)}`);
      }
    } else {
      throw this.#refused("ARGUMENT_KIND", at, describe(value));
    }
  }

  #refused(code: "ARGUMENT_KIND" | "ARGUMENT_SIZE" | "ARGUMENT_ADDRESS_SPACE", at: Place, got: string): OffloadError {
    return new OffloadError(
      `ERR_OFFLOAD_${code}` satisfies OffloadErrorCode,
      `kernel ${this.#kernel.name}, ${at.label}: takes ${wanted(at)}, not ${got}`,
    );
  }
}

function place(argument: KernelArgument, index: number): Place {
  const words = [argument.name, argument.typeName].filter(Boolean).join(": ");
  return {
    argument,
    offset: argument.offset,
    size: argument.size,
    expects: expectation(argument),
    label: `argument ${index}${words ? ` (${words})` : ""}`,
  };
}

const FLOATS = /^(const |volatile )*(half|_Float16|float|double)$/;
const INTEGERS =
  /^(const |volatile )*(bool|(signed |unsigned )?(char|short|int|long|long long)|unsigned|uchar|ushort|uint|ulong|size_t|u?int(8|16|32|64)_t)$/;

function expectation({ kind, typeName }: KernelArgument): Expectation {
  if (kind === "global_buffer") return "pointer";
  if (kind === "dynamic_shared_pointer") return "local";
  if (kind === "by_value" && typeName !== null) {
    if (FLOATS.test(typeName)) return "float";
    if (INTEGERS.test(typeName)) return "integer";
  }
  return "value";
}

/** What fits, in the words that the caller writes. */
function wanted({ expects, size, argument }: Place): string {
  switch (expects) {
    case "pointer":
      return `a buffer or address() (a pointer into ${argument.addressSpace ?? "global"} memory)`;
    case "local":
      return "local(bytes) (a pointer into LDS)";
    case "integer":
      return `i${size * 8}() or u${size * 8}()`;
    case "float":
      return `f${size * 8}()`;
    default: {
      const scalars = [1, 2, 4, 8].includes(size)
        ? `i${size * 8}(), u${size * 8}()${size > 1 ? `, f${size * 8}()` : ""} or `
        : "";
      return `${scalars}bytes() of ${bytesText(size)}`;
    }
  }
}
