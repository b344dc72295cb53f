/**
 * The arguments that the compiler adds and the launcher fills.
 *
 * Source: AMDGPU backend's user guide, code object metadata v3 to v5 (`.value_kind` hidden_*).
 *
 * @packageDocumentation
 */
import type { KernelArgument } from "../codeobject/index.js";
import { AMD_QUEUE, type HsaRuntime, type KernelDispatch, writeUint64 } from "../hsa/index.js";

/** The upper halves of the addresses at which flat instructions find LDS and scratch. */
export interface Apertures {
  readonly sharedBaseHigh: number;
  readonly privateBaseHigh: number;
}

/** What the runtime notes in a queue: its address is that of the hsa_queue_t. */
export function aperturesOf(runtime: HsaRuntime, queueAddress: number): Apertures {
  const words = new Uint32Array(2);
  runtime.copySync(words, queueAddress + AMD_QUEUE.group_segment_aperture_base_hi, words.byteLength);
  return { sharedBaseHigh: words[0] as number, privateBaseHigh: words[1] as number };
}

export interface HiddenValues {
  readonly geometry: Pick<KernelDispatch, "dimensions" | "grid" | "workgroup">;
  /** Beyond the kernel's fixed LDS. */
  readonly dynamicLdsBytes: number;
  readonly queueAddress: number;
  readonly apertures: Apertures;
}

const AXIS = { x: 0, y: 1, z: 2 } as const;

/** Writes one hidden argument; `at` is its place in the view. Every byte of it is written: blocks are used again. */
export function writeHidden(view: DataView, at: number, argument: KernelArgument, values: HiddenValues): void {
  const { kind, size } = argument;
  const { grid, workgroup, dimensions } = values.geometry;
  const axis = AXIS[kind.slice(-1) as keyof typeof AXIS];
  switch (kind) {
    // Whole workgroups only: a partial one is counted by the remainder.
    case "hidden_block_count_x":
    case "hidden_block_count_y":
    case "hidden_block_count_z":
      view.setUint32(at, Math.floor(grid[axis] / workgroup[axis]), true);
      return;
    case "hidden_group_size_x":
    case "hidden_group_size_y":
    case "hidden_group_size_z":
      view.setUint16(at, workgroup[axis], true);
      return;
    case "hidden_remainder_x":
    case "hidden_remainder_y":
    case "hidden_remainder_z":
      view.setUint16(at, grid[axis] % workgroup[axis], true);
      return;
    case "hidden_grid_dims":
      view.setUint16(at, dimensions, true);
      return;
    case "hidden_dynamic_lds_size":
      view.setUint32(at, values.dynamicLdsBytes, true);
      return;
    case "hidden_private_base":
      view.setUint32(at, values.apertures.privateBaseHigh, true);
      return;
    case "hidden_shared_base":
      view.setUint32(at, values.apertures.sharedBaseHigh, true);
      return;
    case "hidden_queue_ptr":
      writeUint64(view, at, values.queueAddress);
      return;
    // Global offsets (launches begin at work-item 0), and services that this package does not offer: a null pointer says so.
    default:
      for (let i = 0; i < size; i++) view.setUint8(at + i, 0);
  }
}

/** Whether a kernel asks for something that only the queue knows. */
export function needsQueue(argument: KernelArgument): boolean {
  return (
    argument.kind === "hidden_queue_ptr" ||
    argument.kind === "hidden_private_base" ||
    argument.kind === "hidden_shared_base"
  );
}
