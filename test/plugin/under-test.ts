/**
 * Which plugin the suites of the contract run on, as vitest's project says: this package's own, or GCC 12's C plugin. What the C plugin
 * cannot do is skipped by its reason, which stands in the test's name.
 */
import { afterAll, describe, test } from "vitest";
import { ForeignPlugin, GcnPlugin, type OffloadPlugin } from "../../lib/plugin/index.js";
import type { Target } from "../openmp/toolchain.js";

export const FOREIGN = process.env.GCN_OFFLOAD_TEST_PLUGIN === "foreign";
/** The GPU beneath: GCC 12's plugin knows three. */
export const GPU = (process.env.GCN_OFFLOAD_TEST_GPU ?? "gfx906") as Target;
export const DEVICES = `software:${GPU}*2`;

const LIMITS = {
  "goes on after a fault": "a kernel's fault ends the process, or costs it the device",
  "many images": "one image on a device: a second one takes the first one's executable",
  "other variables": "knows the variables of an image's table only, which GCC makes",
  "own plugin": "the plugin that offload() opens by itself is meant",
  "counts device calls": "copies each table to the device, and counts what goes through JavaScript only",
  "own blocks": "blocks of kernel arguments are its own affair",
  "hidden arguments": "tells kernels of GCC's arguments only, not of clang's",
  "ends the process": "it ends the process where it has no memory for a launch",
  "in order": "runs the launches of a device side by side: a time limit counts from the sending",
  "image facts": "does not tell how an image's conventions were found",
  "nothing left behind": "keeps some memory of each image until the process ends",
  output: "what kernels print goes to the process's stdout",
} as const;
export type Limit = keyof typeof LIMITS;

const named = (name: string, limit: Limit): string => `${name} [not on GCC's plugin: ${LIMITS[limit]}]`;

/** A test that the C plugin cannot pass. */
export function testBut(limit: Limit, name: string, body: () => void | Promise<void>, timeout?: number): void {
  if (FOREIGN) test.skip(named(name, limit), body);
  else test(name, body, timeout);
}
export function describeBut(limit: Limit, name: string, body: () => void): void {
  if (FOREIGN) describe.skip(named(name, limit), body);
  else describe(name, body);
}

export interface TestedPlugin extends OffloadPlugin {
  dispose(): void;
}

/** The plugin under test, over two devices if the test does not name others; it goes away with the test file. */
export function openTested(device = DEVICES): TestedPlugin {
  const plugin = FOREIGN ? ForeignPlugin.open({ device }) : GcnPlugin.open({ device, environment: {} });
  afterAll(() => plugin.dispose());
  return plugin;
}
