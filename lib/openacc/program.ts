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
import type { LoadedImage } from "../plugin/index.js";
import type { Program } from "../target/options.js";
import { type PluginOptions, ProgramPlugin } from "../target/program_plugin.js";
import { TargetDevice, type TargetDeviceOptions } from "../target/target_device.js";
import { options as checkedOptions, integer } from "../validate.js";
import { OpenAcc } from "./openacc.js";

/** `environment`: beside the plugin's, `ACC_DEVICE_NUM`. */
export interface OpenaccOptions extends TargetDeviceOptions, PluginOptions {
  /** Of the device; by default `ACC_DEVICE_NUM`, or 0. */
  readonly number?: number;
}

const OPTIONS = ["plugin", "device", "number", "environment", "output", "missing"] as const;

/**
 * Opens the device and loads the program's code there.
 *
 * @throws HsaError where no runtime can be opened; OffloadError `ERR_OFFLOAD_NO_DEVICE`, and that and CodeObjectError for a program without
 *   code for the device.
 */
export async function open(program: Program, options: OpenaccOptions = {}): Promise<OpenAcc> {
  const { plugin, environment = process.env, missing } = checkedOptions("openacc.open's options", options, OPTIONS);
  const { number = deviceNumber(environment.ACC_DEVICE_NUM) } = options;
  const image = typeof program === "string" || program instanceof URL ? await readFile(program) : program;
  const on = ProgramPlugin.open("openacc.open's options", plugin === undefined ? { ...options, environment } : options);
  try {
    const target = new TargetDevice(on.plugin, integer("number", number), missing === undefined ? {} : { missing });
    return new ProgramAcc(target, on, on.plugin.loadImage(number, image));
  } catch (error) {
    on.dispose([]);
    throw error;
  }
}

class ProgramAcc extends OpenAcc {
  readonly #plugin: ProgramPlugin;
  readonly #image: LoadedImage;
  #disposed = false;

  constructor(device: TargetDevice, plugin: ProgramPlugin, image: LoadedImage) {
    super(device, image.functions);
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
