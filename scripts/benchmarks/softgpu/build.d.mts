/** One kernel or copy. Times in nanoseconds, medians. */
export interface Result {
  name: string;
  wall: number;
  /** The least of `wall`. */
  best: number;
  /** Processor time of the software GPU's threads, and of the peer's. */
  worker: number;
  native: number;
  /** Wave-instructions of a kernel. */
  instructions?: number;
  /** Of a copy. */
  bytes?: number;
}
export function build(target: string, folder: string): { program: string; object: string };
export function buildReduction(target: string, folder: string): string | null;
export function run(target: string, threads: number, program: string, words: readonly (string | number)[]): Result[];
