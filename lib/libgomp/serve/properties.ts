/** What acc_get_property asks a plugin for (`openacc_get_property`; libgomp-plugin.h, enum goacc_property). */
import type { DeviceProperty, OffloadPlugin } from "../../plugin/index.js";
import { writeText } from "../raw_memory.js";

/** Numbers, and texts with this bit. */
const TEXT = 0x10000;
const PROPERTIES: ReadonlyMap<number, DeviceProperty> = new Map([
  [1, "memory"],
  [2, "free-memory"],
  // Of the plugin library's own.
  [0x1000, "compute-units"],
  [TEXT | 1, "name"],
  [TEXT | 2, "vendor"],
  [TEXT | 3, "driver"],
]);

/** A number; of a text, which is written to `place`, 1. What the plugin does not know is 0. */
export function propertyOf(
  plugin: OffloadPlugin,
  device: number,
  property: number,
  place: number,
  room: number,
): number {
  const name = PROPERTIES.get(property);
  const value = name === undefined ? null : (plugin.getProperty?.(device, name) ?? null);
  if (value === null) return 0;
  if (typeof value === "number") return value;
  writeText(place, room, value);
  return 1;
}
