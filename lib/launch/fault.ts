/**
 * What a fault on the device means to the person who launched: which error, where, whose memory, and what to look for.
 *
 * @packageDocumentation
 */

import { bytesText, DeviceError, type DeviceErrorCode } from "../errors.js";
import { explain, isNativeError } from "../hsa/errors.js";
import {
  type Agent,
  codeOfStatus,
  type HsaRuntime,
  type Queue,
  type SoftwareFault,
  type SystemEvent,
} from "../hsa/index.js";

interface Meaning {
  readonly code: DeviceErrorCode;
  readonly what: string;
  readonly hint: string | null;
}

const MEMORY_FAULT: Meaning = {
  code: "ERR_OFFLOAD_MEMORY_FAULT",
  what: "memory fault",
  hint: "Check indices against the buffers' sizes, and that the address is a device address of a buffer that is alive",
};

/** By the HSA status that the queue reports. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ERR_HSA_MEMORY_FAULT: MEMORY_FAULT,
  // ROCr tells of one memory fault in the life of a process with its address; from later ones the queue's trap handler reports this.
  ERR_HSA_MEMORY_APERTURE_VIOLATION: MEMORY_FAULT,
  ERR_HSA_ILLEGAL_INSTRUCTION: {
    code: "ERR_OFFLOAD_ILLEGAL_INSTRUCTION",
    what: "illegal instruction",
    hint: "Check that the code object was compiled for this very ISA, and that the kernel did not jump into data",
  },
  ERR_HSA_EXCEPTION: {
    code: "ERR_OFFLOAD_EXCEPTION",
    what: "the kernel trapped",
    hint: "An assertion failed, or the kernel called abort()",
  },
  ERR_HSA_OUT_OF_RESOURCES: {
    code: "ERR_OFFLOAD_LAUNCH_RESOURCES",
    what: "the device cannot give the launch what it asks for",
    hint: "Reduce its scratch (stack) or its number of work-items",
  },
  ERR_HSA_INVALID_ALLOCATION: {
    code: "ERR_OFFLOAD_LAUNCH_RESOURCES",
    what: "the device cannot give the launch what it asks for",
    hint: "Reduce its LDS",
  },
};

function meaning(status: number): Meaning {
  const code = codeOfStatus(status);
  return (
    MEANINGS[code] ?? {
      code: "ERR_OFFLOAD_DEVICE",
      what: status === 0 ? "the queue failed" : explain(code),
      hint: null,
    }
  );
}

const UNSUPPORTED: Meaning = {
  code: "ERR_OFFLOAD_UNSUPPORTED_INSTRUCTION",
  what: "an instruction that the software GPU does not implement",
  hint: "`gcn-offload info --isa` lists what it implements",
};

/** The statuses of which the software GPU keeps an account: what stopped a wave. */
const STOPPED_A_WAVE = ["ERR_OFFLOAD_MEMORY_FAULT", "ERR_OFFLOAD_ILLEGAL_INSTRUCTION", "ERR_OFFLOAD_EXCEPTION"];

/** Whether the software GPU's last fault is about an error of this meaning. */
const hasAccount = ({ code }: Meaning): boolean => STOPPED_A_WAVE.includes(code);

/** ROCr has one status for instructions that do not exist and for those that are not implemented. */
const refined = (general: Meaning, fault: SoftwareFault | null): Meaning =>
  fault?.kind === "unsupported-instruction" ? UNSUPPORTED : general;

/** A range of device memory, alive or gone. */
export interface Extent {
  readonly label: string;
  readonly address: number;
  readonly byteLength: number;
}

/** How far from an allocation an address is still told as "near" it. */
const NEAR = 16 * 1024 * 1024;

/** What owns an address: the allocation it lies in, one that lay there, or the nearest. */
export function ownerOf(address: number, alive: Iterable<Extent>, gone: readonly Extent[]): string | null {
  let nearest: Extent | undefined;
  let least = NEAR;
  for (const extent of alive) {
    const distance = distanceOf(address, extent);
    if (distance < 0) return `in ${extent.label}`;
    if (distance < least) {
      nearest = extent;
      least = distance;
    }
  }
  const freed = gone.findLast((extent) => distanceOf(address, extent) < 0);
  if (freed !== undefined) return `in ${freed.label}, which has been disposed`;
  if (address < 4096) return "a null pointer";
  if (nearest === undefined) return null;
  if (address < nearest.address) return `${bytesText(least)} before ${nearest.label}`;
  return least === 0 ? `just past the end of ${nearest.label}` : `${bytesText(least)} past the end of ${nearest.label}`;
}

/** Bytes between an address and an extent; negative inside of it. */
function distanceOf(address: number, { address: from, byteLength }: Extent): number {
  if (address < from) return from - address;
  return address < from + byteLength ? -1 : address - (from + byteLength);
}

/** An extent that outlives its buffer. */
export const remembered = ({ label, address, byteLength }: Extent): Extent => ({ label, address, byteLength });

/** The error for a launch on a queue of somebody else's. `address`: as the runtime tells it, which knows the page. */
export function memoryFault(kernel: string, address: number, fault: SoftwareFault | null, hint: string): DeviceError {
  const { code, what, hint: general } = MEMORY_FAULT;
  return new DeviceError(code, what, {
    kernel,
    address: fault?.access?.address ?? address,
    fault,
    hint: `${general}. ${hint}`,
  });
}

/** An agent's faults: hears what the runtime tells of them, and makes the errors for the launches that they stopped. */
export class FaultReporter {
  readonly #runtime: HsaRuntime;
  readonly #ownerOf: (address: number) => string | null;
  readonly #stopListening: () => void;
  #event: SystemEvent | null = null;

  /** @param owner - what lies at an address, as its devices know it. */
  constructor(runtime: HsaRuntime, agent: Agent, owner: (address: number) => string | null) {
    this.#runtime = runtime;
    this.#ownerOf = owner;
    this.#stopListening = runtime.onFault((event) => {
      if (event.agent === agent.index) this.#event = event;
    });
  }

  /** The error for a launch that the device stopped with an HSA status; 0: the queue failed without one. */
  error(kernel: string, queue: Queue | null, status: number, error?: unknown): DeviceError {
    const general = meaning(status);
    const fault = queue !== null && hasAccount(general) ? this.#runtime.softwareLastFault(queue) : null;
    const { code, what, hint } = refined(general, fault);
    const reported = (error as { address?: unknown } | undefined)?.address;
    const seen = typeof reported === "number" ? reported : (this.#event?.address ?? null);
    // Events have but the page, and there is one of them in the life of a process.
    const address = code === "ERR_OFFLOAD_MEMORY_FAULT" ? (fault?.access?.address ?? seen) : null;
    this.#event = null;
    return new DeviceError(code, what, {
      kernel,
      status: status === 0 ? null : status,
      address,
      owner: address === null ? null : this.#ownerOf(address),
      fault,
      hint,
      cause: error,
    });
  }

  /** That error where `thrown` is one of the natives' with an HSA status; any other passes unchanged. */
  explained(kernel: string, queue: Queue | null, thrown: unknown): unknown {
    return isNativeError(thrown) ? this.error(kernel, queue, thrown.status ?? 0, thrown) : thrown;
  }

  dispose(): void {
    this.#stopListening();
  }
}
