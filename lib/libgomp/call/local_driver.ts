/**
 * Calls into the libgomp of this process, on a native thread of their own: libgomp keeps a program's data regions, its tasks and its
 * variables (OMP_DEFAULT_DEVICE …) with the thread.
 *
 * @packageDocumentation
 */
import { writeSync } from "node:fs";
import { hex, OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import { HsaRuntime } from "../../hsa/index.js";
import type { SystemEvent } from "../../hsa/native.js";
import type { NativeLibgomp, NativeWord } from "../../hsa/native_libgomp.js";
import type { OffloadPlugin } from "../../plugin/index.js";
import { pin } from "../../target/host_memory.js";
import { wordsAt } from "../raw_memory.js";
import { servedPlugin, servePluginTo } from "../serve/served_plugin.js";
import {
  type CallRequest,
  type CallResult,
  type Driver,
  type HostCall,
  isPlace,
  type LaunchNote,
  type Pointer,
  type RegisterRequest,
  type Registration,
  type Word,
} from "./driver.js";
import { type ReadRegistration, readRegistration } from "./image.js";
import { type Release, releaseOf } from "./release.js";

const DEFAULT_LIBRARY = "libgomp.so.1";
/** Without these there is nothing to offload with. */
const REQUIRED = [
  "GOMP_offload_register_ver",
  "GOMP_offload_unregister_ver",
  "GOMP_target_ext",
  "GOMP_target_data_ext",
  "GOMP_target_end_data",
  "GOMP_target_enter_exit_data",
  "GOMP_target_update_ext",
  "GOMP_taskwait",
  "omp_get_num_devices",
  "omp_get_default_device",
] as const;

export interface LocalOptions {
  readonly library?: string;
  readonly device?: string;
  readonly plugin?: OffloadPlugin;
}

/** A launch whose host function may be called: with these variables, those that are copied excepted. */
interface Outstanding {
  readonly note: LaunchNote;
  readonly variables: BigUint64Array;
  called: boolean;
}

/** Who has an image registered with libgomp over GCC's own plugin, whose devices have room for one. */
let registered: LocalDriver | null = null;

/** Whether libgomp has looked for its devices, and found GCC's. */
let usesGccPlugin = false;

export class LocalDriver implements Driver {
  readonly isolated = false;
  readonly gone = false;
  readonly file: string;
  readonly release: Release;
  readonly functions: ReadonlySet<string>;
  readonly #native: NativeLibgomp;
  readonly #runtime: HsaRuntime | null;
  readonly #ownPlugin: boolean;
  readonly #hostCall: HostCall;
  readonly #outstanding: Outstanding[] = [];
  /** Host functions' addresses, by image. */
  readonly #images = new Map<number, readonly number[]>();
  /** What libgomp may read of an image's variables. */
  readonly #memory = new Map<number, unknown>();
  readonly #forgetFaults: (() => void) | undefined;
  #calls = 0;
  #closed = false;

  private constructor(
    native: NativeLibgomp,
    runtime: HsaRuntime | null,
    release: Release,
    ownPlugin: boolean,
    hostCall: HostCall,
  ) {
    this.#native = native;
    this.#runtime = runtime;
    this.#ownPlugin = ownPlugin;
    this.#hostCall = hostCall;
    this.functions = new Set(native.functions);
    this.#forgetFaults = runtime?.onFault((event) => this.#faulted(event));
    this.file = native.file;
    this.release = release;
  }

  /** Devices are known when it resolves. @throws OffloadError as `libgomp.open`. */
  static async open(options: LocalOptions, hostCall: HostCall): Promise<LocalDriver> {
    const { library = process.env.LIBGOMP_LIB || DEFAULT_LIBRARY, device, plugin } = options;
    const driver: { opened?: LocalDriver } = {};
    const native = openLibrary(library, (number, image, fn, variables) => {
      const done = driver.opened?.hostCalled(image, fn, variables) ?? Promise.resolve();
      void done.finally(() => native.disposed || native.answer(number));
    });
    let runtime: HsaRuntime | null = null;
    try {
      const functions = new Set(native.functions);
      const missing = REQUIRED.find((name) => !functions.has(name));
      if (missing !== undefined) throw lacks(native.file, missing);
      const release = releaseOf(native.file, functions);
      choosePlugin(native.file, plugin);
      // GCC's plugin opens HSA by its soname: what is open already it gets, whatever lies beneath.
      const disabled = process.env.OMP_TARGET_OFFLOAD?.trim().toLowerCase() === "disabled";
      if (!disabled || device !== undefined) runtime = HsaRuntime.open(device === undefined ? {} : { device });
      const opened = new LocalDriver(native, runtime, release, plugin !== undefined, hostCall);
      driver.opened = opened;
      await opened.call({ name: "omp_get_num_devices", words: [] });
      await native.prepareExit();
      return opened;
    } catch (error) {
      native.dispose();
      runtime?.dispose();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.functions.has(name);
  }

  async call({ name, words, launch, answers }: CallRequest): Promise<CallResult> {
    if (!this.has(name)) throw lacks(this.file, name);
    const memory = words.map(nativeWord);
    if (launch !== undefined) {
      this.#outstanding.push({ note: launch, variables: memory[3] as BigUint64Array, called: false });
      this.#native.setLaunches(this.#outstanding.length);
    }
    this.#calls++;
    const value = await this.#native.call(name, memory).finally(() => this.#calls--);
    const pointers = answers === undefined ? [] : Array.from(memory[answers] as BigUint64Array, Number);
    return { value, pointers };
  }

  async register(request: RegisterRequest): Promise<Registration> {
    if (registered !== null && !this.#ownPlugin) {
      throw new OffloadError(
        "ERR_OFFLOAD_IMAGE",
        "libgomp has an image over GCC's plugin, whose devices lose it to another: dispose it first",
      );
    }
    const isas = (this.#runtime?.agents ?? []).filter(({ isGpu }) => isGpu).map(({ facts }) => facts.isas[0] ?? "");
    const read = readRegistration(request, isas, this.release, this.#ownPlugin);
    const { id, functions } = this.#createImage(read);
    this.#images.set(id, functions);
    this.#memory.set(id, read.variables);
    if (!this.#ownPlugin) registered = this;
    await this.#native.register(id);
    return {
      id,
      functions: read.functions.map((name, i) => ({ name, address: functions[i] as number })),
      variables: read.variables.map(({ name, size, link }) => ({ name, size, link })),
    };
  }
  #createImage(read: ReadRegistration): { readonly id: number; readonly functions: readonly number[] } {
    const { version, codeObject, kernels, functions, variables, indirectFunctions, requires } = read;
    return this.#native.createImage(
      version.version,
      version.countsIndirect,
      codeObject,
      kernels,
      functions.length,
      variables,
      indirectFunctions,
      requires,
    );
  }

  async unregister(id: number): Promise<void> {
    await this.#native.unregister(id);
    this.#images.delete(id);
    this.#memory.delete(id);
    if (registered === this) registered = null;
  }

  launchOver(id: number): void {
    const at = this.#outstanding.findIndex(({ note }) => note.id === id);
    if (at < 0 || this.#closed) return;
    this.#outstanding.splice(at, 1);
    this.#native.setLaunches(this.#outstanding.length);
  }

  /** libgomp does not say which launch it is about: the first that has been made so, and whose function has not been called yet. */
  async hostCalled(image: number, fn: number, variables: number): Promise<void> {
    const address = this.#images.get(image)?.[fn];
    const found = this.#outstanding.find((each) => {
      if (each.called || each.note.fn !== address) return false;
      const words = wordsAt(variables, each.variables.length);
      return each.variables.every((word, i) => each.note.copied[i] || word === BigInt.asUintN(64, words[i] ?? 0n));
    });
    if (found !== undefined) found.called = true;
    await this.#hostCall(found?.note.id ?? null);
  }

  /** GCC's plugin waits for ever then: ROCr's own way of ending the process is for those that do not listen to faults, as we do. */
  #faulted(event: SystemEvent): void {
    if (this.#ownPlugin || (this.#calls === 0 && this.#outstanding.length === 0)) return;
    const detail = this.#runtime?.softwareLastFault()?.text ?? `memory access fault at ${hex(event.address)}`;
    writeSync(2, `libgomp: ${detail}\n`);
    process.kill(process.pid, "SIGABRT");
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forgetFaults?.();
    this.#native.dispose();
    if (registered === this) registered = null;
    this.#runtime?.dispose();
  }
}

function openLibrary(library: string, hostCalled: Parameters<ReturnType<typeof addon>["openLibgomp"]>[1]) {
  try {
    return addon().openLibgomp(library, hostCalled);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_OFFLOAD_LIBGOMP") throw error;
    throw new OffloadError(
      "ERR_OFFLOAD_LIBGOMP",
      `libgomp (${DEFAULT_LIBRARY}) cannot be opened. Install GCC's libgomp (Debian's libgomp1, and libgomp-plugin-amdgcn1 for its plugin), or name the library in LIBGOMP_LIB. Tried:\n  ${library}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** Before libgomp looks for its devices, which it does once. */
function choosePlugin(file: string, plugin: OffloadPlugin | undefined): void {
  const there = servedPlugin();
  if (plugin === undefined ? there !== null : usesGccPlugin) {
    const whose = there === null ? "GCC's own plugin" : "a plugin of JavaScript's, which is to be named in `plugin`,";
    throw new OffloadError("ERR_OFFLOAD_PLUGIN", `libgomp has ${whose} in this process already, and keeps it`);
  }
  if (plugin === undefined) usesGccPlugin = true;
  else servePluginTo(file, plugin);
}

/** @throws OffloadError `ERR_OFFLOAD_LIBGOMP` */
const lacks = (file: string, name: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_LIBGOMP", `${file} has no function ${name}: it is of another release, or no libgomp`);

function nativeWord(word: Word): NativeWord {
  if (isPlace(word)) {
    pin(word.owner);
    return word.address;
  }
  if (word === null || typeof word === "number" || ArrayBuffer.isView(word)) return word;
  // An array of nothing has an address all the same.
  const table = new BigUint64Array(Math.max(word.length, 1));
  for (const [i, pointer] of (word as readonly Pointer[]).entries()) {
    table[i] = BigInt.asUintN(64, BigInt(nativeWord(pointer) as number));
  }
  return table.subarray(0, word.length);
}
