/** The real libgomp of GCC 12, and lib/openacc, as executors of sequences; each answers a line an operation, up to one that is refused. */
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ASYNC, OpenAcc, type QueuedDataRegion } from "../../../lib/openacc/index.js";
import { addressOf, type DataRegion, type MapItem, TargetDevice } from "../../../lib/target/index.js";
import { oracleEnvironment } from "../../target/oracle/environment.js";
import { cached, probeImage, here as targetOracle } from "../../target/oracle/image.js";
import { QueuePlugin } from "../queue-plugin.js";
import {
  ARENA_BYTES,
  type Operation,
  patternOf,
  type Queued,
  type Sequence,
  SLOT_BYTES,
  SLOTS,
  textOf,
} from "./operation.js";

const here = fileURLToPath(new URL(".", import.meta.url));
/** Device memory is never given out twice, and there is as much as so many sequences take. */
const SEQUENCES_OF_PROCESS = 300;
const ENDINGS = /^(?:assert|crash|hang|abort)/;

function build(): { readonly program: string; readonly runtime: string } {
  const warnings = ["-O2", "-Wall", "-Wextra"];
  const source = join(here, "oracle.c");
  const program = cached("acc-oracle", [source], ["gcc-12", ...warnings], (output) => {
    execFileSync("gcc-12", [...warnings, "-o", output, source, "-lgomp"]);
  });
  const library = join(targetOracle, "arena_hsa.c");
  const runtime = cached("arena_hsa.so", [library], ["cc", ...warnings], (output) => {
    execFileSync("cc", [...warnings, "-shared", "-fPIC", "-o", output, library, "-lhsa-runtime64"]);
  });
  return { program, runtime };
}

/** Many sequences in a process; one that ends it ends there, and the others go on in a new one. */
export async function* libgomp(sequences: readonly Sequence[]): AsyncGenerator<readonly string[]> {
  for (let done = 0; done < sequences.length; ) {
    let count = 0;
    for await (const lines of oneProcess(sequences.slice(done, done + SEQUENCES_OF_PROCESS))) {
      yield lines;
      count++;
    }
    if (count === 0) throw new Error("the oracle executes nothing");
    done += count;
  }
}

async function* oneProcess(sequences: readonly Sequence[]): AsyncGenerator<readonly string[]> {
  const { program, runtime } = build();
  const child = spawn(program, [probeImage("gfx906")], {
    env: oracleEnvironment("gfx906", { HSA_RUNTIME_LIB: runtime }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints += text.toString();
  });
  // A process that ends early reads no more.
  child.stdin.on("error", () => {});
  child.stdin.end(
    sequences.map(({ seed, operations }) => `s ${seed}\n${operations.map(textOf).join("\n")}\n`).join(""),
  );
  let lines: string[] | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "s" && line !== "end") {
      lines?.push(line);
      continue;
    }
    if (lines !== null) yield lines;
    lines = line === "s" ? [] : null;
  }
  await closed;
  if (lines === null) return;
  if (!ENDINGS.test(lines.at(-1) ?? "")) throw new Error(`the oracle failed: ${complaints.slice(-500)}`);
  yield lines;
}

/** New device memory is zero, as libgomp's is under this test. */
class ZeroPlugin extends QueuePlugin {
  override alloc(device: number, bytes: number): number {
    const address = super.alloc(device, bytes);
    this.at(address, bytes).fill(0);
    return address;
  }
}

const QUEUE = 3;
const PATTERN = 0xa5a5a5a5;

export class Ours {
  readonly #plugin = new ZeroPlugin();
  readonly #device = new TargetDevice(this.#plugin, 0);
  readonly #acc = new OpenAcc(this.#device);
  readonly #buffer = new ArrayBuffer(ARENA_BYTES);
  readonly #view = new DataView(this.#buffer);
  readonly #base = addressOf(this.#buffer);
  readonly #regions: (DataRegion | QueuedDataRegion)[] = [];
  #mapped = 0;
  /** Why the last operation was refused. */
  reason = "";

  static async execute({ seed, operations }: Sequence): Promise<readonly string[]> {
    const ours = new Ours();
    for (let slot = 0; slot < SLOTS; slot++) ours.#poke(slot * SLOT_BYTES, patternOf(slot, seed));
    const lines: string[] = [];
    for (const operation of operations) {
      const line = await ours.#step(operation);
      lines.push(line);
      if (line.startsWith("fatal")) break;
    }
    return lines;
  }

  async #step(operation: Operation): Promise<string> {
    const before = this.#state();
    try {
      if (operation.what === "r") return `ok;${this.#drain()}`;
      await this.#perform(operation);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (!code?.startsWith("ERR_OFFLOAD")) throw error;
      const same = operation.what === "d" || this.#state() === before;
      return `fatal ${same ? "" : "and changed the table: "}${code}: ${message}`;
    }
    return `ok;${this.#look()}`;
  }

  #poke(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
    this.#view.setUint32(offset + 4, PATTERN, true);
  }
  #bytes(offset: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#buffer, offset, bytes);
  }

  async #perform(operation: Operation): Promise<void> {
    if ("items" in operation) {
      const items = operation.items.map(
        ({ kind, offset, size }): MapItem => ({ kind, address: this.#base + offset, size, owner: this.#buffer }),
      );
      const { async, met } = operation;
      const options = { if: met, ...(async ? { async: this.#number(async) } : {}) };
      if (operation.what !== "b") {
        const construct = ({ e: "enterData", x: "exitData", u: "update" } as const)[operation.what];
        await this.#turned(this.#acc[construct](items, options));
        return;
      }
      // Libgomp has no such regions in queues: what is there when the queue is empty is the same.
      if (!async) this.#regions.push(this.#acc.data(items, { if: met }));
      else {
        const region = this.#acc.data(items, { if: met, async: this.#number(async) });
        this.#regions.push(region);
        await this.#turned(region.begun);
      }
      return;
    }
    const { what, async, offset, second } = operation;
    const { memory } = this.#acc;
    const whole = (): Uint8Array => this.#bytes(offset, second);
    const pointer = (): Uint8Array => this.#bytes(offset, SLOT_BYTES);
    switch (what) {
      case "p":
        this.#poke(offset, second);
        return;
      case "w":
        this.#view.setBigUint64(offset, BigInt(second < 0 ? 0 : this.#base + second), true);
        return;
      case "v": {
        if (!memory.isPresent(pointer())) return;
        memory.memcpyToDevice(memory.deviceptr(pointer()) as number, Uint32Array.of(second, PATTERN));
        return;
      }
      case "m":
        this.#mapped++;
        memory.mapData(whole(), memory.malloc(second));
        return;
      case "n":
        memory.unmapData(pointer());
        return;
      case "d":
        await this.#turned(this.#regions.pop()?.end());
        return;
      case "r":
        return;
    }
    const routine = {
      i: "copyin",
      c: "create",
      o: "copyout",
      O: "copyoutFinalize",
      l: "delete",
      L: "deleteFinalize",
      U: "updateDevice",
      S: "updateSelf",
      h: "attach",
      k: "detach",
      K: "detachFinalize",
    } as const;
    const name = routine[what];
    const place = what === "h" || what === "k" || what === "K" ? pointer() : whole();
    if (!async) memory[name](place);
    else await this.#turned(memory[`${name}Async`](place, this.#number(async)));
  }

  #number(async: Queued): number {
    this.#acc.queues.defaultAsync = async === "D" ? QUEUE : ASYNC.NOVAL;
    return async === "A" ? QUEUE : ASYNC.NOVAL;
  }
  /** Runs what it has put into the queue. */
  async #turned(done: Promise<void> | undefined | void): Promise<void> {
    done?.catch(() => {});
    for (const queue of this.#plugin.queues) await queue.run();
    await done;
    await this.#acc.wait();
  }

  #state(): string {
    const ranges = [...this.#device.table].map(({ start, end, count, dynamicCount, attached }) =>
      [start, end, count.value, dynamicCount, attached?.filter((times) => times > 0).join()].join(),
    );
    return [...ranges, this.#plugin.live - this.#mapped].join(" ");
  }

  #look(): string {
    let host = "";
    let device = "";
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = this.#bytes(slot * SLOT_BYTES, SLOT_BYTES);
      host += ` ${this.#value(bytes)}`;
      const there = this.#acc.memory.isPresent(bytes) ? this.#acc.memory.deviceptr(bytes) : null;
      device += ` ${there === null ? "-" : this.#value(this.#plugin.at(there, SLOT_BYTES))}`;
    }
    return `${host};${device}`;
  }
  #value(bytes: Uint8Array): string {
    const view = new DataView(bytes.buffer, bytes.byteOffset, SLOT_BYTES);
    const [low, high] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (high === PATTERN || (high === 0 && low === 0)) return low.toString(16);
    const value = Number(view.getBigUint64(0, true));
    const offset = value - this.#base;
    if (offset >= 0 && offset < ARENA_BYTES + SLOT_BYTES) return `h${offset}`;
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = this.#acc.memory.deviceptr(this.#bytes(slot * SLOT_BYTES, 1));
      if (at !== null && value >= at && value < at + SLOT_BYTES) return `d${slot * SLOT_BYTES + value - at}`;
    }
    return "D";
  }

  #drain(): string {
    const deletes = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      const bytes = this.#bytes(slot * SLOT_BYTES, SLOT_BYTES);
      let times = 0;
      for (; times < 12 && this.#acc.memory.isPresent(bytes); times++) this.#acc.memory.delete(bytes);
      deletes.push(` ${times}`);
    }
    const kept = [...this.#device.table].length;
    if (kept === 0 && this.#plugin.live !== this.#mapped) return `${this.#plugin.live} blocks are left`;
    return deletes.join("");
  }
}
