/**
 * Programs that are compiled as shared objects (`-shared -fPIC -fopenmp -foffload=…`), run in this process: under the real libgomp, whose
 * GCN plugin is this package's. The program has a thread of its own, so that JavaScript's is free to answer.
 *
 * @packageDocumentation
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import type { OffloadPlugin } from "../../plugin/index.js";
import { options as checkedOptions } from "../../validate.js";
import { libgompOf } from "../plugin_library.js";
import { servePlugin } from "./served_plugin.js";

export interface HostProgramOptions {
  /** What libgomp's calls go to; by default a GcnPlugin of the process's own, whose kernels print where the program does. */
  readonly plugin?: OffloadPlugin;
  /** The libgomp.so.1 to use, in place of the one that the program finds. A process has one, which the first program chooses. */
  readonly libgomp?: string;
  /**
   * Whether the process ends with the program, by exit() with main's status: what the program and its libraries do at their end is done
   * then. Else it goes on; a program that calls exit() by itself ends it all the same.
   */
  readonly endsProcess?: boolean;
}

/** What the loader says of a program that is no shared object. */
const EXECUTABLE = /cannot dynamically load/;

const OPTIONS = ["plugin", "libgomp", "endsProcess"] as const;

let running: string | null = null;

/**
 * Runs a program's main and answers its status. What the program does to the process (its working directory, its signal handlers, a
 * crash) it does to all of it, and a fatal error of libgomp's ends the process with status 1: `gcn-offload host` has a process for each
 * program. Main may be called again: the program's variables are then as it has left them. Where JavaScript ends the process before main
 * has returned, by process.exit() or an error that nothing catches, that happens at once, without what the program has registered for its end.
 *
 * @param words - the program's arguments.
 * @throws OffloadError `ERR_OFFLOAD_PROGRAM` where the program, its libgomp or another library of its cannot be opened, where it has no main,
 * or where another program is running; `ERR_OFFLOAD_PLUGIN` where libgomp has another plugin; HsaError as `open`.
 */
export async function runHostProgram(
  file: string,
  words: readonly string[] = [],
  options: HostProgramOptions = {},
): Promise<number> {
  const { plugin, libgomp, endsProcess = false } = checkedOptions("runHostProgram's options", options, OPTIONS);
  const program = resolve(file);
  if (!existsSync(program)) throw new OffloadError("ERR_OFFLOAD_PROGRAM", `${file} is not there`);
  if (running !== null) throw new OffloadError("ERR_OFFLOAD_PROGRAM", `${file} cannot run beside ${running}`);
  const opened = libgomp === undefined ? libgompOf(program) : resolve(libgomp);
  servePlugin(plugin);
  running = file;
  try {
    return await new Promise<number>((done, fail) => {
      addon().startProgram(opened, [program, ...words], endsProcess, (status, trouble) => {
        if (trouble === null) done(status);
        else
          fail(
            new OffloadError(
              "ERR_OFFLOAD_PROGRAM",
              EXECUTABLE.test(trouble) ? `${trouble}: link it with -shared -fPIC` : trouble,
            ),
          );
      });
    });
  } finally {
    running = null;
  }
}
