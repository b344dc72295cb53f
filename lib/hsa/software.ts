/** What the software GPU tells of itself without being opened. */
import { addon } from "./addon.js";
import { guarded } from "./errors.js";
import { thunkLibrary } from "./locate.js";
import type { SoftwareInstruction } from "./native.js";

/**
 * What the software GPU implements of a target (`gfx906`), one entry for each encoding of each instruction; empty where it has no such
 * target. The library that is loaded for it shadows the driver's own thunk: a process that asks opens no hardware afterwards.
 */
export function softwareInstructions(target: string): SoftwareInstruction[] {
  return guarded(() => addon().softwareInstructions(thunkLibrary(), target));
}
