/**
 * HSA's errors: the natives throw plain errors with `code`, `status` and `call`; everything above sees `HsaError`, whose message says
 * what the code means and what to do about it.
 *
 * @packageDocumentation
 */

/** What an error code means, and the way out. Sources: HSA 1.2, 2.2.1 (statuses); hsa_ext_amd.h (40-44); this package (no status). */
interface Explanation {
  readonly status: number | null;
  readonly meaning: string;
  readonly wayOut?: string;
}

const BUG = "This is likely a mistake in gcn-offload: please report it.";

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ERR_HSA_ERROR: { status: 0x1000, meaning: "the runtime failed without saying why" },
  ERR_HSA_INVALID_ARGUMENT: { status: 0x1001, meaning: "an argument is not one that the runtime accepts" },
  ERR_HSA_INVALID_QUEUE_CREATION: {
    status: 0x1002,
    meaning: "the agent does not support a queue of this kind",
    wayOut: "Ask for a power of two of packets between the agent's queueMinSize and queueMaxSize, on a GPU agent.",
  },
  ERR_HSA_INVALID_ALLOCATION: {
    status: 0x1003,
    meaning: "the allocation is larger than the region or pool allows",
    wayOut: "Ask for fewer bytes: the pool's allocMaxSize tells how many it gives at once.",
  },
  ERR_HSA_INVALID_AGENT: { status: 0x1004, meaning: "the agent does not exist in this runtime, or cannot do this" },
  ERR_HSA_INVALID_REGION: { status: 0x1005, meaning: "the memory region does not exist in this runtime" },
  ERR_HSA_INVALID_SIGNAL: { status: 0x1006, meaning: "the signal does not exist in this runtime" },
  ERR_HSA_INVALID_QUEUE: { status: 0x1007, meaning: "the queue does not exist in this runtime" },
  ERR_HSA_OUT_OF_RESOURCES: {
    status: 0x1008,
    meaning: "the runtime could not get what it needed: memory, queues, or the device itself",
    wayOut: "Dispose buffers and queues that are no longer in use; `gcn-offload info` shows what the agent has.",
  },
  ERR_HSA_INVALID_PACKET_FORMAT: { status: 0x1009, meaning: "the packet processor met a packet that it cannot read" },
  ERR_HSA_RESOURCE_FREE: { status: 0x100a, meaning: "a resource could not be released", wayOut: BUG },
  ERR_HSA_NOT_INITIALIZED: { status: 0x100b, meaning: "the runtime has been shut down", wayOut: "Call open() again." },
  ERR_HSA_REFCOUNT_OVERFLOW: { status: 0x100c, meaning: "a counter of the runtime is at its limit" },
  ERR_HSA_INCOMPATIBLE_ARGUMENTS: {
    status: 0x100d,
    meaning: "the arguments contradict each other; for a code object: it is for another ISA than the agent's",
    wayOut: "`gcn-offload inspect FILE` shows the object's ISA, `gcn-offload info` the agent's.",
  },
  ERR_HSA_INVALID_INDEX: { status: 0x100e, meaning: "an index lies outside of its range" },
  ERR_HSA_INVALID_ISA: { status: 0x100f, meaning: "the instruction set architecture is not one the runtime knows" },
  ERR_HSA_INVALID_CODE_OBJECT: {
    status: 0x1010,
    meaning: "the runtime does not load this code object",
    wayOut: "ROCr before 6.2 refuses code object version 6: compile with -mcode-object-version=5.",
  },
  ERR_HSA_INVALID_EXECUTABLE: { status: 0x1011, meaning: "the executable is not valid" },
  ERR_HSA_FROZEN_EXECUTABLE: { status: 0x1012, meaning: "the executable is frozen already, so nothing can be added" },
  ERR_HSA_INVALID_SYMBOL_NAME: { status: 0x1013, meaning: "the executable has no symbol of this name" },
  ERR_HSA_VARIABLE_ALREADY_DEFINED: { status: 0x1014, meaning: "the variable has a definition already" },
  ERR_HSA_VARIABLE_UNDEFINED: {
    status: 0x1015,
    meaning: "the code object refers to a symbol that nothing defines",
    wayOut: "Define it in load()'s `variables`, or link the object with what defines it.",
  },
  ERR_HSA_EXCEPTION: {
    status: 0x1016,
    meaning: "a kernel raised a hardware exception (a trap, or a failed assertion)",
  },
  ERR_HSA_INVALID_ISA_NAME: { status: 0x1017, meaning: "the runtime does not know an ISA of this name" },
  ERR_HSA_INVALID_CODE_SYMBOL: { status: 0x1018, meaning: "the code symbol is not valid" },
  ERR_HSA_INVALID_EXECUTABLE_SYMBOL: { status: 0x1019, meaning: "the executable's symbol is not valid" },
  ERR_HSA_INVALID_FILE: { status: 0x1020, meaning: "the file cannot be read" },
  ERR_HSA_INVALID_CODE_OBJECT_READER: { status: 0x1021, meaning: "the code object reader is not valid" },
  ERR_HSA_INVALID_CACHE: { status: 0x1022, meaning: "the cache is not valid" },
  ERR_HSA_INVALID_WAVEFRONT: { status: 0x1023, meaning: "the wavefront is not valid" },
  ERR_HSA_INVALID_SIGNAL_GROUP: { status: 0x1024, meaning: "the signal group is not valid" },
  ERR_HSA_INVALID_RUNTIME_STATE: { status: 0x1025, meaning: "the runtime is not in a state for this call" },
  ERR_HSA_FATAL: {
    status: 0x1026,
    meaning: "the device or the runtime is lost",
    wayOut: "Start the process anew; on hardware look at `dmesg` for a reset.",
  },
  ERR_HSA_INVALID_MEMORY_POOL: { status: 40, meaning: "the memory pool does not exist in this runtime" },
  ERR_HSA_MEMORY_APERTURE_VIOLATION: {
    status: 41,
    meaning: "a kernel used an address outside of every aperture",
    wayOut: "Look for an uninitialised pointer, or a pointer to LDS or private memory that left its work-item.",
  },
  ERR_HSA_ILLEGAL_INSTRUCTION: {
    status: 42,
    meaning: "a kernel executed an instruction that the device does not have",
    wayOut: "Check that the code object was compiled for this very ISA.",
  },
  ERR_HSA_MEMORY_FAULT: {
    status: 43,
    meaning: "a kernel reached memory that is not mapped for the device, or not in that way",
    wayOut: "Check indices against the buffers' sizes, and that host pointers are not passed as device addresses.",
  },
  ERR_HSA_CU_MASK_REDUCED: { status: 44, meaning: "the compute-unit mask was reduced to what the queue may use" },

  ERR_HSA_LIBRARY_NOT_FOUND: {
    status: null,
    meaning: "the HSA runtime (ROCr, libhsa-runtime64.so.1) could not be loaded",
    wayOut:
      "Install it: `apt-get install libhsa-runtime64-1` (Debian, Ubuntu), or AMD's ROCm packages (hsa-rocr); " +
      "or name the library in HSA_RUNTIME_LIB, or ROCm's folder in ROCM_PATH.",
  },
  ERR_HSA_VERSION: {
    status: null,
    meaning: "the HSA runtime lacks functions that this package needs",
    wayOut: "Install ROCr 5.2 or newer, or name another library in HSA_RUNTIME_LIB.",
  },
  ERR_HSA_ALREADY_OPEN: {
    status: null,
    meaning: "HSA is open in this process already, with other options",
    wayOut: "One process has one HSA runtime: open it alike everywhere, or use another process.",
  },
  ERR_HSA_ADDON_NOT_BUILT: {
    status: null,
    meaning: "the native addon could not be loaded",
    wayOut:
      "Build it with `npm rebuild gcn-offload`, in a checkout with scripts/setup (needs a C++ compiler and the HSA headers).",
  },
  ERR_HSA_THUNK_NOT_BUILT: {
    status: null,
    meaning: "the software GPU's libhsakmt.so.1 is not there",
    wayOut:
      "Build it with `npm rebuild gcn-offload`, in a checkout with scripts/setup (needs cmake, a C++20 compiler and hsakmt.h).",
  },
  ERR_HSA_NO_HARDWARE: {
    status: null,
    meaning: "GCN_OFFLOAD_DEVICE=hardware, but there is no usable AMD GPU",
    wayOut: "Load the amdgpu driver and join the group `render`, or set GCN_OFFLOAD_DEVICE=software.",
  },
  ERR_HSA_DEVICE_SETTING: {
    status: null,
    meaning: "GCN_OFFLOAD_DEVICE is not understood",
    wayOut: "Use auto, hardware, software, software:gfx906 or software:gfx90a*2.",
  },
  ERR_HSA_DISPOSED: { status: null, meaning: "the handle was used after its disposal" },
  ERR_HSA_NOT_HOST_ACCESSIBLE: {
    status: null,
    meaning: "the host cannot reach this memory",
    wayOut: 'Copy it with read() and write(), or allocate it with kind: "host".',
  },
  ERR_HSA_QUEUE_FULL: { status: null, meaning: "no slot of the queue became free in time" },
  ERR_HSA_QUEUE_INACTIVE: { status: null, meaning: "the queue reported an error and takes no more packets" },
};

const BY_STATUS: ReadonlyMap<number, string> = new Map(
  Object.entries(EXPLANATIONS).flatMap(([code, { status }]) => (status === null ? [] : [[status, code] as const])),
);

/** The code of an HSA status: `ERR_HSA_OUT_OF_RESOURCES` for 0x1008. */
export function codeOfStatus(status: number): string {
  return BY_STATUS.get(status) ?? "ERR_HSA_ERROR";
}

/** The HSA status that stands behind a code, or null. */
export function statusOfCode(code: string): number | null {
  return EXPLANATIONS[code]?.status ?? null;
}

/** `OUT_OF_RESOURCES: the runtime could not … — Dispose …`. Unknown codes answer their own name. */
export function explain(code: string): string {
  const name = code.replace(/^ERR_HSA_/, "");
  const found = EXPLANATIONS[code];
  if (!found) return name;
  return found.wayOut ? `${name}: ${found.meaning} — ${found.wayOut}` : `${name}: ${found.meaning}`;
}

/** A failed HSA call, or a runtime that cannot be had. */
export class HsaError extends Error {
  override readonly name = "HsaError";
  /** Stable: `ERR_HSA_…`. */
  readonly code: string;
  /** The HSA status, where one stands behind the error. */
  readonly status: number | null;
  /** The HSA function that failed, where one did. */
  readonly call: string | null;

  constructor(code: string, detail?: string, options?: ErrorOptions & { status?: number; call?: string }) {
    const call = options?.call ?? null;
    super([call, detail, explain(code)].filter((part) => part).join(": "), options);
    this.code = code;
    this.status = options?.status ?? statusOfCode(code);
    this.call = call;
  }
}

/** What the natives attach to their errors. */
export interface NativeError extends Error {
  readonly code: string;
  readonly status?: number;
  readonly call?: string;
  readonly tried?: readonly { readonly library: string; readonly reason: string }[];
  readonly missing?: readonly string[];
}

export function isNativeError(error: unknown): error is NativeError {
  return (
    error instanceof Error &&
    !(error instanceof HsaError) &&
    typeof (error as Partial<NativeError>).code === "string" &&
    (error as NativeError).code.startsWith("ERR_HSA_")
  );
}

/** Turns an error of the natives into an `HsaError`; any other error passes unchanged. */
export function fromNative(error: unknown): unknown {
  if (!isNativeError(error)) return error;
  const detail =
    error.tried?.map(({ library, reason }) => `${library} (${reason.replace(`${library}: `, "")})`).join(", ") ??
    error.missing?.join(", ") ??
    (error.status === undefined ? error.message : undefined);
  return new HsaError(error.code, detail, {
    cause: error,
    ...(error.status === undefined ? {} : { status: error.status }),
    ...(error.call === undefined ? {} : { call: error.call }),
  });
}

/** Runs natives, with their errors as `HsaError`. */
export function guarded<T>(body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw fromNative(error);
  }
}
