/** Who executes sequences: the real libgomp, and lib/target. */

import type { Trace } from "./observation.js";
import type { Operation, Sequence } from "./operation.js";

/** A sequence with its ends and its drain (`completed`). */
export interface Run {
  readonly sequence: Sequence;
  readonly operations: readonly Operation[];
}

export interface Executor {
  /** In order, one trace for each sequence. */
  run(runs: readonly Run[]): AsyncIterable<Trace>;
}
