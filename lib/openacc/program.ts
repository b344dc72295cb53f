/**
 * A program's OpenACC regions on a GPU: what `open()` answers is OpenACC on the program's device, with its regions by their names.
 *
 *     await using acc = await open("app-openacc");
 *     void acc.enterData([clause.copyin(x), clause.create(y)], { async: 1 });
 *     void acc.parallel("saxpy._omp_fn.0", [clause.present(x), clause.present(y), clause.firstprivate(i32(n))], { async: 1 });
 *     await acc.exitData([clause.delete(x), clause.copyout(y)], { async: 1 });
 *
 * @packageDocumentation
 */
import { readFile } from "node:fs/promises";
import { OffloadError } from "../errors.js";
import { HsaError } from "../hsa/index.js";
import { readEnvironment } from "../plugin/gcn/environment.js";
import type { LoadedImage } from "../plugin/index.js";
import type { Program } from "../target/options.js";
import { type PluginOptions, ProgramPlugin } from "../target/program_plugin.js";
import { TargetDevice, type TargetDeviceOptions } from "../target/target_device.js";
import { options as checkedOptions, integer, object } from "../validate.js";
import { type HostBodies, HostFunctions } from "./host.js";
import { OpenAcc } from "./openacc.js";

/** `environment`: beside the plugin's, `ACC_DEVICE_TYPE` and `ACC_DEVICE_NUM`. */
export interface OpenaccOptions extends TargetDeviceOptions, PluginOptions {
  /**
   * The host's own form of each function, by its name: run where there is no device, where the device has not the function, and where a
   * construct's `if` or `self` says so. It gets the values of its items, in their order.
   */
  readonly fallback?: HostBodies;
  /** Of the device; by default `ACC_DEVICE_NUM`, or 0. */
  readonly number?: number;
}

const OPTIONS = ["plugin", "device", "fallback", "number", "environment", "output", "missing"] as const;

/**
 * Opens the device and loads the program's code there. Where `ACC_DEVICE_TYPE` is `host` that is the host; and where there is no device,
 * if there is a fallback, unless `ACC_DEVICE_TYPE` is `radeon` or `GCN_SUPPRESS_HOST_FALLBACK` is set.
 *
 * @throws HsaError where no runtime can be opened; OffloadError `ERR_OFFLOAD_NO_DEVICE`, and that and CodeObjectError for a program without
 *   code for the device.
 */
export async function open(program: Program, options: OpenaccOptions = {}): Promise<OpenAcc> {
  const {
    plugin,
    environment = process.env,
    fallback,
    missing,
  } = checkedOptions("openacc.open's options", options, OPTIONS);
  object("environment", environment);
  if (fallback !== undefined) object("fallback", fallback);
  const { number = deviceNumber(environment.ACC_DEVICE_NUM) } = options;
  const type = deviceType(environment.ACC_DEVICE_TYPE);
  const image = typeof program === "string" || program instanceof URL ? await readFile(program) : program;
  if (type === "host") return onHost(fallback ?? {});
  const mayFallBack = type === null && fallback !== undefined && !readEnvironment(environment).suppressHostFallback;
  const on = openPlugin(plugin === undefined ? { ...options, environment } : options, mayFallBack);
  if (on === null) return onHost(fallback ?? {});
  try {
    const target = new TargetDevice(on.plugin, integer("number", number), missing === undefined ? {} : { missing });
    return new ProgramAcc(target, on, on.plugin.loadImage(number, image), fallback);
  } catch (error) {
    on.dispose([]);
    throw error;
  }
}

/** Null: there is no device, and there need not be one. */
function openPlugin(options: PluginOptions, mayFallBack: boolean): ProgramPlugin | null {
  let on: ProgramPlugin;
  try {
    on = ProgramPlugin.open("openacc.open's options", options);
  } catch (error) {
    if (error instanceof HsaError && mayFallBack) return null;
    throw error;
  }
  if (!mayFallBack || on.plugin.getNumDevices() > 0) return on;
  on.dispose([]);
  return null;
}

function onHost(fallback: HostBodies): OpenAcc {
  const { device, all } = new HostFunctions(fallback);
  return new OpenAcc(device, { functions: all });
}

class ProgramAcc extends OpenAcc {
  readonly #plugin: ProgramPlugin;
  readonly #image: LoadedImage;
  #disposed = false;

  constructor(device: TargetDevice, plugin: ProgramPlugin, image: LoadedImage, fallback: HostBodies | undefined) {
    const { functions, variables } = image;
    super(device, { functions, variables, ...(fallback === undefined ? {} : { fallback }) });
    this.#plugin = plugin;
    this.#image = image;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      await super[Symbol.asyncDispose]();
    } finally {
      this.#plugin.dispose([this.#image]);
    }
  }
}

function deviceNumber(text: string | undefined): number {
  const number = Number(text ?? "0");
  if (text !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `ACC_DEVICE_NUM is "${text}": it is the number of a device`);
}

/** The names as libgomp has them; null: any. */
function deviceType(text = ""): "host" | "radeon" | null {
  const type = text.toLowerCase();
  if (type === "") return null;
  if (type === "host" || type === "radeon") return type;
  throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `ACC_DEVICE_TYPE is "${text}": there may be radeon, and host`);
}
