/**
 * A launch of an offloaded function: its kernel-argument block made ready, its packet, and what its end says.
 *
 * Source: plugin-gcn.c (run_kernel, create_kernel_dispatch) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { DeviceError } from "../../errors.js";
import { DISPATCH_HEADER, KERNEL_DISPATCH, writeKernelDispatch, writeUint64 } from "../../hsa/index.js";
import { type Apertures, writeHidden } from "../../launch/hidden-arguments.js";
import type { PreparedLaunch } from "../../launch/launch.js";
import type { Ephemeral } from "./ephemeral_memory.js";
import type { GcnFunction } from "./gcn_function.js";
import { KERNEL_ARGUMENTS, type KernelArgumentBlock } from "./kernel_arguments.js";
import type { LaunchShape } from "./launch_shape.js";

/** Writes what the header says of this function, this shape and this memory, where it says something else, and points it to the table. */
export function prepareBlock(
  block: KernelArgumentBlock,
  fn: GcnFunction,
  shape: LaunchShape,
  ephemeral: Ephemeral | null,
  table: number,
): void {
  if (block.shape !== shape || block.ephemeral !== ephemeral) writeHeader(block, fn, shape, ephemeral);
  if (fn.takesTable) block.pointTo(table);
  block.prepare();
}

function writeHeader(
  block: KernelArgumentBlock,
  fn: GcnFunction,
  shape: LaunchShape,
  ephemeral: Ephemeral | null,
): void {
  const { header } = block;
  block.shape = shape;
  block.ephemeral = ephemeral;
  if (fn.abi === "plain") {
    const hidden = fn.metadata.arguments.filter((argument) => argument.hidden);
    if (hidden.length === 0) return;
    for (const argument of hidden) writeHidden(header, argument.offset, argument, hiddenValues(shape, NO_QUEUE));
    block.queue = NO_QUEUE.address;
    block.forgetTable();
    return;
  }
  const { heap } = fn.module;
  const arena = ephemeral !== null && shape.arenaBytes > 0 ? ephemeral.address : 0;
  const stack = ephemeral !== null && shape.stackBytes > 0 ? ephemeral.address + shape.arenaBytes : 0;
  writeUint64(header, KERNEL_ARGUMENTS.output, block.outputAddress);
  writeUint64(header, KERNEL_ARGUMENTS.heap, heap === null ? 0 : heap.address);
  writeUint64(header, KERNEL_ARGUMENTS.arena, arena);
  writeUint64(header, KERNEL_ARGUMENTS.stack, stack);
  header.setInt32(KERNEL_ARGUMENTS.arenaBytesPerTeam, shape.arenaBytesPerTeam, true);
  header.setInt32(KERNEL_ARGUMENTS.stackBytesPerThread, shape.stackBytesPerThread, true);
}

/** What a kernel may be told of its queue. */
export interface QueuePlace {
  /** Of the hsa_queue_t. */
  readonly address: number;
  readonly apertures: Apertures;
}
const NO_QUEUE: QueuePlace = { address: 0, apertures: { sharedBaseHigh: 0, privateBaseHigh: 0 } };

const hiddenValues = (shape: LaunchShape, { address, apertures }: QueuePlace) => ({
  geometry: shape.dispatch,
  dynamicLdsBytes: 0,
  queueAddress: address,
  apertures,
});

/** Tells a kernel that asks of the queue that its packet is about to go to: not before, for a queue that fails is replaced. */
export function tellQueue(fn: GcnFunction, shape: LaunchShape, block: KernelArgumentBlock, queue: QueuePlace): void {
  if (fn.queueArguments.length === 0 || block.queue === queue.address) return;
  block.queue = queue.address;
  for (const argument of fn.queueArguments) {
    writeHidden(block.header, argument.offset, argument, hiddenValues(shape, queue));
  }
}

/** SIGABRT, as newlib's abort raises it. */
const ABORTED = 6;

/** What a kernel's return value means: exit() and abort() are errors of its launch. */
export function mustEndNormally(kernel: string, value: number): void {
  const upper = value >>> 16;
  if (upper === 0xcafe) return;
  if (upper !== 0xffff) {
    throw new DeviceError("ERR_OFFLOAD_DEVICE", `its exit value 0x${(value >>> 0).toString(16)} is damaged`, {
      kernel,
      hint: "A kernel wrote beyond its memory, perhaps",
    });
  }
  const signal = (value >>> 8) & 0xff;
  if (signal !== 0) {
    throw new DeviceError("ERR_OFFLOAD_ABORT", signal === ABORTED ? "called abort()" : `raised signal ${signal}`, {
      kernel,
    });
  }
  const exitCode = value & 0xff;
  throw new DeviceError("ERR_OFFLOAD_EXIT", `called exit(${exitCode})`, { kernel, exitCode });
}

/** One that does not block its thread: in a queue, or on the way into one. Its function is retained by whoever makes it. */
export class GcnLaunch implements PreparedLaunch {
  readonly kernel: string;

  /** @param queue - which it goes to. */
  constructor(
    readonly fn: GcnFunction,
    readonly shape: LaunchShape,
    readonly block: KernelArgumentBlock,
    readonly timeout: number,
    private readonly queue: QueuePlace,
    private readonly over: (launch: GcnLaunch) => void,
  ) {
    this.kernel = fn.name;
  }

  write(packet: DataView): number {
    tellQueue(this.fn, this.shape, this.block, this.queue);
    writeKernelDispatch(packet, this.shape.dispatch);
    writeUint64(packet, KERNEL_DISPATCH.kernarg_address, this.block.blockAddress);
    return DISPATCH_HEADER;
  }
  release(): void {
    this.over(this);
  }
}
