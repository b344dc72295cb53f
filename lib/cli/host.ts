/** `gcn-offload host`: an OpenMP or OpenACC program under the real libgomp, with this package's plugin. */
import { fileURLToPath } from "node:url";
import { chooseDevice } from "../hsa/locate.js";
import { runChild } from "./child.js";
import { type Command, InputError } from "./command.js";
import { configuration } from "./exec.js";

const hostProcess = fileURLToPath(new URL("host_process.js", import.meta.url));

/** Milliseconds, of seconds in a text. */
function milliseconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!(seconds > 0) || seconds > 2e6) throw new InputError(`--timeout ${text} is no number of seconds`);
  return seconds * 1000;
}

export const host: Command = {
  name: "host",
  usage: "[--gpu gfx906[*N]] [--timeout SECONDS] [--libgomp FILE] PROGRAM.so ARGS…",
  summary: "Runs an OpenMP or OpenACC program under the real libgomp, with this package's plugin in place of GCC's.",
  details: [
    "The program is a shared object with a main: compile and link it with -shared -fPIC beside -fopenmp and -foffload=amdgcn-amdhsa.",
    "Its exit status is passed through (127: it, or a library of its, cannot be opened), and so are signals. It runs on the device that",
    "GCN_OFFLOAD_DEVICE says, or on the software GPU of --gpu.",
  ].join("\n"),
  options: {
    gpu: { type: "string", value: "GPU[*N]", help: "run on the software GPU: gfx803, gfx900 or gfx906, and how many" },
    timeout: { type: "string", value: "SECONDS", help: "end it after so long, with exit status 124" },
    libgomp: {
      type: "string",
      value: "FILE",
      help: "the libgomp.so.1 to use (default: the one that the program finds)",
    },
  },
  passesOn: true,
  async run({ values, positionals }) {
    const [program, ...words] = positionals;
    if (program === undefined) throw new InputError("host needs a program: gcn-offload host PROGRAM.so ARGS…");
    const gpu = values.get("gpu");
    const libgomp = values.get("libgomp");
    const timeout = milliseconds(values.get("timeout"));
    const device = gpu === undefined ? process.env.GCN_OFFLOAD_DEVICE : `software:${configuration(gpu)}`;
    chooseDevice(device);
    return runChild(process.execPath, [hostProcess, program, ...words], {
      name: program,
      env: {
        ...process.env,
        ...(device === undefined ? {} : { GCN_OFFLOAD_DEVICE: device }),
        ...(libgomp === undefined ? {} : { GCN_OFFLOAD_LIBGOMP: libgomp }),
      },
      tellsSignals: true,
      ...(timeout === undefined ? {} : { timeout }),
    });
  },
};
