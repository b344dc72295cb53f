/**
 * The addon's face for libgomp's plugins in C: native/addon/foreign_plugin.cc. Conventions as in `native.ts`.
 *
 * @packageDocumentation
 */

/** A C plugin. Nothing but its types is checked; what the plugin refuses throws `ERR_OFFLOAD_PLUGIN`. */
export interface NativeForeignPlugin {
  /** The release of GCC whose symbols it has; 17: with sessions. */
  readonly family: number;
  readonly version: number;
  readonly name: string;
  readonly capabilities: number;
  readonly hasMemset: boolean;
  /** Bytes of a session; null without sessions. */
  readonly sessionSize: number | null;
  readonly allocatesTables: boolean;
  /** Whether it has OpenACC's functions. */
  readonly hasOpenacc: boolean;
  readonly disposed: boolean;
  getNumDevices(requires: number): number;
  initDevice(device: number): void;
  /** Does not wait for what runs. */
  finiDevice(device: number): void;
  /** `places`: an address and a size for each function and variable, and what else the plugin has found. */
  loadImage(
    device: number,
    codeObject: Uint8Array,
    kernels: readonly ForeignKernelInfo[],
    variables: number,
    indirectFunctions: readonly number[],
  ): { readonly id: number; readonly places: readonly (number | bigint)[] };
  /** Does not wait for what runs. */
  unloadImage(device: number, image: number): void;
  /** 0: none to be had. */
  alloc(device: number, bytes: number): number;
  free(device: number, address: number): void;
  host2dev(device: number, destination: number, source: Uint8Array): void;
  dev2host(device: number, destination: Uint8Array, source: number): void;
  dev2dev(device: number, destination: number, source: number, bytes: number): void;
  memset(device: number, address: number, value: number, bytes: number): void;
  canRun(fn: number): boolean;
  /**
   * `words`: launch attributes; `attributes`: what the last of them points to, or nothing. The session where there are sessions.
   * `name`: the kernel's. `timeout`: milliseconds, or 0.
   */
  run(
    device: number,
    fn: number,
    table: number | null,
    words: readonly number[],
    attributes: readonly number[],
    session: number | null,
    name: string,
    timeout: number,
  ): ForeignOutcome;
  /** The same, awaited, without a time. */
  runAsync(
    device: number,
    fn: number,
    table: number | null,
    words: readonly number[],
    attributes: readonly number[],
    session: number | null,
    name: string,
  ): Promise<void>;
  /** Blocks until `runAsync`'s of a device are over; `timeout`: milliseconds, or 0. Their promises are settled later. */
  waitForRuns(device: number, timeout: number): ForeignOutcome;
  /** By the devices' numbers: whose memory faults end the waits for what runs there. */
  watchFaults(agents: readonly number[]): void;
  /** Nobody waits any more for what runs on a device, and nothing of it is awaited by the process's end. */
  giveUp(device: number): void;
  /**
   * The table: its words on the host (GCC 12), its address on the device (GCC 13 to 16), or the session's. Name and time as for `run`.
   */
  openaccExec(
    fn: number,
    dimensions: readonly number[],
    words: Uint8Array | null,
    table: number | null,
    session: number | null,
    device: number,
    name: string,
    timeout: number,
  ): ForeignOutcome;
  /** Resolves when the queue has come to its end. */
  openaccAsyncExec(
    fn: number,
    dimensions: readonly number[],
    words: Uint8Array | null,
    table: number | null,
    session: number | null,
    queue: number,
  ): Promise<void>;
  queueConstruct(device: number): number;
  /** Blocks until what is in it is over; the time as for `waitForRuns`. */
  queueWait(queue: number, timeout: number): ForeignOutcome;
  /** Blocks until what is in it is over, however long that takes. */
  queueDestruct(queue: number): void;
  /** Resolves when `later` has waited for what is in `earlier` now. */
  queueSerialize(earlier: number, later: number): Promise<void>;
  /** The bytes stay as they are until it resolves. */
  queueHost2dev(device: number, queue: number, destination: number, source: Uint8Array): Promise<void>;
  queueDev2host(device: number, queue: number, destination: Uint8Array, source: number): Promise<void>;
  /** `enum goacc_property`: a text where that says so. */
  getProperty(device: number, property: number): number | string;
  sessionStart(session: number, device: number): void;
  /** 0: none. */
  sessionAllocate(session: number, bytes: number): number;
  sessionSet(session: number, table: number | null): void;
  dispose(): void;
}

/** Null: the launch is over. Else it goes on by itself: it was not over in time, or its device has had a memory fault, at this address. */
export type ForeignOutcome = null | "late" | number;

/** A row of an image's table of kernels. */
export interface ForeignKernelInfo {
  readonly name: string;
  readonly dimensions: readonly [number, number, number];
  readonly sgprs: number;
  readonly vgprs: number;
}
