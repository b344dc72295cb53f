/** An offloaded function on a device: its kernel, and the shapes that it has been launched with. */
import type { KernelArgument, Kernel as KernelMetadata } from "../../codeobject/index.js";
import type { AgentFacts, KernelSymbolInfo } from "../../hsa/index.js";
import { needsQueue } from "../../launch/hidden-arguments.js";
import type { LaunchAttributes, OpenaccDimensions, TargetFunction } from "../plugin.js";
import type { GcnEnvironment } from "./environment.js";
import type { KernelDescription } from "./gcn_image.js";
import type { GcnModule } from "./gcn_module.js";
import { constructorShape, type KernelNeeds, type LaunchShape, openaccShape, openmpShape } from "./launch_shape.js";

/** Shapes that a function keeps: a program has few. */
const KEPT_SHAPES = 64;
/** The scratch of kernels whose stack depth the compiler could not count, as code object v4 states it. */
const DYNAMIC_STACK = 16 * 1024;

export class GcnFunction implements TargetFunction, KernelNeeds {
  readonly device: number;
  readonly name: string;
  readonly vgprs: number;
  readonly dimensions: OpenaccDimensions;
  readonly kernelObject: number;
  readonly groupBytes: number;
  readonly privateBytes: number;
  readonly maxWorkgroup: number;
  /** Whether it reads a target variable table. */
  readonly takesTable: boolean;
  /** What the compiler has it told of the queue that it is launched on. */
  readonly queueArguments: readonly KernelArgument[];
  /** Why it cannot be launched with a table; null where it can. */
  readonly problem: string | null;
  readonly #shapes = new Map<string, LaunchShape | null>();
  /** The same as the last time, mostly. */
  #last: {
    readonly teams: number | undefined;
    readonly threads: number | undefined;
    readonly shape: LaunchShape | null;
  } | null = null;

  constructor(
    readonly module: GcnModule,
    description: KernelDescription,
    readonly metadata: KernelMetadata,
    symbol: KernelSymbolInfo,
  ) {
    this.device = module.device;
    this.name = description.name;
    this.vgprs = description.vgprs;
    this.dimensions = description.dimensions;
    this.kernelObject = symbol.object;
    this.groupBytes = symbol.groupSize;
    const own = Math.max(symbol.privateSize, metadata.privateSegmentSize);
    this.privateBytes = metadata.usesDynamicStack ? Math.max(own, DYNAMIC_STACK) : own;
    this.maxWorkgroup = metadata.maxWorkgroupSize;
    this.takesTable = module.abi !== "plain" || metadata.arguments.some(({ hidden }) => !hidden);
    this.queueArguments = module.abi === "plain" ? metadata.arguments.filter(needsQueue) : [];
    this.problem = problemOf(metadata);
  }

  get abi(): KernelNeeds["abi"] {
    return this.module.abi;
  }
  get sharesLds(): boolean {
    return this.module.image.sharesLds;
  }

  /** Null: nothing is to run. */
  openmp(attributes: LaunchAttributes, facts: AgentFacts, environment: GcnEnvironment): LaunchShape | null {
    const { teams, threads, grid } = attributes;
    const last = this.#last;
    if (last !== null && last.teams === teams && last.threads === threads && grid === undefined) return last.shape;
    const key = `${teams},${threads},${grid?.join("×")},${attributes.workgroup?.join("×")}`;
    const shape = this.#kept(key, () => openmpShape(this, attributes, facts, environment));
    this.#last = grid === undefined ? { teams, threads, shape } : null;
    return shape;
  }
  openacc(dimensions: OpenaccDimensions, facts: AgentFacts, environment: GcnEnvironment): LaunchShape {
    return this.#kept(`acc ${dimensions.join()}`, () =>
      openaccShape(this, dimensions, facts, environment),
    ) as LaunchShape;
  }
  constructors(facts: AgentFacts, environment: GcnEnvironment): LaunchShape {
    return this.#kept("constructors", () => constructorShape(this, facts, environment)) as LaunchShape;
  }

  #kept(key: string, make: () => LaunchShape | null): LaunchShape | null {
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const made = make();
    if (this.#shapes.size >= KEPT_SHAPES) this.#shapes.clear();
    this.#shapes.set(key, made);
    return made;
  }
}

/** A kernel that a runtime launches takes one pointer, to its table, or nothing at all. */
export function problemOf(metadata: KernelMetadata): string | null {
  const own = metadata.arguments.filter(({ hidden }) => !hidden);
  const [first] = own;
  const fits = own.length === 0 ? metadata.kernargSize <= 8 || metadata.arguments.length > 0 : false;
  if (fits || (own.length === 1 && first?.offset === 0 && first.size === 8)) return null;
  return `it takes ${own.length} arguments in ${metadata.kernargSize} bytes, and offloading hands over one pointer, to the target variable table`;
}
