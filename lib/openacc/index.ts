/** OpenACC's entry points of libgomp: constructs, dynamic lifetimes, queues and memory routines over a target device. */
export { ASYNC, AsyncQueues } from "./async_queues.js";
export { clause, finalized, ifPresent } from "./clauses.js";
export type { AsyncOptions } from "./construct.js";
export { enterData } from "./enter_data.js";
export { exitData } from "./exit_data.js";
export { AccMemory } from "./memory.js";
export {
  type Dimensions,
  type ExitDataOptions,
  OpenAcc,
  type ParallelOptions,
  type UpdateOptions,
} from "./openacc.js";
export { data, parallel, parallelAsync } from "./parallel.js";
export { type OpenaccOptions, open } from "./program.js";
export { QueueCopier } from "./queue_copier.js";
export { update } from "./update.js";
