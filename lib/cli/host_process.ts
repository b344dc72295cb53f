/** The process of one host program: `node host_process.js PROGRAM ARGS…`, which `gcn-offload host` starts and watches over. */
import { writeSync } from "node:fs";
import { runHostProgram } from "../libgomp/serve/host_program.js";
import { errorText, exitCodeOf } from "./command.js";

const [program = "", ...words] = process.argv.slice(2);
try {
  const { GCN_OFFLOAD_LIBGOMP: libgomp } = process.env;
  await runHostProgram(program, words, { endsProcess: true, ...(libgomp ? { libgomp } : {}) });
} catch (error) {
  // Not by way of process.stderr, which would put the program's own streams into Node's hands.
  writeSync(2, `gcn-offload: ${errorText(error)}\n`);
  process.exitCode = (error as { code?: unknown }).code === "ERR_OFFLOAD_PROGRAM" ? 127 : exitCodeOf(error);
}
