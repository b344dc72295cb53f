/** The real libgomp of GCC 12, called from here, with the target regions of ../programs/calls.c. */
import { fileURLToPath } from "node:url";
import {
  type LaunchOptions,
  type Libgomp,
  type NowaitLaunch,
  open,
  type RegisterOptions,
} from "../../../lib/libgomp/index.js";
import { flatten, type MapItem } from "../../../lib/target/index.js";
import type { Target } from "../../openmp/toolchain.js";
import { type Program, program } from "../../plugin/gcn/programs.js";

const folder = fileURLToPath(new URL("../programs", import.meta.url));

export const calls = (gpu: Target): Promise<Program> => program("calls.c", gpu, [], folder);

/** Items by the names of the function's variables. */
export type Named = Readonly<Record<string, MapItem | readonly MapItem[]>>;

/** The name of a function, and its items in the order of its table. */
export function region(made: Program, fn: string, named: Named): readonly [string, MapItem[]] {
  const order = made.tables.get(fn);
  if (order === undefined) throw new Error(`there is no function ${fn}`);
  const names = Object.keys(named);
  // The compiler adds items to some that the table has once: those follow what they belong to.
  if (order.length !== names.length || names.some((name) => !order.includes(name))) {
    throw new Error(`${fn} has ${order.join(", ")}, not ${names.join(", ")}`);
  }
  return [`${fn}._omp_fn.0`, [...flatten(order.flatMap((name) => named[name] as MapItem))]];
}

export class Gomp {
  constructor(
    readonly made: Program,
    readonly libgomp: Libgomp,
  ) {}

  static async open(
    gpu: Target,
    options: Parameters<typeof open>[0] = {},
    register: RegisterOptions = {},
  ): Promise<Gomp> {
    const made = await calls(gpu);
    const libgomp = await open({ device: `software:${gpu}*2`, ...options });
    await libgomp.register(made.image, register);
    return new Gomp(made, libgomp);
  }

  target(fn: string, named: Named, options: LaunchOptions = {}): Promise<void> {
    return this.libgomp.target(...region(this.made, fn, named), options);
  }
  nowait(fn: string, named: Named, options: LaunchOptions = {}): Promise<NowaitLaunch> {
    return this.libgomp.target(...region(this.made, fn, named), { ...options, nowait: true });
  }
}

export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => null,
    ({ code }: { code?: unknown }) => code,
  );
