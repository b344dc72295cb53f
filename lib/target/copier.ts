import type { DeviceBlock, MappedRange } from "./mapped_range.js";

/**
 * How a construct reaches the device: at once, as a TargetDevice does it itself, or in the turns of a queue (libgomp's functions take a
 * queue for that, or null). What it copies to the device is read when its turn comes: bytes that may have changed by then are copied by
 * whoever hands them over.
 */
export interface Copier {
  /** Small copies may be put together: those that are made at once. */
  readonly coalesces: boolean;
  copyTo(address: number, bytes: Uint8Array): void;
  copyFrom(bytes: Uint8Array, address: number): void;
  /** Of those who use a block one less, after the copies. */
  releaseBlock(block: DeviceBlock, deleted?: boolean): void;
  /** The range's block stays allocated until the copies are over, whoever unmaps it. */
  keep(range: MappedRange): void;
  /** The construct is refused: what waits for its turn is forgotten, and what is given back from now on goes at once. */
  refuse(): void;
}
