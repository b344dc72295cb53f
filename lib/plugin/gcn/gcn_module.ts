/**
 * An image on a device: its executable, functions, variables and heap. Several are there at once, each by itself.
 *
 * Source: plugin-gcn.c (GOMP_OFFLOAD_load_image, create_and_finalize_hsa_program, destroy_module) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { hex, OffloadError } from "../../errors.js";
import type { Executable, Memory, VariableSymbolInfo } from "../../hsa/index.js";
import { Resource } from "../../launch/resource.js";
import type { LoadedImage, TargetEntry } from "../plugin.js";
import type { GcnContext } from "./gcn_context.js";
import type { GcnDevice } from "./gcn_device.js";
import { GcnFunction } from "./gcn_function.js";
import type { GcnImage } from "./gcn_image.js";
import type { KernelAbi } from "./kernel_abi.js";

/** Symbols that GCC's images have for the runtime. */
const SYMBOL = {
  variables: ".offload_var_table",
  indirectFunctions: ".offload_ind_func_table",
  indirectMap: "__gomp_indirect_addr_map",
  /** GCC 13 and later, and GCC 12. */
  icvs: ["__gomp_additional_icvs", "__gomp_device_num"],
} as const;

/** In the size of a variable in the table: `declare target link`. */
const LINK = 1n << 63n;

/** What a variable that is linked when it is mapped is on the device. */
const POINTER_BYTES = 8;

export class GcnModule extends Resource implements LoadedImage {
  readonly functions: readonly GcnFunction[];
  readonly variables: readonly TargetEntry[];
  readonly icvs: TargetEntry | null;
  /** Of malloc in its kernels; null where they have none. */
  readonly heap: Memory | null = null;
  readonly #owner: GcnDevice;
  readonly #executable: Executable;
  readonly #memory: Memory[] = [];
  #destructors: GcnFunction | null = null;
  #failure: { readonly error: unknown } | undefined;

  /** Use `GcnPlugin.loadImage`. Constructors have run when it returns. */
  constructor(
    owner: GcnDevice,
    readonly image: GcnImage,
  ) {
    super();
    this.#owner = owner;
    this.#executable = owner.runtime.createExecutable();
    try {
      this.#executable.load(owner.agent, owner.runtime.createCodeObjectReader(image.codeObject));
      this.#executable.freeze();
      if (this.abi !== "plain") {
        this.heap = this.#allocate(owner.environment.heapBytes);
        owner.memory.initialize(this.heap.address, new BigInt64Array([BigInt(this.heap.byteLength)]));
      }
      this.functions = image.kernels.map(({ name }) => this.#function(name));
      this.variables = this.#variables();
      this.icvs = this.#icvs();
      this.#mapIndirectFunctions();
      if (image.constructors !== null) owner.runConstructors(this.#function(image.constructors));
      if (image.destructors !== null) this.#destructors = this.#function(image.destructors);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  get device(): number {
    return this.#owner.index;
  }
  /** Of the plugin whose it is. */
  get context(): GcnContext {
    return this.#owner.context;
  }
  get abi(): KernelAbi {
    return this.image.abi.abi;
  }
  override get label(): string {
    return `the image with ${
      this.image.kernels
        .slice(0, 3)
        .map(({ name }) => name)
        .join(", ") || "no functions"
    }`;
  }

  /** What its destructors failed with. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Whether a range lies in one of its variables: those are what the runtime above knows of. */
  holds(address: number, bytes: number): boolean {
    const inside = (entry: TargetEntry): boolean =>
      address >= entry.address && address + bytes <= entry.address + (entry.link ? POINTER_BYTES : entry.size);
    return this.variables.some(inside) || (this.icvs !== null && inside(this.icvs));
  }

  /** What of it lies at an address, for the report of a fault. */
  describe(address: number): string | null {
    const inside = (from: number, bytes: number): boolean => address >= from && address < from + bytes;
    if (this.heap !== null && inside(this.heap.address, this.heap.byteLength)) return `in the heap of ${this.label}`;
    for (const symbol of this.#executable.symbols(this.#owner.agent)) {
      if (symbol.type === "variable" && inside(symbol.address, symbol.byteLength)) {
        return `in the variable ${symbol.name} of ${hex(symbol.address)}`;
      }
    }
    return null;
  }

  /** When its last launch is over: destructors run, and everything goes. */
  protected override free(): void {
    try {
      if (this.#destructors !== null && !this.#owner.ended) this.#owner.runConstructors(this.#destructors);
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#release();
      this.#owner.forget(this);
    }
  }

  #release(): void {
    this.#executable.dispose();
    for (const memory of this.#memory) memory.dispose();
  }

  #allocate(bytes: number): Memory {
    const memory = this.#owner.memory.allocate(bytes);
    this.#memory.push(memory);
    return memory;
  }

  #function(name: string): GcnFunction {
    const { image } = this;
    const metadata = image.object.kernels.find((kernel) => kernel.name === name);
    const symbol = metadata === undefined ? null : this.#executable.symbol(metadata.symbol, this.#owner.agent);
    if (metadata === undefined || symbol?.type !== "kernel") {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        `kernel ${name} of the image cannot be found on the device: it is of hidden visibility, perhaps`,
      );
    }
    const description = image.kernels.find((kernel) => kernel.name === name);
    return new GcnFunction(this, description ?? { name, dimensions: [0, 0, 0], vgprs: 0 }, metadata, symbol);
  }

  #symbol(name: string): VariableSymbolInfo | null {
    const symbol = this.#executable.symbol(name, this.#owner.agent);
    return symbol?.type === "variable" ? symbol : null;
  }

  /** GCC's table of addresses and sizes, filled by the loader; of other objects every variable that has a name. */
  #variables(): TargetEntry[] {
    const { image } = this;
    const count = image.variables?.length;
    if (count === 0) return [];
    const table = this.#symbol(SYMBOL.variables);
    if (table === null) {
      if (count !== undefined) throw incomplete(SYMBOL.variables, `${count} variables`);
      return image.object.variables.flatMap(({ name }) => {
        const symbol = this.#symbol(name);
        return symbol === null ? [] : [entry(symbol)];
      });
    }
    const rows = count ?? Math.floor(table.byteLength / 16);
    const pairs = new BigUint64Array(2 * rows);
    if (rows > 0) this.#owner.memory.fetch(pairs, table.address);
    return Array.from({ length: rows }, (_, i) => {
      const [address = 0n, size = 0n] = pairs.subarray(2 * i, 2 * i + 2);
      const named = image.variables?.[i] ?? this.#nameAt(Number(address)) ?? `(variable ${i})`;
      return { name: named, address: Number(address), size: Number(size & ~LINK), link: (size & LINK) !== 0n };
    });
  }

  #nameAt(address: number): string | null {
    const symbol = this.#executable
      .symbols(this.#owner.agent)
      .find((candidate) => candidate.type === "variable" && candidate.address === address);
    return symbol?.name ?? null;
  }

  #icvs(): TargetEntry | null {
    for (const name of SYMBOL.icvs) {
      const symbol = this.#symbol(name);
      if (symbol !== null) return entry(symbol);
    }
    return null;
  }

  /** Pairs of host and device addresses, up to a null, for calls through pointers that come from the host. */
  #mapIndirectFunctions(): void {
    const { indirectFunctions } = this.image;
    if (indirectFunctions.length === 0) return;
    const table = this.#symbol(SYMBOL.indirectFunctions);
    const map = this.#symbol(SYMBOL.indirectMap);
    if (table === null) throw incomplete(SYMBOL.indirectFunctions, `${indirectFunctions.length} indirect functions`);
    if (map === null) throw incomplete(SYMBOL.indirectMap, `${indirectFunctions.length} indirect functions`);
    const addresses = new BigUint64Array(indirectFunctions.length);
    this.#owner.memory.fetch(addresses, table.address);
    const pairs = new BigUint64Array(2 * indirectFunctions.length + 1);
    for (const [i, host] of indirectFunctions.entries()) {
      pairs[2 * i] = BigInt(host);
      pairs[2 * i + 1] = addresses[i] as bigint;
    }
    const memory = this.#allocate(pairs.byteLength);
    this.#owner.memory.initialize(memory.address, pairs);
    this.#owner.memory.initialize(map.address, new BigUint64Array([BigInt(memory.address)]));
  }
}

const entry = ({ name, address, byteLength }: VariableSymbolInfo): TargetEntry => ({
  name,
  address,
  size: byteLength,
  link: false,
});

const incomplete = (symbol: string, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_IMAGE", `the image has ${why}, but its code object has no ${symbol}`);
