/** OpenACC's entry points of libgomp: constructs, dynamic lifetimes, queues and memory routines over a target device. */
export { ASYNC, AsyncQueues } from "./async_queues.js";
export { clause, finalized, ifPresent } from "./clauses.js";
export type { AsyncOptions } from "./construct.js";
export { data, QueuedDataRegion } from "./data.js";
export { enterData } from "./enter_data.js";
export { exitData } from "./exit_data.js";
export type { HostBodies } from "./host.js";
export { AccMemory } from "./memory.js";
export {
  type Condition,
  type DataOptions,
  type Dimensions,
  type ExitDataOptions,
  type HostDataOptions,
  OpenAcc,
  type OpenaccProgram,
  type ParallelOptions,
  type SyncParallelOptions,
  type UpdateOptions,
} from "./openacc.js";
export { parallel, parallelAsync } from "./parallel.js";
export { type OpenaccOptions, open } from "./program.js";
export { QueueCopier } from "./queue_copier.js";
export { update } from "./update.js";
