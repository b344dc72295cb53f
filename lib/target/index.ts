/** libgomp's host half: the device memory table, and the constructs that map variables for target regions. */
export { DataRegion, targetData, targetEnterData, targetExitData, targetUpdate } from "./data.js";
export { addressOf, hostMemory } from "./host_memory.js";
export type { MapItem } from "./map_item.js";
export { kindName, MAP } from "./map_kind.js";
export { openaccRegion, target, targetNowait } from "./target.js";
export { TargetDevice, type TargetDeviceOptions } from "./target_device.js";
