/**
 * A kernel and its launching.
 *
 * @packageDocumentation
 */
import type { KernelArgument, Kernel as KernelMetadata } from "../codeobject/index.js";
import { bytesText, OffloadError } from "../errors.js";
import { DISPATCH_HEADER, type KernelDispatch, type KernelSymbolInfo, writeKernelDispatch } from "../hsa/index.js";
import type { Apertures } from "../launch/hidden-arguments.js";
import type { LaunchResult, PreparedLaunch } from "../launch/launch.js";
import { LaunchQueue } from "../launch/launch-queue.js";
import type { Resource } from "../launch/resource.js";
import { options as checkedOptions, integer, invalidType, milliseconds } from "../validate.js";
import type { LaunchArgument } from "./arguments.js";
import type { Code } from "./code.js";
import type { Device } from "./device.js";
import { type Extent, type Geometry, geometry } from "./geometry.js";
import type { KernargBlock, KernargPool } from "./kernarg-pool.js";
import { LaunchPlan } from "./launch-plan.js";

export interface LaunchOptions {
  /** Work-items, as HSA counts them: 1024, or [1024, 1024]. */
  readonly grid: Extent;
  /** Work-items of a workgroup; may be left out where the kernel fixes it. */
  readonly workgroup?: Extent;
  /** LDS per workgroup beyond the kernel's own, in bytes: what `extern __shared__` points at. */
  readonly dynamicLds?: number;
  /**
   * Scratch per work-item in bytes, where the kernel's calls need more than its compiler could count. By default 16 KiB for kernels
   * that say so themselves (`.uses_dynamic_stack`).
   */
  readonly stack?: number;
  /** Aborts the launch: its promise rejects with the signal's reason, and the queue is replaced where the launch was running. */
  readonly signal?: AbortSignal;
  /** Milliseconds without progress on the queue after which the launch is given up with `ERR_OFFLOAD_TIMEOUT`. */
  readonly timeout?: number;
  /** By default the device's own. */
  readonly queue?: LaunchQueue;
}

interface Settings {
  readonly division: Geometry;
  readonly dynamicLds: number;
  readonly stack: number;
  readonly signal: AbortSignal | undefined;
  /** 0: none. */
  readonly timeout: number;
  readonly queue: LaunchQueue;
}

const OPTIONS = ["grid", "workgroup", "dynamicLds", "stack", "signal", "timeout", "queue"] as const;

/** What code object v4 states for kernels whose stack depth is unknown to the compiler; v5 states only what it could count. */
const DYNAMIC_STACK = 16384;

const NO_APERTURES: Apertures = { sharedBaseHigh: 0, privateBaseHigh: 0 };

/** A kernel of loaded code: from `Code.kernel`. */
export class Kernel {
  readonly #device: Device;
  readonly #code: Code;
  readonly #symbol: KernelSymbolInfo;
  readonly #plan: LaunchPlan;
  readonly #privateBytes: number;

  /** Use `Code.kernel`. */
  constructor(
    device: Device,
    code: Code,
    readonly metadata: KernelMetadata,
    symbol: KernelSymbolInfo,
  ) {
    this.#device = device;
    this.#code = code;
    this.#symbol = symbol;
    this.#plan = new LaunchPlan(metadata);
    const own = Math.max(symbol.privateSize, metadata.privateSegmentSize);
    this.#privateBytes = metadata.usesDynamicStack ? Math.max(own, DYNAMIC_STACK) : own;
  }

  get name(): string {
    return this.metadata.name;
  }
  /** What a launch takes, in order. */
  get arguments(): readonly KernelArgument[] {
    return this.metadata.arguments.filter((argument) => !argument.hidden);
  }

  /**
   * Launches the kernel; resolves when it has finished. Launches of one queue run in order. What the launch uses is kept until then.
   *
   * @throws OffloadError before anything is written: `ERR_OFFLOAD_ARGUMENT_…`, `ERR_OFFLOAD_GRID`, `ERR_OFFLOAD_WORKGROUP`,
   * `ERR_OFFLOAD_LDS`, `ERR_OFFLOAD_DISPOSED`. DeviceError when the device stops the launch. The signal's reason when it aborts.
   */
  async launch(options: LaunchOptions, ...args: LaunchArgument[]): Promise<LaunchResult> {
    const settings = this.#settings(options);
    return settings.queue.launch(this.#prepare(settings, args));
  }

  /** As `launch`, blocking the thread. An abort signal has no effect on a blocked thread: use `timeout`. */
  launchSync(options: LaunchOptions, ...args: LaunchArgument[]): LaunchResult {
    const settings = this.#settings(options);
    return settings.queue.launchSync(this.#prepare(settings, args));
  }

  /** Reads each option once, before anything is looked at: a getter may dispose what the launch needs. */
  #settings(options: LaunchOptions): Settings {
    const {
      grid,
      workgroup,
      dynamicLds = 0,
      stack = 0,
      signal,
      timeout,
      queue = this.#device.queue,
    } = checkedOptions("launch's options", options, OPTIONS);
    const division = geometry(grid, workgroup, this.metadata, this.#device.agent.facts);
    if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType("signal", "an AbortSignal", signal);
    if (!(queue instanceof LaunchQueue)) throw invalidType("queue", "one of the device's queues", queue);
    this.#device.mustOwn(queue);
    queue.mustLive();
    signal?.throwIfAborted();
    return {
      division,
      dynamicLds: integer("dynamicLds", dynamicLds),
      stack: integer("stack", stack, 0, 2 ** 31 - 1),
      signal,
      timeout: timeout === undefined ? 0 : milliseconds("timeout", timeout),
      queue,
    };
  }

  /** Checks everything, then takes an argument block and writes it. */
  #prepare(settings: Settings, args: readonly LaunchArgument[]): PreparedLaunch {
    const { division, queue, dynamicLds, stack, signal, timeout } = settings;
    const device = this.#device;
    this.#code.mustLive();
    const groupBytes = this.#plan.check(args, device, dynamicLds);
    if (groupBytes > device.ldsBytes) {
      throw new OffloadError(
        "ERR_OFFLOAD_LDS",
        `kernel ${this.name}: a workgroup would have ${bytesText(groupBytes)} of LDS (${bytesText(this.metadata.groupSegmentSize)} of its own); ${device.name} has ${bytesText(device.ldsBytes)}`,
      );
    }
    const hidden = {
      geometry: division,
      dynamicLdsBytes: groupBytes - this.metadata.groupSegmentSize,
      queueAddress: this.#plan.needsQueue ? queue.address : 0,
      apertures: this.#plan.needsQueue ? queue.apertures : NO_APERTURES,
    };
    const kernarg = this.#plan.kernargBytes > 0 ? device.kernargs.take(this.#plan.kernargBytes) : null;
    const uses: Resource[] = [this.#code];
    if (kernarg !== null) this.#plan.write(kernarg, args, dynamicLds, hidden, uses);
    for (const used of uses) used.retain();
    const dispatch = {
      dimensions: division.dimensions,
      grid: division.grid,
      workgroup: division.workgroup,
      privateBytes: Math.max(this.#privateBytes, stack),
      groupBytes,
      kernelObject: this.#symbol.object,
      kernargAddress: kernarg === null ? 0 : kernarg.address,
    };
    return new KernelLaunch(this.name, dispatch, device.kernargs, kernarg, uses, signal, timeout);
  }
}

class KernelLaunch implements PreparedLaunch {
  constructor(
    readonly kernel: string,
    readonly dispatch: KernelDispatch,
    readonly kernargs: KernargPool,
    readonly kernarg: KernargBlock | null,
    /** Retained already; released when the launch is over. */
    readonly uses: readonly Resource[],
    readonly signal: AbortSignal | undefined,
    readonly timeout: number,
  ) {}

  write(packet: DataView): number {
    writeKernelDispatch(packet, this.dispatch);
    return DISPATCH_HEADER;
  }
  release(): void {
    if (this.kernarg !== null) this.kernargs.give(this.kernarg);
    for (const used of this.uses) used.release();
  }
}
