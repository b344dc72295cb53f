/** The plugin over the software GPU, one device of each target that GCC 12 compiles for, and launches as libgomp would make them. */
import { afterAll } from "vitest";
import { GcnPlugin } from "../../../lib/plugin/gcn/gcn_plugin.js";
import type {
  AsyncQueue,
  LaunchAttributes,
  OffloadPlugin,
  OpenaccDimensions,
  TargetFunction,
} from "../../../lib/plugin/index.js";
import { ForeignPlugin } from "../../../lib/plugin/index.js";
import type { Session } from "../../../lib/plugin/session.js";
import type { Target } from "../../openmp/toolchain.js";
import { FOREIGN } from "../under-test.js";
import { type Program, program } from "./programs.js";

/** What compiled code asks for where a target region has no teams. */
const ONE_TEAM: LaunchAttributes = { teams: 1 };

/** In the order of their device numbers. */
export const targets: readonly Target[] = ["gfx900", "gfx906", "gfx803"];

type Bytes = Int32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array | Uint32Array;
/** A mapped variable: its bytes go to the device and come back, the table has their address. An integer is its own word. */
export type Variable = Bytes | number | bigint;
export type Variables = Readonly<Record<string, Variable>>;

export interface Lab<P extends OffloadPlugin = GcnPlugin> {
  readonly plugin: P;
  /** What kernels have printed since the last time, and what was logged. */
  printed(): string;
  logged(): string;
  load(file: string, target: Target, options?: readonly string[]): Promise<Image<P>>;
}

const DEVICES = `software:${targets.join()}`;

type TestedLab = Pick<Lab<OffloadPlugin>, "plugin" | "load"> & Partial<Pick<Lab, "printed">>;

/** The same on the plugin under test. */
export function openTestedLab(environment: Readonly<Record<string, string>> = {}): TestedLab {
  if (!FOREIGN) return openLab(environment);
  // Where a C plugin reads them.
  Object.assign(process.env, environment);
  const plugin = ForeignPlugin.open({ device: DEVICES });
  afterAll(() => plugin.dispose());
  for (const [device] of targets.entries()) plugin.initDevice(device);
  return {
    plugin,
    load: async (file, target, options) =>
      new Image<OffloadPlugin>(plugin, await program(file, target, options), target),
  };
}

/** For the whole test file: HSA is one per process. */
export function openLab(environment: Readonly<Record<string, string>> = {}): Lab {
  let output = "";
  let log = "";
  const plugin = GcnPlugin.open({
    device: DEVICES,
    environment,
    output: { write: (text) => (output += text) },
    log: { write: (text) => (log += text) },
  });
  afterAll(() => plugin.dispose());
  for (const [device] of targets.entries()) plugin.initDevice(device);
  const taken = (text: string, forget: () => void): string => {
    forget();
    return text;
  };
  return {
    plugin,
    printed: () => taken(output, () => (output = "")),
    logged: () => taken(log, () => (log = "")),
    load: async (file, target, options) => new Image(plugin, await program(file, target, options), target),
  };
}

/** A program's image on a device. */
export class Image<P extends OffloadPlugin = GcnPlugin> {
  readonly device: number;
  readonly module: ReturnType<P["loadImage"]>;

  constructor(
    readonly plugin: P,
    readonly program: Program,
    target: Target,
  ) {
    this.device = targets.indexOf(target);
    this.module = plugin.loadImage(this.device, program.image) as ReturnType<P["loadImage"]>;
  }

  /** The one region of a function of the source. */
  region(name: string): TargetFunction {
    const found = this.module.functions.filter((fn) => fn.name.startsWith(`${name}._omp_fn.`));
    if (found.length !== 1) throw new Error(`${name} has ${found.length} target regions`);
    return found[0] as TargetFunction;
  }

  run(name: string, variables: Variables = {}, attributes: LaunchAttributes = ONE_TEAM): void {
    const fn = this.region(name);
    const mapped = this.#map(name, variables);
    this.#over(mapped, () => this.plugin.run(mapped.session, fn, attributes));
  }
  openacc(name: string, variables: Variables, dimensions: OpenaccDimensions): void {
    const fn = this.region(name);
    const mapped = this.#map(name, variables);
    this.#over(mapped, () => this.plugin.openaccExec(mapped.session, fn, dimensions));
  }
  /** Variables have their values when it resolves. */
  async openaccAsync(name: string, variables: Variables, dims: OpenaccDimensions, queue: AsyncQueue): Promise<void> {
    const mapped = this.#map(name, variables);
    await this.#later(mapped, this.plugin.openaccAsyncExec(mapped.session, this.region(name), dims, queue));
  }
  /** Variables have their values when it resolves. */
  async runAsync(name: string, variables: Variables = {}, attributes: LaunchAttributes = ONE_TEAM): Promise<void> {
    const mapped = this.#map(name, variables);
    await this.#later(mapped, this.plugin.asyncRun(mapped.session, this.region(name), attributes));
  }

  unload(): void {
    this.plugin.unloadImage(this.module);
  }

  #over(mapped: Mapped, launch: () => void): void {
    try {
      launch();
      mapped.copyBack();
    } finally {
      mapped.free();
    }
  }

  async #later(mapped: Mapped, over: Promise<void>): Promise<void> {
    try {
      await over;
      mapped.copyBack();
    } finally {
      mapped.free();
    }
  }

  #map(name: string, variables: Variables): Mapped {
    const order = this.program.tables.get(name) ?? [];
    if (order.length !== Object.keys(variables).length || order.some((each) => !(each in variables))) {
      throw new Error(`${name} maps ${order.join(", ")}, and not ${Object.keys(variables).join(", ")}`);
    }
    return new Mapped(
      this.plugin,
      this.device,
      order.map((each) => variables[each] as Variable),
    );
  }
}

/** The variables of a launch on the device, and its session, with a table filled as target.c fills it. */
class Mapped {
  readonly session: Session;
  readonly #arrays: { readonly bytes: Bytes; readonly address: number }[] = [];

  constructor(
    readonly plugin: OffloadPlugin,
    readonly device: number,
    variables: readonly Variable[],
  ) {
    const words = variables.map((variable) => {
      if (typeof variable === "bigint" || typeof variable === "number") return BigInt.asUintN(64, BigInt(variable));
      return BigInt(this.#upload(variable));
    });
    this.session = plugin.newSession();
    plugin.sessionStart(this.session, device);
    if (words.length === 0) {
      plugin.sessionSetTargetVarTable(this.session, null);
      return;
    }
    const pairs = new Uint32Array(new BigUint64Array(words).buffer);
    const table = plugin.sessionAllocateTargetVarTable?.(this.session, words.length) ?? null;
    if (table !== null) {
      table.words.set(pairs);
      return;
    }
    plugin.sessionSetTargetVarTable(this.session, this.#upload(pairs));
  }

  #upload(bytes: Bytes): number {
    const address = this.plugin.alloc(this.device, bytes.byteLength);
    this.#arrays.push({ bytes, address });
    this.plugin.host2dev(this.device, address, bytes);
    return address;
  }
  copyBack(): void {
    for (const { bytes, address } of this.#arrays) this.plugin.dev2host(this.device, bytes, address);
  }
  free(): void {
    for (const { address } of this.#arrays) this.plugin.free(this.device, address);
  }
}
