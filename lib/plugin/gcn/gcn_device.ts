/**
 * A device of the GCN plugin (struct agent_info): its memory, images and launches, and what it keeps from launch to launch.
 *
 * Source: plugin-gcn.c (GOMP_OFFLOAD_init_device, GOMP_OFFLOAD_fini_device) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { Agent, HsaRuntime } from "../../hsa/index.js";
import { FaultReporter } from "../../launch/fault.js";
import type { QueueOwner } from "../../launch/launch.js";
import { SignalPool } from "../../launch/signal-pool.js";
import { ArgumentCache } from "./argument_cache.js";
import type { DebugLog } from "./debug_log.js";
import type { GcnEnvironment } from "./environment.js";
import type { GcnContext } from "./gcn_context.js";
import type { GcnFunction } from "./gcn_function.js";
import type { GcnImage } from "./gcn_image.js";
import { GcnLaunches } from "./gcn_launches.js";
import { GcnMemory, need } from "./gcn_memory.js";
import { GcnModule } from "./gcn_module.js";
import { GcnTransfers } from "./gcn_transfers.js";

export class GcnDevice implements QueueOwner {
  readonly runtime: HsaRuntime;
  readonly environment: GcnEnvironment;
  readonly debug: DebugLog;
  /** Milliseconds of a launch that does not say its own; 0: none. */
  readonly timeout: number;
  /** The processor whose memory device memory is copied from and to. */
  readonly host: Agent;
  readonly signals: SignalPool;
  readonly faults: FaultReporter;
  readonly memory: GcnMemory;
  readonly transfers: GcnTransfers;
  readonly blocks: ArgumentCache;
  readonly launches: GcnLaunches;
  readonly #modules = new Set<GcnModule>();
  #ended = false;

  constructor(
    readonly context: GcnContext,
    readonly agent: Agent,
    readonly index: number,
  ) {
    const { runtime, environment, debug, timeout } = context;
    this.runtime = runtime;
    this.environment = environment;
    this.debug = debug;
    this.timeout = timeout;
    this.host = need(
      runtime.agents.find(({ facts }) => facts.deviceType === "cpu"),
      "a host agent",
    );
    this.memory = new GcnMemory(this);
    this.signals = new SignalPool(runtime);
    this.faults = new FaultReporter(runtime, agent, (address) => this.#ownerOf(address));
    this.transfers = new GcnTransfers(this);
    this.blocks = new ArgumentCache((bytes) => this.memory.allocateArguments(bytes));
    this.launches = new GcnLaunches(this);
  }

  get label(): string {
    return `device ${this.index} (${this.agent.facts.name}${this.agent.software ? ", software" : ""})`;
  }
  get ended(): boolean {
    return this.#ended;
  }

  load(image: GcnImage): GcnModule {
    this.debug.line(() => `Encountered ${image.kernels.length} kernels in an image`);
    const module = new GcnModule(this, image);
    this.#modules.add(module);
    return module;
  }
  owns(module: unknown): module is GcnModule {
    return module instanceof GcnModule && this.#modules.has(module);
  }
  /** Waits for the module's launches that have reached the device; those behind a callback free it when they are over. */
  unload(module: GcnModule): void {
    if (module.uses > 0) this.#finish();
    module.dispose();
    if (module.failure !== undefined) throw module.failure.error;
  }
  forget(module: GcnModule): void {
    this.#modules.delete(module);
  }
  /** Of constructors or destructors: `_init_array` and `_fini_array` run alone, without a table. */
  runConstructors(fn: GcnFunction): void {
    const block = this.blocks.take(0);
    try {
      this.launches.run(fn, fn.constructors(this.agent.facts, this.environment), block, 0, this.timeout);
    } finally {
      this.blocks.give(block);
    }
  }
  /** Whether a range lies in a variable of an image. */
  imageHolds(address: number, bytes: number): boolean {
    for (const module of this.#modules) if (module.holds(address, bytes)) return true;
    return false;
  }

  /** Frees what launches have left behind: when memory is short. */
  trim(): void {
    this.blocks.trim();
    this.launches.trim();
  }

  /** Waits for what runs, unloads every image, frees everything. What is still behind a callback then is refused. */
  end(): void {
    if (this.#ended) return;
    this.#finish();
    // Before anything else: their destructors run, as GCC's plugin has it.
    for (const module of this.#modules) module.dispose();
    this.#ended = true;
    this.launches.end();
    this.blocks.end();
    this.memory.freeAll();
    this.signals.dispose();
    this.faults.dispose();
  }

  /** Blocks until the copies and launches that have begun are over. */
  #finish(): void {
    this.transfers.finish();
    this.launches.finish();
  }

  #ownerOf(address: number): string | null {
    for (const module of this.#modules) {
      const found = module.describe(address);
      if (found !== null) return found;
    }
    return this.memory.describe(address);
  }
}
