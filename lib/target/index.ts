/** libgomp's host half: the device memory table, the constructs that map variables for target regions, and their face for programs. */
export type { ArrayPlace, BytePlace, MemoryPlace } from "./array_places.js";
export type { Box } from "./box.js";
export { DataRegion, targetData, targetEnterData } from "./data.js";
export { targetExitData } from "./exit_data.js";
export { addressOf, hostMemory } from "./host_memory.js";
export { LaunchPlan } from "./launch_plan.js";
export { flatten, type MapList, type MapOptions, type Mappable, map, type TypedValue } from "./map.js";
export type { MapItem } from "./map_item.js";
export { kindName, MAP } from "./map_kind.js";
export { Offload, offload } from "./offload.js";
export { OmpMemory } from "./omp_memory.js";
export type { OffloadOptions, Program, TargetOptions } from "./options.js";
export type { PluginOptions } from "./program_plugin.js";
export { openaccRegion, target, targetNowait } from "./target.js";
export { TargetDevice, type TargetDeviceOptions } from "./target_device.js";
export { type Depend, TaskGraph } from "./tasks.js";
export { targetUpdate } from "./update.js";
