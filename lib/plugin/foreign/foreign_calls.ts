/**
 * The way to a C plugin's functions: each call is counted and its failure thrown as the package's, none is made for a device that cannot
 * take it.
 *
 * @packageDocumentation
 */
import { type DeviceError, OffloadError } from "../../errors.js";
import type { Agent } from "../../hsa/index.js";
import type { NativeForeignPlugin } from "../../hsa/native_foreign.js";
import { checked } from "../../native_errors.js";
import { integer } from "../../validate.js";

/** Of a device, for the rest of the process. */
export interface Loss {
  readonly why: string;
  /** Of a kernel that was under way; null: it was lost to another. */
  error(kernel: string): DeviceError | null;
}

export class ForeignCalls {
  nativeCalls = 0;
  disposed = false;
  readonly #ready = new Set<number>();
  readonly #lives = new Map<number, number>();
  /** By device: what has made it useless for the rest of the process. */
  readonly #lost = new Map<number, string>();

  readonly #watchers = new Set<{ readonly device: number; readonly lost: (loss: Loss) => void }>();

  /** @param agents - beneath the devices, by their numbers; as many as are known. */
  constructor(
    readonly native: NativeForeignPlugin,
    readonly agents: readonly Agent[],
  ) {}

  /** A device in words. */
  label(device: number): string {
    const agent = this.agents[device];
    return agent === undefined
      ? `device ${device}`
      : `device ${device} (${agent.facts.name}${agent.software ? ", software" : ""})`;
  }

  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED` */
  mustBeOpen(): void {
    if (this.disposed) throw new OffloadError("ERR_OFFLOAD_DISPOSED", "the plugin was used after its disposal");
  }
  /** @throws OffloadError `ERR_OFFLOAD_DISPOSED`, `ERR_OFFLOAD_PLUGIN` */
  call<T>(work: (native: NativeForeignPlugin) => T): T {
    this.mustBeOpen();
    this.nativeCalls++;
    return checked(() => work(this.native));
  }

  /** Devices that have been initialised. */
  get ready(): number[] {
    return [...this.#ready];
  }
  isReady(device: number): boolean {
    return this.#ready.has(device);
  }
  /** @throws OffloadError `ERR_OFFLOAD_NO_DEVICE`, `ERR_OFFLOAD_PLUGIN` for a device that was lost */
  mustBeReady(device: number): void {
    this.mustBeOpen();
    if (!this.#ready.has(integer("device", device))) {
      throw noDevice(device, "it has not been initialised: initDevice comes first");
    }
    const why = this.#lost.get(device);
    if (why !== undefined) throw new OffloadError("ERR_OFFLOAD_PLUGIN", `${this.label(device)} is lost: ${why}`);
  }
  begin(device: number): void {
    this.#ready.add(device);
    this.#lives.set(device, this.life(device) + 1);
  }
  /** How often it has been initialised. */
  life(device: number): number {
    return this.#lives.get(device) ?? 0;
  }
  /** Whether it was there. */
  end(device: number): boolean {
    return this.#ready.delete(device);
  }
  /** What still runs there does so by itself, and keeps nobody waiting. */
  lose(device: number, loss: Loss): void {
    if (this.#lost.has(device)) return;
    this.#lost.set(device, loss.why);
    this.native.giveUp(device);
    for (const watcher of [...this.#watchers]) if (watcher.device === device) watcher.lost(loss);
  }
  /** @returns what ends the watch. */
  whenLost(device: number, lost: (loss: Loss) => void): () => void {
    const watcher = { device, lost };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
  isLost(device: number): boolean {
    return this.#lost.has(device);
  }
}

export const noDevice = (device: number, why: string): OffloadError =>
  new OffloadError("ERR_OFFLOAD_NO_DEVICE", `device ${device}: ${why}`);
