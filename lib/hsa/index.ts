/** HSA as typed objects, a file per concept. The face (lib/index.ts) is made of these; they are there for who wants HSA itself. */
export { Agent, type AgentFacts } from "./agent.js";
export { CodeObjectReader } from "./code-object-reader.js";
export { codeOfStatus, explain, HsaError } from "./errors.js";
export { Executable } from "./executable.js";
export { chooseDevice, type DeviceChoice, locate, thunkFolder } from "./locate.js";
export { Memory } from "./memory.js";
export type * from "./native.js";
export * from "./packet.js";
export { Pool } from "./pool.js";
export { Queue } from "./queue.js";
export { GLOBAL_FLAG, Region } from "./region.js";
export { type HsaOpenOptions, HsaRuntime } from "./runtime.js";
export { Signal } from "./signal.js";
export { softwareInstructions } from "./software.js";
