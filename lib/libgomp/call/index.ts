/** The real libgomp, driven from JavaScript. */
export {
  type DataOptions,
  type LaunchOptions,
  Libgomp,
  type LibgompDataRegion,
  type NowaitLaunch,
  type NowaitOptions,
} from "./libgomp.js";
export { type BytePlace, LibgompMemory } from "./memory.js";
export { type LibgompOptions, open } from "./open.js";
export { ProgramFunction, RegisteredProgram, type RegisterOptions } from "./program.js";
export type { Release } from "./release.js";
