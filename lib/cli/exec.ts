/** `gcn-offload exec`: any ROCm program on the software GPU. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CONFIG, chooseDevice, DEFAULT_SOFTWARE_CONFIG, thunkFolder, thunkLibrary } from "../hsa/locate.js";
import { type Command, InputError } from "./command.js";

/** Signals that a user or a supervisor sends to a program. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCONT", "SIGWINCH"] as const;

/** What a program's environment needs so that its ROCr finds the software GPU: LD_LIBRARY_PATH wins over ROCr's RUNPATH. */
export function environment(
  config: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const path = [thunkFolder, env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return { ...env, LD_LIBRARY_PATH: path, GCN_OFFLOAD_DEVICE: `software:${config}` };
}

/** The software GPU that is asked for: `--gpu`, else what the environment says, else the default. */
function configuration(gpu: string | undefined): string {
  if (gpu !== undefined) {
    if (!CONFIG.test(gpu))
      throw new InputError(`--gpu ${gpu} is not understood: say gfx906, gfx90a*2, or gfx900,gfx906`);
    return gpu;
  }
  const setting = process.env.GCN_OFFLOAD_DEVICE;
  if (setting?.startsWith("software")) return chooseDevice(setting).config ?? DEFAULT_SOFTWARE_CONFIG;
  return DEFAULT_SOFTWARE_CONFIG;
}

function start(program: string, words: readonly string[], config: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // Listened for before there is a program: a signal in between would end us and leave the program without anybody.
    const forwards = FORWARDED.map((signal) => {
      const forward = (): void => {
        child.kill(signal);
      };
      process.on(signal, forward);
      return () => process.off(signal, forward);
    });
    const child = spawn(program, words, { stdio: "inherit", env: environment(config, process.env) });
    const over = (): void => {
      for (const stop of forwards) stop();
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      over();
      // As the shell has it: 127 not found, 126 found and not executable.
      if (error.code === "ENOENT" || error.code === "EACCES") {
        console.error(`gcn-offload: ${program}: ${error.code === "ENOENT" ? "not found" : "cannot be executed"}`);
        resolve(error.code === "ENOENT" ? 127 : 126);
      } else {
        reject(error);
      }
    });
    child.on("exit", (code, signal) => {
      over();
      if (signal === null) {
        resolve(code ?? 0);
        return;
      }
      // Whoever waits for us is to see what the program died of.
      process.kill(process.pid, signal);
      // Signals that are ignored or caught by Node itself leave the shell's way of saying it.
      setTimeout(() => resolve(128 + constants.signals[signal]), 100);
    });
  });
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
    return start(program, words, config);
  },
};
