/**
 * What goes wrong above HSA: a launch that is refused, and a launch that failed on the device.
 *
 * @packageDocumentation
 */
import type { SoftwareFault } from "./hsa/index.js";

/** Stable codes of refusals: nothing has been written or launched when one of these is thrown. */
export type OffloadErrorCode =
  /** More or fewer arguments than the kernel has. */
  | "ERR_OFFLOAD_ARGUMENT_COUNT"
  /** An argument of another kind than the kernel's: a scalar for a buffer, an integer for a float … */
  | "ERR_OFFLOAD_ARGUMENT_KIND"
  /** Another size than the kernel's. */
  | "ERR_OFFLOAD_ARGUMENT_SIZE"
  /** A buffer where the kernel wants LDS, or LDS where it wants a buffer. */
  | "ERR_OFFLOAD_ARGUMENT_ADDRESS_SPACE"
  /** A buffer that this device cannot reach. */
  | "ERR_OFFLOAD_ARGUMENT_DEVICE"
  /** A grid of no work-items, or larger than the agent's limit. */
  | "ERR_OFFLOAD_GRID"
  /** A workgroup over a limit, or not the one that the kernel was compiled for. */
  | "ERR_OFFLOAD_WORKGROUP"
  /** More LDS than a workgroup can have. */
  | "ERR_OFFLOAD_LDS"
  | "ERR_OFFLOAD_UNKNOWN_KERNEL"
  | "ERR_OFFLOAD_UNKNOWN_VARIABLE"
  | "ERR_OFFLOAD_NO_DEVICE"
  /** A buffer, code object, queue, device or runtime used after its disposal, or disposed while a launch was in flight. */
  | "ERR_OFFLOAD_DISPOSED"
  /** The device has no memory left for an allocation. */
  | "ERR_OFFLOAD_OUT_OF_MEMORY"
  /** The memory is not what the call needs: a kind that the device does not have, or a view where the host cannot reach. */
  | "ERR_OFFLOAD_MEMORY_KIND"
  /** A session's calls came in an order that makes no launch, or twice. */
  | "ERR_OFFLOAD_SESSION_STATE"
  /** A session was run with a function of another device. */
  | "ERR_OFFLOAD_SESSION_DEVICE"
  /** A target variable table that no session can have. */
  | "ERR_OFFLOAD_SESSION_TABLE"
  /** Something that is no image for the plugin, or none for the device. */
  | "ERR_OFFLOAD_IMAGE"
  /** A C plugin that cannot be opened, lacks a function or failed; or something that it cannot do. */
  | "ERR_OFFLOAD_PLUGIN"
  /** The real libgomp cannot be opened, lacks a function, or the process that it ran in has gone. */
  | "ERR_OFFLOAD_LIBGOMP"
  /** A data region that is not the innermost was to end. */
  | "ERR_OFFLOAD_REGION_ORDER"
  /** A host program, or what it needs, that cannot be opened, or has no main. */
  | "ERR_OFFLOAD_PROGRAM"
  /** An asynchronous queue that is not the plugin's. */
  | "ERR_OFFLOAD_QUEUE"
  /** A range that does not lie in one allocation of the device. */
  | "ERR_OFFLOAD_ADDRESS"
  /** Host memory that cannot be mapped: detached, resizable, or a range outside of its buffer. */
  | "ERR_OFFLOAD_HOST_MEMORY"
  /** Something that has to be mapped is not. */
  | "ERR_OFFLOAD_NOT_MAPPED"
  /** A range that overlaps another which is mapped, and does not lie in it. */
  | "ERR_OFFLOAD_OVERLAP"
  /** A pointer that is attached, or detached, and cannot be. */
  | "ERR_OFFLOAD_ATTACH"
  /** A map kind that a construct does not take, or a map list that makes no sense. */
  | "ERR_OFFLOAD_MAP_KIND";

/** Stable codes of launches that failed on the device. */
export type DeviceErrorCode =
  /** A kernel reached memory that is not mapped for the device, or not in that way. */
  | "ERR_OFFLOAD_MEMORY_FAULT"
  | "ERR_OFFLOAD_ILLEGAL_INSTRUCTION"
  /** An instruction of the target that the software GPU does not implement. */
  | "ERR_OFFLOAD_UNSUPPORTED_INSTRUCTION"
  /** A trap: an assertion, abort(), or a hardware exception. */
  | "ERR_OFFLOAD_EXCEPTION"
  /** The launch asked for more scratch, LDS or registers than the device gives. */
  | "ERR_OFFLOAD_LAUNCH_RESOURCES"
  /** The kernel called exit(); `exitCode` has the status. Its other threads may not have come to their end. */
  | "ERR_OFFLOAD_EXIT"
  /** The kernel called abort(). */
  | "ERR_OFFLOAD_ABORT"
  /** The launch did not end in time. */
  | "ERR_OFFLOAD_TIMEOUT"
  /** The launch had not run to its end when its queue was lost to another launch. `cause` tells why. */
  | "ERR_OFFLOAD_QUEUE_LOST"
  /** Any other failure that the queue reported; `status` tells which. */
  | "ERR_OFFLOAD_DEVICE";

/** A call that is refused before anything was done. */
export class OffloadError extends Error {
  override readonly name: string = "OffloadError";

  constructor(
    readonly code: OffloadErrorCode | DeviceErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface DeviceErrorFacts {
  /** The kernel's name. */
  readonly kernel: string;
  /** HSA's status, where it reported one. */
  readonly status?: number | null;
  /** The faulting address, where it is known. */
  readonly address?: number | null;
  /** What lies at the address, or nearest to it. */
  readonly owner?: string | null;
  /** What the software GPU saw. */
  readonly fault?: SoftwareFault | null;
  readonly hint?: string | null;
  /** What the kernel handed to exit(). */
  readonly exitCode?: number | null;
  readonly cause?: unknown;
}

/** A launch that failed on the device. The device goes on, with a new queue. */
export class DeviceError extends OffloadError {
  override readonly name = "DeviceError";
  readonly kernel: string;
  readonly status: number | null;
  readonly address: number | null;
  readonly owner: string | null;
  /** What the software GPU saw, in a line: the instruction, its place in the source, its wave, the memory nearby. */
  readonly detail: string | null;
  /** The same in parts. Null on hardware. */
  readonly fault: SoftwareFault | null;
  readonly hint: string | null;
  /** What the kernel handed to exit(); null where it did not. */
  readonly exitCode: number | null;

  constructor(code: DeviceErrorCode, what: string, facts: DeviceErrorFacts) {
    const { address = null, owner = null, fault = null, hint = null } = facts;
    const detail = fault?.text ?? null;
    const where = address === null ? "" : ` at address ${hex(address)}`;
    const lines = [`kernel ${facts.kernel}: ${what}${where}${owner ? `, ${owner}` : ""}`, detail, hint];
    super(code, lines.filter(Boolean).join(". "), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kernel = facts.kernel;
    this.status = facts.status ?? null;
    this.address = address;
    this.owner = owner;
    this.detail = detail;
    this.fault = fault;
    this.hint = hint;
    this.exitCode = facts.exitCode ?? null;
  }
}

export const hex = (address: number): string => `0x${address.toString(16)}`;

/** The form in which sizes stand in messages. */
export function bytesText(bytes: number): string {
  if (bytes < 1024 || bytes % 1024 !== 0) return `${bytes} byte${bytes === 1 ? "" : "s"}`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value} ${units[unit]}`;
}
