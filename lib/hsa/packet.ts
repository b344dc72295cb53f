/**
 * AQL packets: where each field lies, and the writing of it into the 64 bytes that `NativeQueue.submit` publishes. The one place that
 * knows these layouts; a test compares the tables with the C headers.
 *
 * Source: HSA 1.2, 2.9 (hsa.h: hsa_kernel_dispatch_packet_t, hsa_barrier_and_packet_t, hsa_barrier_or_packet_t).
 *
 * @packageDocumentation
 */

/** Bytes of every packet. */
export const PACKET_BYTES = 64;

/** hsa_kernel_dispatch_packet_t */
export const KERNEL_DISPATCH = {
  header: 0,
  setup: 2,
  workgroup_size_x: 4,
  workgroup_size_y: 6,
  workgroup_size_z: 8,
  reserved0: 10,
  grid_size_x: 12,
  grid_size_y: 16,
  grid_size_z: 20,
  private_segment_size: 24,
  group_segment_size: 28,
  kernel_object: 32,
  kernarg_address: 40,
  reserved2: 48,
  completion_signal: 56,
} as const;

/** hsa_barrier_and_packet_t and hsa_barrier_or_packet_t, which are alike. */
export const BARRIER = {
  header: 0,
  reserved0: 2,
  reserved1: 4,
  dep_signal: 8,
  reserved2: 48,
  completion_signal: 56,
} as const;

/** Signals that one barrier packet can wait for. */
export const BARRIER_SIGNALS = 5;

/** The parts of amd_queue_t (amd_hsa_queue.h) that kernels ask the launcher for. */
export const AMD_QUEUE = {
  group_segment_aperture_base_hi: 64,
  private_segment_aperture_base_hi: 68,
} as const;

/** hsa_packet_type_t */
export const PACKET_TYPE = {
  VENDOR_SPECIFIC: 0,
  INVALID: 1,
  KERNEL_DISPATCH: 2,
  BARRIER_AND: 3,
  AGENT_DISPATCH: 4,
  BARRIER_OR: 5,
} as const;

/** hsa_fence_scope_t */
export const FENCE_SCOPE = { NONE: 0, AGENT: 1, SYSTEM: 2 } as const;

/** hsa_packet_header_t: the lowest bit of each field. */
export const HEADER = { TYPE: 0, BARRIER: 8, SCACQUIRE_FENCE_SCOPE: 9, SCRELEASE_FENCE_SCOPE: 11 } as const;

/** The 16 bits that publish a packet. */
export function packetHeader(
  type: number,
  barrier: boolean,
  acquire: number = FENCE_SCOPE.SYSTEM,
  release: number = FENCE_SCOPE.SYSTEM,
): number {
  return (
    (type << HEADER.TYPE) |
    (Number(barrier) << HEADER.BARRIER) |
    (acquire << HEADER.SCACQUIRE_FENCE_SCOPE) |
    (release << HEADER.SCRELEASE_FENCE_SCOPE)
  );
}

/** A launch that waits for what went before on its queue, and whose effects everybody sees. */
export const DISPATCH_HEADER = packetHeader(PACKET_TYPE.KERNEL_DISPATCH, true);

const TWO_32 = 2 ** 32;

/** An address or a size below 2^53 as eight little-endian bytes, without a BigInt. */
export function writeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_32, true);
  view.setUint32(offset + 4, Math.floor(value / TWO_32), true);
}

/** A dispatch: sizes in work-items and bytes, addresses as numbers. */
export interface KernelDispatch {
  /** 1 to 3. */
  readonly dimensions: number;
  readonly grid: readonly [number, number, number];
  readonly workgroup: readonly [number, number, number];
  /** Scratch per work-item. */
  readonly privateBytes: number;
  /** LDS per workgroup. */
  readonly groupBytes: number;
  readonly kernelObject: number;
  readonly kernargAddress: number;
}

/** Writes all but the header and the completion signal. */
export function writeKernelDispatch(view: DataView, dispatch: KernelDispatch): void {
  const { grid, workgroup } = dispatch;
  view.setUint16(KERNEL_DISPATCH.setup, dispatch.dimensions, true);
  view.setUint16(KERNEL_DISPATCH.workgroup_size_x, workgroup[0], true);
  view.setUint16(KERNEL_DISPATCH.workgroup_size_y, workgroup[1], true);
  view.setUint16(KERNEL_DISPATCH.workgroup_size_z, workgroup[2], true);
  view.setUint16(KERNEL_DISPATCH.reserved0, 0, true);
  view.setUint32(KERNEL_DISPATCH.grid_size_x, grid[0], true);
  view.setUint32(KERNEL_DISPATCH.grid_size_y, grid[1], true);
  view.setUint32(KERNEL_DISPATCH.grid_size_z, grid[2], true);
  view.setUint32(KERNEL_DISPATCH.private_segment_size, dispatch.privateBytes, true);
  view.setUint32(KERNEL_DISPATCH.group_segment_size, dispatch.groupBytes, true);
  writeUint64(view, KERNEL_DISPATCH.kernel_object, dispatch.kernelObject);
  writeUint64(view, KERNEL_DISPATCH.kernarg_address, dispatch.kernargAddress);
  writeUint64(view, KERNEL_DISPATCH.reserved2, 0);
}

/** Writes a barrier over up to five signals, by handle; header and completion signal are left to `submit`. */
export function writeBarrier(view: DataView, signals: readonly number[]): void {
  if (signals.length > BARRIER_SIGNALS) {
    throw new RangeError(`a barrier packet waits for at most ${BARRIER_SIGNALS} signals, not ${signals.length}`);
  }
  view.setUint16(BARRIER.reserved0, 0, true);
  view.setUint32(BARRIER.reserved1, 0, true);
  for (let i = 0; i < BARRIER_SIGNALS; i++) writeUint64(view, BARRIER.dep_signal + 8 * i, signals[i] ?? 0);
  writeUint64(view, BARRIER.reserved2, 0);
}
