/**
 * The way in: `open()`.
 *
 * @packageDocumentation
 */

import { OffloadError } from "../errors.js";
import { type DeviceChoice, HsaRuntime, type NativeStats, type RuntimeFacts } from "../hsa/index.js";
import { options as checkedOptions } from "../validate.js";
import { Device, selectDevice } from "./device.js";

export interface OpenOptions {
  /** In place of `GCN_OFFLOAD_DEVICE`: `auto`, `hardware`, `software`, `software:gfx90a*2`. */
  readonly device?: string;
  /** In place of `HSA_RUNTIME_LIB`: the HSA runtime to open. */
  readonly library?: string;
}

/** The runtime and its devices. Disposal ends what is in flight and frees everything that was made through it. */
export class Runtime implements Disposable, AsyncDisposable {
  readonly #devices: readonly Device[];
  #disposed = false;

  constructor(readonly hsa: HsaRuntime) {
    this.#devices = hsa.agents.filter(({ isGpu }) => isGpu).map((agent, index) => new Device(hsa, agent, index));
  }

  /** The library, its version, and what lies beneath it. */
  get facts(): RuntimeFacts {
    return this.hsa.facts;
  }
  /** Hardware or software, and why. */
  get choice(): DeviceChoice {
    return this.hsa.choice;
  }
  get disposed(): boolean {
    return this.#disposed;
  }

  /** The GPUs. */
  get devices(): readonly Device[] {
    this.#mustLive();
    return this.#devices;
  }

  /**
   * A GPU: the first, the one with a number, or the first of a name.
   *
   * @throws OffloadError `ERR_OFFLOAD_NO_DEVICE`, naming what there is.
   */
  device(selector?: number | string): Device {
    return selectDevice(this.devices, selector);
  }

  /** Counters of this thread since the addon was loaded. */
  stats(): NativeStats {
    this.#mustLive();
    return this.hsa.stats();
  }

  #mustLive(): void {
    if (this.#disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the runtime was used after its disposal");
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const device of this.#devices) device.dispose();
    this.hsa.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }
}

/**
 * Opens the HSA runtime and finds its GPUs: the machine's, or the software GPU's (`GCN_OFFLOAD_DEVICE`).
 *
 * @throws HsaError `ERR_HSA_LIBRARY_NOT_FOUND`, `ERR_HSA_VERSION`, `ERR_HSA_ALREADY_OPEN`, `ERR_HSA_ADDON_NOT_BUILT`,
 * `ERR_HSA_THUNK_NOT_BUILT`, `ERR_HSA_NO_HARDWARE`, `ERR_HSA_DEVICE_SETTING`.
 */
export async function open(options: OpenOptions = {}): Promise<Runtime> {
  return new Runtime(HsaRuntime.open({ ...checkedOptions("open's options", options, ["device", "library"]) }));
}
