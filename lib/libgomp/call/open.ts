/** Opens the real libgomp, in this process or in one of its own. */
import { OffloadError } from "../../errors.js";
import type { OffloadPlugin } from "../../plugin/index.js";
import { options as checkedOptions, integer, invalidType, object, string } from "../../validate.js";
import { IsolatedDriver } from "./isolated_driver.js";
import { Libgomp } from "./libgomp.js";
import { LocalDriver } from "./local_driver.js";

export interface LibgompOptions {
  /** A path, or a name for the loader; by default what `LIBGOMP_LIB` says, else `libgomp.so.1`. A process has one libgomp. */
  readonly library?: string;
  /** In place of `GCN_OFFLOAD_DEVICE`: the devices beneath. */
  readonly device?: string;
  /**
   * In a process of its own, where what libgomp ends its process for (and a crash, or a kernel's exit()) is an error of the call: the others
   * then say that the process is gone. Host memory is copied there before a call that names it, and back after it, or when a data region or
   * a `nowait` launch is over. What lies in host memory as a pointer (`map.struct`, `map.attach`) leads nowhere there, and is refused.
   */
  readonly isolate?: boolean;
  /** Milliseconds that a call of an isolated libgomp has; then its process is ended. By default as long as it takes. */
  readonly timeout?: number;
  /** Variables of an isolated libgomp's process (`OMP_TARGET_OFFLOAD` …) beside this process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What libgomp has for a GCN plugin, in place of GCC's own (`libgomp-plugin-gcn.so.1`). A process has one. */
  readonly plugin?: OffloadPlugin;
}

/** Node's timers have no more. */
const MOST_MILLISECONDS = 2 ** 31 - 1;
const OPTIONS = ["library", "device", "isolate", "timeout", "environment", "plugin"] as const;

/**
 * libgomp, with a native thread of its own, on which its functions are called one after the other.
 *
 * @throws OffloadError `ERR_OFFLOAD_LIBGOMP` for a library that cannot be opened, or lacks a function, which is named; `ERR_OFFLOAD_PLUGIN`
 * for a libgomp that looks for no plugins, or has another already; HsaError as `open`, unless `OMP_TARGET_OFFLOAD` is disabled.
 */
export async function open(options: LibgompOptions = {}): Promise<Libgomp> {
  const {
    isolate = false,
    timeout,
    environment,
    plugin,
    ...where
  } = checkedOptions("libgomp.open's options", options, OPTIONS);
  for (const name of ["library", "device"] as const) if (where[name] !== undefined) string(name, where[name]);
  if (environment !== undefined) object("environment", environment);
  if (plugin !== undefined && typeof plugin?.initDevice !== "function") {
    throw invalidType("plugin", "an OffloadPlugin", plugin);
  }
  const opened: { libgomp?: Libgomp } = {};
  const hostCall = (launch: number | null): Promise<void> => opened.libgomp?.hostCall(launch) ?? Promise.resolve();
  const driver = isolate
    ? await IsolatedDriver.start({ ...where, ...isolation({ timeout, environment, plugin }) }, hostCall)
    : await LocalDriver.open({ ...where, ...presence({ timeout, environment, plugin }) }, hostCall);
  opened.libgomp = new Libgomp(driver);
  return opened.libgomp.prepare();
}

type Others = { [K in "timeout" | "environment" | "plugin"]: LibgompOptions[K] | undefined };

function isolation({ timeout, environment, plugin }: Others): Pick<LibgompOptions, "timeout" | "environment"> {
  if (plugin !== undefined)
    throw unfit("a plugin of this process's cannot serve a libgomp in another: leave out isolate");
  return {
    ...(timeout === undefined ? {} : { timeout: integer("timeout", timeout, 1, MOST_MILLISECONDS) }),
    ...(environment === undefined ? {} : { environment }),
  };
}

function presence({ timeout, environment, plugin }: Others): Pick<LibgompOptions, "plugin"> {
  if (timeout !== undefined) throw unfit("nothing ends a call in this process: a timeout needs isolate");
  if (environment !== undefined) throw unfit("libgomp reads this process's environment: another one needs isolate");
  return plugin === undefined ? {} : { plugin };
}

const unfit = (why: string): OffloadError => new OffloadError("ERR_OFFLOAD_LIBGOMP", why);
