/** The addon itself, with nothing of lib/hsa between, and child processes that use it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { addon } from "../../lib/hsa/addon.js";
import { locate, packageFolder } from "../../lib/hsa/locate.js";
import type { Native, NativeAgent, NativePool, NativeQueue, NativeRegion, NativeSignal } from "../../lib/hsa/native.js";

/** HSA 1.2, 2.9.1: packet types, and the barrier bit of the header. */
export const PACKET = {
  vendor: 0,
  invalid: 1,
  kernelDispatch: 2,
  barrierAnd: 3,
  agentDispatch: 4,
  barrierOr: 5,
} as const;
export const BARRIER_BIT = 1 << 8;
export const BARRIER = PACKET.barrierAnd | BARRIER_BIT;

export const openOptions = locate().options;
export const native: Native = addon();

export interface Machine {
  readonly cpu: NativeAgent;
  readonly gpu: NativeAgent;
  /** Fine grained host memory. */
  readonly hostPool: NativePool;
  /** The GPU's own. */
  readonly localPool: NativePool;
  readonly kernarg: NativeRegion;
}

export function openMachine(): Machine {
  native.open(openOptions);
  const agents = native.agents();
  const cpu = must(agents.find((agent) => agent.info().deviceType === "cpu"));
  const gpu = must(agents.find((agent) => agent.info().deviceType === "gpu"));
  return {
    cpu,
    gpu,
    hostPool: must(cpu.pools().find((pool) => pool.info().segment === "global" && pool.info().flags === 2)),
    localPool: must(gpu.pools().find((pool) => pool.info().segment === "global" && pool.info().allocAllowed)),
    kernarg: must(cpu.regions().find((region) => region.info().flags & 1)),
  };
}

/** Lays a barrier packet into the queue's staging bytes: it waits for these signals (HSA 1.2, 2.9.8). */
export function layBarrier(queue: NativeQueue, signals: readonly NativeSignal[] = []): void {
  const packet = new DataView(queue.packet);
  for (let i = 0; i < 5; i++) packet.setBigUint64(8 + 8 * i, BigInt(signals[i]?.handle ?? 0), true);
  packet.setBigUint64(56, 0n, true);
}

export function must<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new Error("this machine lacks something that the test needs");
  return value;
}

/** The `code` that a call throws; "" where it throws nothing. */
export function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "";
}

export const turn = (milliseconds = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

const prelude = `
const ADDON = ${JSON.stringify(join(packageFolder, "build", "Release", "gcn_offload.node"))};
const native = require(ADDON);
const options = ${JSON.stringify(openOptions)};
const BARRIER = ${BARRIER};
function gpuOf() { return native.agents().find((agent) => agent.info().deviceType === "gpu"); }
function blockedQueue(onComplete = () => {}) {
  // A barrier that nobody will ever let through, and launches behind it.
  const queue = native.createQueue(gpuOf(), { size: 64, onComplete });
  const never = native.createSignal(1);
  new DataView(queue.packet).setBigUint64(8, BigInt(never.handle), true);
  queue.submit(BARRIER, null, false);
  new Uint8Array(queue.packet).fill(0);
  return { queue, never };
}
`;

/** Runs a CommonJS script in a process of its own; one that hangs is killed, which `signal` then tells. */
export function runChild(script: string, ...flags: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, "-e", `${prelude}\n${script}`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (data: Buffer): void => {
      output += data.toString();
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const killer = setTimeout(() => child.kill("SIGKILL"), 25_000);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(killer);
      resolve({ code, signal, output });
    });
  });
}
