/**
 * The process of an isolated libgomp: `IsolatedDriver` starts it, and says by messages what it is to call. It ends with that process, or when
 * it is told to.
 */
import { addressOf } from "../../target/host_memory.js";
import type { HostPlace, Word } from "./driver.js";
import type {
  Answer,
  Failure,
  MirrorBytes,
  MirrorPlace,
  MirrorPointer,
  MirrorSection,
  MirrorWord,
  Request,
} from "./isolated_messages.js";
import { LocalDriver, type LocalOptions } from "./local_driver.js";

const mirrors = new Map<number, ArrayBuffer>();
/** The memory of launches whose host functions may be called. */
const launches = new Map<number, readonly MirrorSection[]>();
const hostCalls = new Map<number, () => void>();
let nextHostCall = 0;

const say = (answer: Answer): void => void process.send?.(answer);

function mirror({ buffer, size }: MirrorPlace): ArrayBuffer {
  const known = mirrors.get(buffer) ?? new ArrayBuffer(size);
  mirrors.set(buffer, known);
  return known;
}
function place(there: MirrorPlace): HostPlace {
  const owner = mirror(there);
  return { owner, address: owner.byteLength === 0 ? 0 : addressOf(owner) + there.offset };
}
function write(content: readonly MirrorBytes[]): void {
  for (const each of content) new Uint8Array(mirror(each)).set(each.content, each.offset);
}
function read(sections: readonly MirrorSection[]): MirrorBytes[] {
  return sections.map(({ buffer, size, offset, bytes }) => ({
    buffer,
    size,
    offset,
    content: new Uint8Array(mirror({ buffer, size, offset }), offset, bytes).slice(),
  }));
}

const isMirror = (word: unknown): word is MirrorPlace =>
  typeof word === "object" && word !== null && "buffer" in word && "offset" in word;
const pointer = (there: MirrorPointer): number | HostPlace => (typeof there === "number" ? there : place(there));

function wordOf(word: MirrorWord): Word {
  if (word === null || typeof word === "number" || ArrayBuffer.isView(word)) return word;
  return isMirror(word) ? place(word) : word.map(pointer);
}

function failureOf(error: unknown): Failure {
  const { name, code, message } = error as Error & { code?: unknown };
  return { name: name ?? "Error", code: typeof code === "string" ? code : null, message: message ?? String(error) };
}

async function runOnHost(launch: number | null): Promise<void> {
  const host = nextHostCall++;
  const done = new Promise<void>((resolve) => hostCalls.set(host, resolve));
  say({ kind: "hostCall", host, launch, content: read(launches.get(launch ?? -1) ?? []) });
  await done;
}

async function serve(driver: LocalDriver, request: Request): Promise<void> {
  switch (request.kind) {
    case "call": {
      const { number, call } = request;
      write(call.reads);
      if (call.launch !== undefined)
        launches.set(
          call.launch.id,
          call.reads.map(({ content, ...at }) => ({ ...at, bytes: content.length })),
        );
      const { value, pointers } = await driver.call({
        name: call.name,
        words: call.words.map(wordOf),
        ...(call.answers === undefined ? {} : { answers: call.answers }),
        ...(call.launch === undefined ? {} : { launch: call.launch }),
      });
      say({ kind: "returned", number, value, pointers, content: read(call.writes) });
      return;
    }
    case "register": {
      const { number, request: registration } = request;
      const variables = registration.variables.map(({ name, bytes, ...at }) => ({ name, bytes, ...place(at) }));
      say({ kind: "registered", number, registration: await driver.register({ ...registration, variables }) });
      return;
    }
    case "unregister":
      await driver.unregister(request.id);
      say({ kind: "done", number: request.number });
      return;
    case "launchOver":
      launches.delete(request.id);
      driver.launchOver(request.id);
      return;
    case "hostDone":
      write(request.content);
      hostCalls.get(request.host)?.();
      hostCalls.delete(request.host);
      return;
    case "forget":
      mirrors.delete(request.buffer);
      return;
    case "close":
      await driver.close();
      say({ kind: "done", number: request.number });
      process.disconnect();
  }
}

// Nobody is left to call, or to wait for what is under way.
let closing = false;
process.on("disconnect", () => {
  if (!closing) process.kill(process.pid, "SIGKILL");
});

try {
  const driver = await LocalDriver.open(JSON.parse(process.argv[2] ?? "{}") as LocalOptions, runOnHost);
  process.on("message", (message) => {
    const request = message as Request;
    closing ||= request.kind === "close";
    serve(driver, request).catch((error) => {
      say({ kind: "failed", number: "number" in request ? request.number : null, failure: failureOf(error) });
    });
  });
  const { file, release, functions } = driver;
  say({ kind: "ready", file, release, functions: [...functions] });
} catch (error) {
  say({ kind: "failed", number: null, failure: failureOf(error) });
  process.disconnect();
}
