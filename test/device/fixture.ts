/** The face over the HSA in memory: what every unit test of it starts from. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Machine } from "../../lib/hsa/locate.js";
import { type Code, type Device, hsa, Runtime } from "../../lib/index.js";
import { FakeNative } from "../hsa/fake/native.js";

/** A machine without a GPU, on which everything is installed. */
export const machine: Machine = {
  env: {},
  exists: () => true,
  list: () => [],
  whyNotUsable: () => "ENOENT",
  contains: () => true,
};

/** The tests' own kernels (test/kernels), a bundle for all targets. */
export const bundle: Uint8Array = readFileSync(fileURLToPath(new URL("../kernels/test.hsaco", import.meta.url)));

export interface Face extends Disposable {
  readonly native: FakeNative;
  readonly runtime: Runtime;
  readonly device: Device;
  readonly code: Code;
}

export function face(): Face {
  const native = new FakeNative();
  const runtime = new Runtime(hsa.HsaRuntime.open({}, { native, machine }));
  const device = runtime.device();
  return { native, runtime, device, code: device.loadSync(bundle), [Symbol.dispose]: () => runtime.dispose() };
}

/** What a call throws or rejects with; an error where it does neither. */
export async function failureOf(body: () => unknown): Promise<Error & { readonly code?: string }> {
  try {
    await body();
  } catch (error) {
    return error as Error & { readonly code?: string };
  }
  throw new Error("nothing failed");
}
