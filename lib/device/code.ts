/**
 * A loaded code object: its kernels and variables on one device.
 *
 * @packageDocumentation
 */
import {
  type CodeObject,
  type Kernel as KernelMetadata,
  selectCodeObjects,
  validateCodeObject,
} from "../codeobject/index.js";
import { hex, OffloadError } from "../errors.js";
import type { Executable } from "../hsa/index.js";
import { Resource } from "../launch/resource.js";
import { didYouMean, integer, invalidType, string } from "../validate.js";
import { Buffer } from "./buffer.js";
import type { Device } from "./device.js";
import { Kernel } from "./kernel.js";

export interface LoadOptions {
  /** Addresses, or buffers, for the symbols that the object leaves undefined. The code object keeps the buffers. */
  readonly variables?: Readonly<Record<string, number | Buffer>>;
}

/** One executable per code object: a HIP program has one per translation unit. */
interface Module {
  readonly object: CodeObject;
  readonly executable: Executable;
}

/** A definition of a symbol that a code object leaves undefined. */
export interface VariableDefinition {
  readonly name: string;
  readonly address: number;
  readonly buffer: Buffer | null;
}

/** @throws TypeError `ERR_INVALID_ARG_TYPE`; OffloadError `ERR_OFFLOAD_DISPOSED`, `ERR_OFFLOAD_ARGUMENT_DEVICE`. */
export function variableDefinitions(
  device: Device,
  variables: NonNullable<LoadOptions["variables"]>,
): VariableDefinition[] {
  if (typeof variables !== "object" || variables === null)
    throw invalidType("load's variables", "an object", variables);
  return Object.entries(variables).map(([name, value]) => {
    const label = `load's variable ${name}`;
    if (typeof value === "number") return { name, address: integer(label, value), buffer: null };
    if (!(value instanceof Buffer)) throw invalidType(label, "an address or a buffer", value);
    value.mustLive();
    device.mustReach(value, label);
    return { name, address: value.address, buffer: value };
  });
}

/** A loaded code object, or those of a HIP executable: from `Device.load`. Launches in flight keep it. */
export class Code extends Resource {
  readonly #device: Device;
  readonly #modules: readonly Module[];
  readonly #keeps: readonly Buffer[];
  readonly #kernels = new Map<string, Kernel>();
  readonly #metadata = new Map<string, { readonly module: Module; readonly kernel: KernelMetadata }>();

  private constructor(device: Device, modules: readonly Module[], keeps: readonly Buffer[]) {
    super();
    this.#device = device;
    this.#modules = modules;
    this.#keeps = keeps;
    for (const module of modules) {
      for (const kernel of module.object.kernels) this.#metadata.set(kernel.name, { module, kernel });
    }
    for (const buffer of keeps) buffer.retain();
  }

  /** Use `Device.load`. Nothing is handed to the runtime before it has been validated: ROCr's loader trusts its input. */
  static load(device: Device, bytes: Uint8Array, variables: readonly VariableDefinition[]): Code {
    const [isa = ""] = device.agent.facts.isas;
    const images = selectCodeObjects(bytes, isa).map((image) => ({ image, object: validateCodeObject(image, isa) }));
    mustBeDefined(
      images.map(({ object }) => object),
      variables.map(({ name }) => name),
    );
    const modules: Module[] = [];
    try {
      for (const { image, object } of images) {
        const executable = device.runtime.createExecutable();
        modules.push({ object, executable });
        const wanted = new Set(object.undefinedSymbols.map(({ name }) => name));
        for (const { name, address } of variables) {
          if (wanted.has(name)) executable.defineVariable(device.agent, name, address);
        }
        executable.load(device.agent, device.runtime.createCodeObjectReader(image));
        executable.freeze();
      }
    } catch (error) {
      for (const { executable } of modules) executable.dispose();
      throw error;
    }
    return new Code(
      device,
      modules,
      variables.flatMap(({ buffer }) => buffer ?? []),
    );
  }

  override get label(): string {
    return `the code object with ${this.kernels.slice(0, 3).join(", ") || "no kernels"}`;
  }

  /** What the code objects say of themselves. */
  get objects(): readonly CodeObject[] {
    return this.#modules.map(({ object }) => object);
  }
  /** The names of the kernels. */
  get kernels(): string[] {
    return [...this.#metadata.keys()];
  }
  /** The names of the global variables. */
  get variables(): string[] {
    return this.objects.flatMap((object) => object.variables.map(({ name }) => name));
  }

  /** @throws OffloadError `ERR_OFFLOAD_UNKNOWN_KERNEL`, with the near names. */
  kernel(name: string): Kernel {
    this.mustLive();
    string("the kernel's name", name);
    const known = this.#kernels.get(name);
    if (known !== undefined) return known;
    const found = this.#metadata.get(name);
    const symbol = found?.module.executable.symbol(found.kernel.symbol, this.#device.agent);
    if (found === undefined || symbol?.type !== "kernel") {
      throw new OffloadError(
        "ERR_OFFLOAD_UNKNOWN_KERNEL",
        `there is no kernel "${name}"${instead(name, this.kernels)}`,
      );
    }
    const kernel = new Kernel(this.#device, this, found.kernel, symbol);
    this.#kernels.set(name, kernel);
    return kernel;
  }

  /**
   * A global variable's memory, which goes with the code object.
   *
   * @throws OffloadError `ERR_OFFLOAD_UNKNOWN_VARIABLE`, with the near names.
   */
  variable(name: string): Buffer {
    this.mustLive();
    string("the variable's name", name);
    for (const { executable } of this.#modules) {
      const symbol = executable.symbol(name, this.#device.agent);
      if (symbol?.type === "variable") {
        return new Buffer(this.#device, "device", symbol.address, symbol.byteLength, null, this);
      }
    }
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `there is no variable "${name}"${instead(name, this.variables)}`,
    );
  }

  /** What of it lies at an address, for the report of a fault. */
  describe(address: number): string | null {
    for (const { executable, object } of this.#modules) {
      for (const symbol of executable.symbols(this.#device.agent)) {
        if (symbol.type !== "variable" || address < symbol.address || address >= symbol.address + symbol.byteLength)
          continue;
        return `in the variable ${symbol.name} of ${hex(symbol.address)} (${object.target})`;
      }
    }
    return null;
  }

  protected override free(): void {
    for (const { executable } of this.#modules) executable.dispose();
    for (const buffer of this.#keeps) buffer.release();
    this.#device.forget(this);
  }
}

/** Every undefined symbol has a definition, and every definition a symbol. */
function mustBeDefined(objects: readonly CodeObject[], defined: readonly string[]): void {
  const wanted = objects.flatMap(({ undefinedSymbols }) => undefinedSymbols);
  const names = wanted.map(({ name }) => name);
  const missing = wanted.filter(({ name, weak }) => !weak && !defined.includes(name)).map(({ name }) => name);
  const useless = defined.find((name) => !names.includes(name));
  if (useless !== undefined) {
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `load()'s variables has "${useless}", which the code object does not leave undefined${didYouMean(useless, names)}`,
    );
  }
  if (missing.length > 0) {
    throw new OffloadError(
      "ERR_OFFLOAD_UNKNOWN_VARIABLE",
      `the code object leaves ${missing.join(", ")} undefined: give an address or a buffer in load()'s variables`,
    );
  }
}

/** The near names, or else what there is. */
function instead(name: string, known: readonly string[]): string {
  if (known.length === 0) return ": the code object has none";
  const near = didYouMean(name, known);
  if (near) return near;
  const more = known.length > 8 ? `, … (${known.length} in all)` : "";
  return `: there is ${known.slice(0, 8).join(", ")}${more}`;
}
