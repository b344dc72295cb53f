/** `gcn-offload exec`: any ROCm program on the software GPU. */
import { CONFIG, chooseDevice, DEFAULT_SOFTWARE_CONFIG, thunkFolder, thunkLibrary } from "../hsa/locate.js";
import { runChild } from "./child.js";
import { type Command, InputError } from "./command.js";

/** What a program's environment needs so that its ROCr finds the software GPU: LD_LIBRARY_PATH wins over ROCr's RUNPATH. */
export function environment(
  config: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const path = [thunkFolder, env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { ...env, LD_LIBRARY_PATH: path, GCN_OFFLOAD_DEVICE: `software:${config}` };
}

/** The software GPU that is asked for: `--gpu`, else what the environment says, else the default. */
export function configuration(gpu: string | undefined): string {
  if (gpu !== undefined) {
    if (!CONFIG.test(gpu))
      throw new InputError(`--gpu ${gpu} is not understood: say gfx906, gfx90a*2, or gfx900,gfx906`);
    return gpu;
  }
  const setting = process.env.GCN_OFFLOAD_DEVICE;
  if (setting?.startsWith("software")) return chooseDevice(setting).config ?? DEFAULT_SOFTWARE_CONFIG;
  return DEFAULT_SOFTWARE_CONFIG;
}

export const exec: Command = {
  name: "exec",
  usage: "[--gpu gfx906[*N]] -- PROGRAM ARGS…",
  summary: "Runs a ROCm program on the software GPU: its ROCr finds our libhsakmt.so.1 in place of the driver's.",
  details: [
    "The program's exit status is passed through (127: it was not found). Signals are passed on to it.",
    "It has to use a ROCr that loads libhsakmt.so.1 (5.2 to 6.2; 6.3 and 6.4 have it linked in).",
  ].join("\n"),
  options: {
    gpu: {
      type: "string",
      value: "GPU[*N]",
      help: `gfx900, gfx906 or gfx90a, and how many (default ${DEFAULT_SOFTWARE_CONFIG})`,
    },
  },
  passesOn: true,
  async run({ values, positionals }) {
    const [program, ...words] = positionals;
    if (program === undefined) throw new InputError("exec needs a program: gcn-offload exec -- PROGRAM ARGS…");
    const config = configuration(values.get("gpu"));
    thunkLibrary();
    return runChild(program, words, { env: environment(config, process.env) });
  },
};
