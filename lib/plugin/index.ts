/** Offload plugins: libgomp's contract with them, its sessions, the GCN plugin, a C plugin of libgomp's and the host fallback. */
export { ForeignPlugin, type ForeignPluginOptions } from "./foreign/foreign_plugin.js";
export { GcnAsyncQueue } from "./gcn/async_queue.js";
export type { GcnPluginOptions } from "./gcn/gcn_context.js";
export { GcnFunction } from "./gcn/gcn_function.js";
export type { GcnImage, GcnImageSource } from "./gcn/gcn_image.js";
export { GcnModule } from "./gcn/gcn_module.js";
export { GcnPlugin } from "./gcn/gcn_plugin.js";
export type { FoundAbi, KernelAbi } from "./gcn/kernel_abi.js";
export { type HostBody, HostFunction, type HostImage, HostPlugin } from "./host/host_plugin.js";
export { type KernelAttributes, readLaunchAttributes } from "./launch_attributes.js";
export * from "./plugin.js";
export { Session, type SessionCall, type SessionState } from "./session.js";
