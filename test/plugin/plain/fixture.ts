/** The GCN plugin on a software GPU, clang's kernels that take a table, and launches in a line. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { OffloadError } from "../../../lib/errors.js";
import {
  type AsyncQueue,
  type GcnImageSource,
  GcnPlugin,
  type LaunchAttributes,
  type LoadedImage,
  type OffloadPlugin,
  type TargetFunction,
} from "../../../lib/plugin/index.js";
import type { Session } from "../../../lib/plugin/session.js";
import { compile, repository } from "../../codeobject/toolchain.js";
import { FOREIGN, GPU } from "../under-test.js";

/** What a C plugin runs when it loads and unloads an image. */
const CONSTRUCTORS =
  "\nkernel _init_array(const global u64* table) {}\nkernel _fini_array(const global u64* table) {}\n";

/** The kernels of kernels.c as a code object. */
export const kernels = (cpu = "gfx906", more = ""): Uint8Array =>
  compile(readFileSync(join(repository, "test", "plugin", "plain", "kernels.c"), "utf8") + more, {
    cpu,
    flags: ["-I", join(repository, "scripts", "kernels")],
  });
/** The same for the plugin under test. */
export const testedKernels = (): Uint8Array | GcnImageSource =>
  FOREIGN ? { codeObject: kernels(GPU, CONSTRUCTORS), abi: "plain" } : kernels(GPU);

/** A plugin that goes away with the test file. */
export function openPlugin(
  environment: Readonly<Record<string, string>> = {},
  device = "software:gfx906*2",
  more: { readonly log?: { write(text: string): unknown } } = {},
): GcnPlugin {
  const plugin = GcnPlugin.open({ device, environment, ...more });
  afterAll(() => plugin.dispose());
  return plugin;
}

export const ONE: LaunchAttributes = { grid: [64], workgroup: [64] };

/** An image on a device, and launches of its kernels with tables of numbers. */
export class Bench<P extends OffloadPlugin = GcnPlugin> {
  readonly image: LoadedImage;

  constructor(
    readonly plugin: P,
    readonly device = 0,
    codeObject = testedKernels(),
  ) {
    plugin.initDevice(device);
    this.image = plugin.loadImage(device, codeObject);
  }

  fn(name: string): TargetFunction {
    const found = this.image.functions.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`there is no kernel ${name}`);
    return found;
  }

  /** A session whose table has these words: in the kernel-argument block, or in device memory where that is inhibited. */
  session(words: readonly (number | bigint)[]): { readonly session: Session; readonly end: () => void } {
    const { plugin, device } = this;
    const session = plugin.newSession();
    plugin.sessionStart(session, device);
    const nothing = (): void => {};
    if (words.length === 0) {
      plugin.sessionSetTargetVarTable(session, null);
      return { session, end: nothing };
    }
    const values = BigUint64Array.from(words, BigInt);
    const table = plugin.sessionAllocateTargetVarTable?.(session, words.length) ?? null;
    if (table !== null) {
      table.words.set(new Uint32Array(values.buffer));
      return { session, end: nothing };
    }
    const address = plugin.alloc(device, values.byteLength);
    plugin.host2dev(device, address, values);
    plugin.sessionSetTargetVarTable(session, address);
    return { session, end: () => plugin.free(device, address) };
  }

  run(name: string, words: readonly (number | bigint)[] = [], attributes = ONE): void {
    const { session, end } = this.session(words);
    try {
      this.plugin.run(session, this.fn(name), attributes);
    } finally {
      end();
    }
  }
  async launch(name: string, words: readonly (number | bigint)[] = [], attributes = ONE): Promise<void> {
    const { session, end } = this.session(words);
    await this.plugin.asyncRun(session, this.fn(name), attributes).finally(end);
  }
  /** Into an OpenACC queue, on one workgroup of 64. */
  enqueue(queue: AsyncQueue, name: string, words: readonly (number | bigint)[] = []): Promise<void> {
    const { session, end } = this.session(words);
    return this.plugin.openaccAsyncExec(session, this.fn(name), [1, 1, 1], queue).finally(end);
  }

  /** Device memory with these words. */
  words(values: readonly (number | bigint)[]): number {
    const bytes = BigUint64Array.from(values, BigInt);
    const address = this.plugin.alloc(this.device, bytes.byteLength);
    this.plugin.host2dev(this.device, address, bytes);
    return address;
  }
  zeros(count: number): number {
    return this.words(Array.from({ length: count }, () => 0));
  }
  read(address: number, count: number): number[] {
    const words = new BigUint64Array(count);
    this.plugin.dev2host(this.device, words, address);
    return Array.from(words, Number);
  }
  write(address: number, value: number): void {
    this.plugin.host2dev(this.device, address, BigUint64Array.of(BigInt(value)));
  }
}

export const turn = (milliseconds = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a call fails with: at once, or as a promise. */
export async function failureOf(call: () => unknown): Promise<OffloadError> {
  try {
    await call();
  } catch (error) {
    return error as OffloadError;
  }
  throw new Error(`the call did not fail: ${call}`);
}
export const codeOf = async (call: () => unknown): Promise<string> => (await failureOf(call)).code;
