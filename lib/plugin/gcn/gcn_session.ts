/** A launch's session on a device: its arguments and its table, and how it ends in a launch. */
import { OffloadError } from "../../errors.js";
import { milliseconds } from "../../validate.js";
import { Session } from "../session.js";
import type { GcnAsyncQueue } from "./async_queue.js";
import type { GcnDevice } from "./gcn_device.js";
import type { GcnFunction } from "./gcn_function.js";
import type { KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";

export class GcnSession extends Session {
  /** @param owner - the plugin whose it is. */
  constructor(readonly owner: object) {
    super();
  }

  target: GcnDevice | null = null;
  /** The launch's arguments: from the table's allocation on, or from the launch. */
  block: KernelArgumentBlock | null = null;
  /** The address of a table that was set; 0: none. */
  table = 0;
}

/** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE` where the device has ended. */
export function targetOf(session: GcnSession): GcnDevice {
  if (session.target === null || session.target.ended)
    throw noDevice(session.device, "it has been finished while the session was under way");
  return session.target;
}

/** The session's device, where the function can be launched there. */
export function readyFor(session: GcnSession, fn: GcnFunction): GcnDevice {
  const target = targetOf(session);
  if (fn.problem !== null) {
    throw new OffloadError("ERR_OFFLOAD_ARGUMENT_COUNT", `kernel ${fn.name} cannot be offloaded: ${fn.problem}`);
  }
  fn.module.mustLive();
  return target;
}

/** The launch's arguments, which are the session's from now on. */
function argumentsOf(session: GcnSession, target: GcnDevice): KernelArgumentBlock {
  const { block } = session;
  if (block !== null) {
    session.table = block.address;
    return block;
  }
  session.block = target.blocks.take(0);
  return session.block;
}

/** @param timeout - milliseconds; by default the device's. */
export function runNow(
  session: GcnSession,
  target: GcnDevice,
  fn: GcnFunction,
  shape: LaunchShape,
  timeout: number | undefined,
): void {
  const block = argumentsOf(session, target);
  target.launches.run(fn, shape, block, session.table, limitOf(timeout, target));
}

export function runLater(
  session: GcnSession,
  target: GcnDevice,
  queue: GcnAsyncQueue,
  fn: GcnFunction,
  shape: LaunchShape,
  timeout: number | undefined,
): Promise<void> {
  const block = argumentsOf(session, target);
  return target.launches.launch(queue, fn, shape, block, session.table, limitOf(timeout, target));
}

/** Gives back what the session holds. */
export function releaseSession(session: GcnSession): void {
  if (session.block !== null) session.target?.blocks.give(session.block);
  session.block = null;
  session.target = null;
  session.table = 0;
}

/** 0: none. */
const limitOf = (timeout: number | undefined, target: GcnDevice): number =>
  timeout === undefined ? target.timeout : milliseconds("timeout", timeout);

export const noDevice = (device: number, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_NO_DEVICE", `device ${device} cannot be used: ${why}`);
