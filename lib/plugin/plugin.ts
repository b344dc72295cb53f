/**
 * The offload-plugin contract: what libgomp asks of a plugin (libgomp-plugin.h), as one TypeScript interface in its names without the
 * prefix `GOMP_OFFLOAD_`. The target layer above uses nothing else, so any plugin serves it: the GCN plugin over HSA, the host
 * fallback, a foreign C library.
 *
 * Where C answers false or ends the process, these functions throw an OffloadError. Addresses are numbers. Functions that are not
 * promises block the calling thread, as libgomp's do.
 *
 * Sources: libgomp-plugin.h, target.c, oacc-async.c of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { Session } from "./session.js";

/** Capabilities of a plugin's devices (`GOMP_OFFLOAD_CAP_…`); a sum of these. */
export const CAPABILITY = {
  /** Device code reads and writes the host's memory: nothing is mapped, and tables hold host addresses. */
  SHARED_MEM: 1,
  /** Host functions run as they are: there is no image to load. */
  NATIVE_EXEC: 2,
  OPENMP_400: 4,
  OPENACC_200: 8,
} as const;

/** What `version` answers since sessions exist (GCC 17). Without sessions: 1 (GCC 12), 2 (13), 3 (14 to 16). */
export const SESSION_VERSION = 4;

/**
 * The target variable table of a launch: one word of 64 bits for each mapped variable, in argument order. Device code finds it behind
 * its first kernel argument.
 */
export interface TargetVarTable {
  /** The device's address of the first word; 16-byte aligned. */
  readonly address: number;
  /** Pairs of 32 bits, low then high: words beyond the launch's own are there, and are nobody's. */
  readonly words: Uint32Array;
}

/**
 * Where a launch's table lies: an address that the device reaches, or null for a launch without variables. A plugin whose devices share
 * the host's memory takes the host's variables themselves: there is nothing to map.
 */
export type TablePlace = number | null | readonly unknown[];

/** Something in device memory: an offloaded function or variable, as `loadImage` found it. */
export interface TargetEntry {
  readonly address: number;
  /** Bytes; 0 of functions. */
  readonly size: number;
  readonly name: string;
  /** `declare target link`: at `address` lies a pointer, to be filled when the variable, of `size` bytes, is mapped. */
  readonly link: boolean;
}

/** A function on a device, from `loadImage`; the plugin's own object. */
export interface TargetFunction {
  readonly name: string;
  readonly device: number;
}

/** What an image put on a device (`load_image` fills `struct addr_pair` tables). */
export interface LoadedImage {
  readonly device: number;
  /** In the order of the image's function table. */
  readonly functions: readonly TargetFunction[];
  /** In the order of the image's variable table. */
  readonly variables: readonly TargetEntry[];
  /** `__gomp_device_num` or `__gomp_additional_icvs`, where the image has one. */
  readonly icvs: TargetEntry | null;
}

/** Launch attributes: what compiled code hands to GOMP_target_ext as a list, decoded (see `readLaunchAttributes`). */
export interface LaunchAttributes {
  /** `num_teams`. Absent: the plugin decides. 0: nothing runs, and the launch completes. */
  readonly teams?: number;
  /** `thread_limit`. Absent: the plugin decides. */
  readonly threads?: number;
  /**
   * One to three dimensions in work-items, in place of teams and threads (`struct GOMP_kernel_launch_attributes`). Where one of them is
   * 0 nothing runs, and the launch completes.
   */
  readonly grid?: readonly number[];
  /** Of a workgroup, with `grid`; 0 or absent: the plugin decides. */
  readonly workgroup?: readonly number[];
  /** Milliseconds without progress after which the launch is given up with `ERR_OFFLOAD_TIMEOUT`; absent: it may run for ever. */
  readonly timeout?: number;
}

/** Gangs, workers, vector length; 0: the plugin decides. */
export type OpenaccDimensions = readonly [number, number, number];

/** What a device tells of itself (`enum goacc_property`, `get_uid`): bytes of memory, a number, and texts. */
export type DeviceProperty = "memory" | "free-memory" | "compute-units" | "name" | "vendor" | "driver" | "uid";

/** An OpenACC queue of the plugin (`struct goacc_asyncqueue`). */
export interface AsyncQueue {
  readonly device: number;
}

export interface OffloadPlugin {
  // Identity.
  /** `get_name`: "gcn", "host" … */
  readonly name: string;
  /** `version` */
  readonly version: number;
  /** `get_caps` */
  readonly capabilities: number;

  // Devices. `initDevice` comes before any other call that names the device, `finiDevice` after them all.
  /** `get_num_devices`: devices that can be used with these `omp requires` bits; initialises nothing. */
  getNumDevices(requires?: number): number;
  /** `init_device`. Idempotent. @throws OffloadError where the device cannot be had. */
  initDevice(device: number): void;
  /** `fini_device`: waits for what runs, unloads every image, frees what is the plugin's own. Idempotent. */
  finiDevice(device: number): void;

  // Images.
  /**
   * `load_image`: puts an image's code and variables on a device and runs its constructors. `image` is what the compiler registered: for
   * the GCN plugin, an ELF code object with its tables. Several images may be loaded at once.
   * @throws OffloadError `ERR_OFFLOAD_IMAGE`
   */
  loadImage(device: number, image: unknown): LoadedImage;
  /** `unload_image`: waits for its launches, runs its destructors, frees code, variables and heap. */
  unloadImage(image: LoadedImage): void;

  // Memory. Addresses and sizes in bytes. What is freed or copied must have come from `alloc` on that device, or from an image.
  /** `alloc`: at least `bytes`, 256-byte aligned or better; 0 bytes are legal. @throws OffloadError `ERR_OFFLOAD_OUT_OF_MEMORY` */
  alloc(device: number, bytes: number): number;
  /** `free` */
  free(device: number, address: number): void;
  /** `host2dev`: when it returns the bytes are there, and `source` may change. */
  host2dev(device: number, destination: number, source: ArrayBufferView): void;
  /** `dev2host` */
  dev2host(device: number, destination: ArrayBufferView, source: number): void;
  /** `dev2dev`, on one device */
  dev2dev(device: number, destination: number, source: number, bytes: number): void;
  /** `memset`: `value` is a byte */
  memset(device: number, address: number, value: number, bytes: number): void;
  /** `memcpy2d` and `memcpy3d`: a box of `size` bytes, rows and planes; pitches in bytes and rows. */
  memcpyRect(device: number, box: RectangularCopy): void;

  // A launch's session: see Session for the order of calls, which every plugin refuses to leave.
  /** `session_size`: what a runtime keeps for a launch; it may be used for one launch after another. */
  newSession(): Session;
  /** `can_run`: whether the function can run as it is on its device; a launch falls back to the host where it cannot. */
  canRun(fn: TargetFunction): boolean;
  /** `session_start` */
  sessionStart(session: Session, device: number): void;
  /**
   * `session_allocate_target_var_table`: a table of `count` words inside of memory that the launch has anyway, for the runtime to fill.
   * Null where the plugin would rather be given one: then, and only then, `sessionSetTargetVarTable` follows. Absent where the plugin
   * never has one. The table is the session's until its run is over.
   */
  sessionAllocateTargetVarTable?(session: Session, count: number): TargetVarTable | null;
  /** `session_set_target_var_table`: a table that lies somewhere else; 16-byte aligned. */
  sessionSetTargetVarTable(session: Session, table: TablePlace): void;
  /** Gives back a session that will not run: the mapping failed, or the launch was refused. Of no effect where it is idle. */
  sessionAbandon(session: Session): void;

  // Exactly one of these is the session's last use. Errors of the kernel are OffloadErrors; the session is idle afterwards in any case.
  /** `run`: blocks until the launch is over. */
  run(session: Session, fn: TargetFunction, attributes: LaunchAttributes): void;
  /** `async_run`: resolves when the launch is over, and its memory may be read. */
  asyncRun(session: Session, fn: TargetFunction, attributes: LaunchAttributes): Promise<void>;
  /** `openacc_exec` */
  openaccExec(session: Session, fn: TargetFunction, dimensions: OpenaccDimensions): void;
  /** `openacc_async_exec`: in the queue's order. */
  openaccAsyncExec(
    session: Session,
    fn: TargetFunction,
    dimensions: OpenaccDimensions,
    queue: AsyncQueue,
  ): Promise<void>;

  // OpenACC queues: what is put into one happens in order; queues do not wait for each other unless told to.
  /** `openacc_async_construct` */
  asyncConstruct(device: number): AsyncQueue;
  /** `openacc_async_destruct`: waits for what is in it. */
  asyncDestruct(queue: AsyncQueue): Promise<void>;
  /** `openacc_async_test`: whether the queue is empty */
  asyncTest(queue: AsyncQueue): boolean;
  /** `openacc_async_synchronize`: resolves when what is in the queue now is over; rejects with the first error among it. */
  asyncSynchronize(queue: AsyncQueue): Promise<void>;
  /** `openacc_async_serialize`: what comes into `later` from now on waits for what is in `earlier` now. */
  asyncSerialize(earlier: AsyncQueue, later: AsyncQueue): void;
  /**
   * `openacc_async_queue_callback`: called when its turn comes; what comes after it waits until it has returned, and until its promise is
   * settled where it returns one.
   */
  asyncQueueCallback(queue: AsyncQueue, callback: () => void): void;
  /**
   * `openacc_async_host2dev`: `source` must stay as it is until its turn has come. Resolves when it is copied; what it fails with
   * `asyncSynchronize` tells, too.
   */
  asyncHost2dev(queue: AsyncQueue, destination: number, source: ArrayBufferView): Promise<void>;
  /**
   * `openacc_async_dev2host`. `after`: what is before it in the queue, and where it fails nothing is copied. A plugin that cannot tell
   * copies all the same. Resolves as `asyncHost2dev`.
   */
  asyncDev2host(queue: AsyncQueue, destination: ArrayBufferView, source: number, after?: Promise<void>): Promise<void>;

  /** `openacc_get_property` and `get_uid`; null: not known. */
  getProperty?(device: number, property: DeviceProperty): number | string | null;
  /** The division that `openaccExec` would launch with: gangs, workers, vector length. */
  openaccDimensions?(fn: TargetFunction, dimensions: OpenaccDimensions): OpenaccDimensions;

  /** Counters for tests and benches: what grows with launches shows here. */
  stats(): PluginStats;
}

/** A box of bytes copied between two arrays of rows (omp_target_memcpy_rect's two- and three-dimensional forms). */
export interface RectangularCopy {
  /** Bytes of a row, rows of a plane, planes. */
  readonly size: readonly [number, number, number];
  readonly destination: RectangularPlace;
  readonly source: RectangularPlace;
}

/** One side of a rectangular copy: an address on the device, or the host's bytes. */
export interface RectangularPlace {
  readonly at: number | ArrayBufferView;
  /** Where the box begins: bytes into a row, row, plane. */
  readonly offset: readonly [number, number, number];
  /** Bytes from row to row. */
  readonly rowPitch: number;
  /** Rows from plane to plane. */
  readonly planePitch: number;
}

export interface PluginStats {
  /** Sessions that have been started and are not idle. */
  readonly sessions: number;
  /** Allocations made by the plugin or for its caller, ever. */
  readonly allocations: number;
  /** Copies in either direction, ever. */
  readonly copies: number;
  readonly signalsCreated: number;
  /** Bytes that the plugin and its caller have allocated now. */
  readonly bytes: number;
  /** Calls into native code, ever. */
  readonly nativeCalls: number;
  /** What blocking runs have waited for their device; counted where the plugin has been told to. */
  readonly waitNanoseconds: number;
  /** Launches that found their memory in the cache, and its size. */
  readonly cacheHits: number;
  readonly cacheBytes: number;
}
