/** What acc_get_property asks for (libgomp-plugin.h, enum goacc_property), as C plugins answer it. */
import type { DeviceProperty } from "../plugin.js";
import type { ForeignCalls } from "./foreign_calls.js";

/** Of a property whose value is a text. */
const TEXT = 0x10000;
const PROPERTIES: Readonly<Partial<Record<DeviceProperty, number>>> = {
  memory: 1,
  "free-memory": 2,
  name: TEXT | 1,
  vendor: TEXT | 2,
  driver: TEXT | 3,
};

/** Null: not known, which a plugin tells by 0. */
export function foreignProperty(calls: ForeignCalls, device: number, property: DeviceProperty): number | string | null {
  const number = PROPERTIES[property];
  if (number === undefined || !calls.native.hasOpenacc) return null;
  const value = calls.call((native) => native.getProperty(device, number));
  return value === 0 || value === "" ? null : value;
}
