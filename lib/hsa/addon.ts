/**
 * Finds and loads the addon, at first use: importing the package works on a machine without it.
 *
 * @packageDocumentation
 */
import { createRequire } from "node:module";
import { HsaError } from "./errors.js";
import { packageFolder } from "./locate.js";
import type { Native } from "./native.js";
import type { NativeLibgomps } from "./native_libgomp.js";
import type { NativePrograms } from "./native_programs.js";

type Addon = Native & NativePrograms & NativeLibgomps;

let loaded: Addon | undefined;

/** @throws HsaError `ERR_HSA_ADDON_NOT_BUILT`. */
export function addon(): Addon {
  if (loaded === undefined) {
    const bindings = createRequire(import.meta.url)("bindings") as (options: object) => Addon;
    try {
      loaded = bindings({ bindings: "gcn_offload.node", module_root: packageFolder });
    } catch (error) {
      throw new HsaError("ERR_HSA_ADDON_NOT_BUILT", (error as Error).message.split("\n")[0], { cause: error });
    }
  }
  return loaded;
}
