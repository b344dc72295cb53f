/** The real libgomp, driven from JavaScript. */
export type { BytePlace } from "../../target/array_places.js";
export { Libgomp } from "./libgomp.js";
export { LibgompMemory } from "./memory.js";
export { type LibgompOptions, open } from "./open.js";
export type { DataOptions, LaunchOptions, LibgompDataRegion, NowaitLaunch, NowaitOptions } from "./options.js";
export { ProgramFunction, RegisteredProgram, type RegisterOptions } from "./program.js";
export type { Release } from "./release.js";
