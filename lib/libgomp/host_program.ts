/**
 * Programs that are compiled as shared objects (`-shared -fPIC -fopenmp -foffload=…`), run in this process: under the real libgomp, whose
 * GCN plugin is this package's. The program has a thread of its own, so that JavaScript's is free to answer.
 *
 * @packageDocumentation
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { OffloadError } from "../errors.js";
import { addon } from "../hsa/addon.js";
import type { OffloadPlugin } from "../plugin/index.js";
import { GcnPlugin } from "../plugin/index.js";
import { options as checkedOptions } from "../validate.js";
import { libgompOf, pluginLibrary } from "./plugin_library.js";
import { PluginServer } from "./plugin_server.js";

export interface HostProgramOptions {
  /** What libgomp's calls go to; by default a GcnPlugin of its own, whose kernels print where the program does. */
  readonly plugin?: OffloadPlugin;
  /** The libgomp to use, in place of the one that the program finds. */
  readonly libgomp?: string;
  /**
   * Whether the process ends with the program, by exit() with main's status: what the program and its libraries do at their end is done
   * then. Else it goes on; a program that calls exit() by itself ends it all the same.
   */
  readonly endsProcess?: boolean;
}

const OPTIONS = ["plugin", "libgomp", "endsProcess"] as const;

/** Where kernels print: behind what the program itself has printed, and buffered as that is. */
export const programOutput = { write: (text: string): void => addon().printText(text) };

/**
 * Runs a program's main and answers its status. One program at a time; what it does to the process (its working directory, its signal
 * handlers, a crash) it does to all of it, and a fatal error of libgomp's ends the process with status 1: `gcn-offload host` has a process
 * for each program.
 *
 * @param words - the program's arguments.
 * @throws OffloadError `ERR_OFFLOAD_PROGRAM` where the program or a library of its cannot be opened, or has no main; HsaError as `open`.
 */
export async function runHostProgram(
  file: string,
  words: readonly string[] = [],
  options: HostProgramOptions = {},
): Promise<number> {
  const { plugin, libgomp, endsProcess = false } = checkedOptions("runHostProgram's options", options, OPTIONS);
  const program = resolve(file);
  if (!existsSync(program)) throw new OffloadError("ERR_OFFLOAD_PROGRAM", `${file} is not there`);
  const own = plugin === undefined ? GcnPlugin.open({ output: programOutput }) : null;
  const server = new PluginServer(plugin ?? (own as GcnPlugin), {
    libraryFor: pluginLibrary,
    ended(status) {
      process.exitCode = status;
      process.emit("exit", status);
      own?.dispose();
    },
  });
  server.open();
  try {
    return await new Promise<number>((done, fail) => {
      addon().startProgram(libgomp ?? libgompOf(program), [program, ...words], endsProcess, (status, trouble) => {
        if (trouble === null) done(status);
        else fail(new OffloadError("ERR_OFFLOAD_PROGRAM", trouble));
      });
    });
  } finally {
    server.close();
    own?.dispose();
  }
}
