// Imported by Node before a program under `gcn-offload host`: as counts.c for programs that are processes of their own.
import { writeFileSync } from "node:fs";
import { addon } from "../../dist/hsa/addon.js";

process.on("exit", () => {
  try {
    const { dispatches, waveInstructions, dispatchNanoseconds } = addon().softwareStatistics();
    writeFileSync(process.env.GCN_OFFLOAD_COUNTS, `${dispatches} ${waveInstructions} ${dispatchNanoseconds}\n`);
  } catch {
    // The process that watches over the program's has no device.
  }
});
