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
import { GcnPlugin } from "../plugin/index.js";
import type { Program } from "../target/offload.js";
import { TargetDevice, type TargetDeviceOptions } from "../target/target_device.js";
import { options as checkedOptions, integer } from "../validate.js";
import { OpenAcc } from "./openacc.js";

export interface OpenaccOptions extends TargetDeviceOptions {
  /** In place of `GCN_OFFLOAD_DEVICE`. */
  readonly device?: string;
  /** Of the device; by default `ACC_DEVICE_NUM`, or 0. */
  readonly number?: number;
  /** In place of the process's: `ACC_DEVICE_NUM`, `GCN_…`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gets what regions print. By default `process.stdout`. */
  readonly output?: { write(text: string): unknown };
}

const OPTIONS = ["device", "number", "environment", "output", "missing"] as const;

/**
 * Opens the device and loads the program's code there.
 *
 * @throws HsaError where no runtime can be opened; OffloadError `ERR_OFFLOAD_NO_DEVICE`, and that and CodeObjectError for a program without
 *   code for the device.
 */
export async function open(program: Program, options: OpenaccOptions = {}): Promise<OpenAcc> {
  const {
    device,
    environment = process.env,
    number = deviceNumber(environment.ACC_DEVICE_NUM),
    output,
    missing,
  } = checkedOptions("openacc.open's options", options, OPTIONS);
  const image = typeof program === "string" || program instanceof URL ? await readFile(program) : program;
  const plugin = GcnPlugin.open({
    environment,
    ...(device === undefined ? {} : { device }),
    ...(output === undefined ? {} : { output }),
  });
  try {
    const target = new TargetDevice(plugin, integer("number", number), missing === undefined ? {} : { missing });
    return new ProgramAcc(target, plugin, plugin.loadImage(number, image).functions);
  } catch (error) {
    plugin.dispose();
    throw error;
  }
}

class ProgramAcc extends OpenAcc {
  readonly #plugin: GcnPlugin;

  constructor(device: TargetDevice, plugin: GcnPlugin, functions: ConstructorParameters<typeof OpenAcc>[1]) {
    super(device, functions);
    this.#plugin = plugin;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#plugin.dispose();
  }
}

function deviceNumber(text: string | undefined): number {
  const number = Number(text ?? "0");
  if (text !== "" && Number.isSafeInteger(number) && number >= 0) return number;
  throw new OffloadError("ERR_OFFLOAD_NO_DEVICE", `ACC_DEVICE_NUM is "${text}": it is the number of a device`);
}
