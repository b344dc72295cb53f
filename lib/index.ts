/// <reference lib="esnext.disposable" preserve="true" />
/// <reference types="node" preserve="true" />
/**
 * gcn-offload: launches precompiled AMD GPU code objects through the real HSA runtime, on a GPU or on the software GPU beneath it.
 *
 * @packageDocumentation
 */

export type { CodeObject, Kernel as KernelMetadata, KernelArgument } from "./codeobject/index.js";
export {
  CodeObjectError,
  type CodeObjectErrorCode,
  listBundle,
  parseCodeObject,
  selectCodeObject,
  validateCodeObject,
} from "./codeobject/index.js";
export {
  AddressArgument,
  address,
  BytesArgument,
  bytes,
  f16,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type LaunchArgument,
  LocalArgument,
  local,
  ScalarArgument,
  type ScalarKind,
  u8,
  u16,
  u32,
  u64,
} from "./device/arguments.js";
export { Buffer, type MemoryKind, type Range, type TypedArray, type TypedArrayConstructor } from "./device/buffer.js";
export { Code, type LoadOptions } from "./device/code.js";
export { type AllocOptions, Device, type DeviceStats } from "./device/device.js";
export type { Extent } from "./device/geometry.js";
export { Kernel, type LaunchOptions } from "./device/kernel.js";
export { type OpenOptions, open, Runtime } from "./device/runtime.js";
export { DeviceError, type DeviceErrorCode, OffloadError, type OffloadErrorCode } from "./errors.js";
export * as hsa from "./hsa/index.js";
export { HsaError, type SoftwareFault } from "./hsa/index.js";
export type { LaunchResult } from "./launch/launch.js";
export { LaunchQueue, type QueueStats } from "./launch/launch-queue.js";
export * as libgomp from "./libgomp/index.js";
export * as openacc from "./openacc/index.js";
export * as plugin from "./plugin/index.js";
export * as target from "./target/index.js";
export {
  LaunchPlan,
  type MapOptions,
  map,
  Offload,
  type OffloadOptions,
  offload,
  type TargetOptions,
} from "./target/index.js";
