/** Opens the real libgomp, in this process or in one of its own. */
import type { OffloadPlugin } from "../../plugin/index.js";
import { options as checkedOptions } from "../../validate.js";
import { Libgomp } from "./libgomp.js";
import { LocalDriver } from "./local_driver.js";

export interface LibgompOptions {
  /** A path, or a name for the loader; by default what `LIBGOMP_LIB` says, else `libgomp.so.1`. A process has one libgomp. */
  readonly library?: string;
  /** In place of `GCN_OFFLOAD_DEVICE`: the devices beneath. */
  readonly device?: string;
  /** What libgomp has for a GCN plugin, in place of GCC's own (`libgomp-plugin-gcn.so.1`). A process has one. */
  readonly plugin?: OffloadPlugin;
}

const OPTIONS = ["library", "device", "plugin"] as const;

/**
 * libgomp, with a native thread of its own, on which its functions are called one after the other.
 *
 * @throws OffloadError `ERR_OFFLOAD_LIBGOMP` for a library that cannot be opened, or lacks a function, which is named; `ERR_OFFLOAD_PLUGIN`
 * for a libgomp that looks for no plugins, or has another already; HsaError as `open`, unless `OMP_TARGET_OFFLOAD` is disabled.
 */
export async function open(options: LibgompOptions = {}): Promise<Libgomp> {
  const given = checkedOptions("libgomp.open's options", options, OPTIONS);
  const opened: { libgomp?: Libgomp } = {};
  const hostCall = (launch: number | null): Promise<void> => opened.libgomp?.hostCall(launch) ?? Promise.resolve();
  opened.libgomp = new Libgomp(await LocalDriver.open(given, hostCall));
  return opened.libgomp.prepare();
}
