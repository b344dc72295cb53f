/**
 * Calls into a libgomp in a process of its own. What it ends its process for is an error of the call; so is a crash, a kernel's exit(), or
 * a call that does not end in time. Host memory that a call names is copied there before it and back after it.
 *
 * @packageDocumentation
 */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { OffloadError, type OffloadErrorCode } from "../../errors.js";
import { packageFolder } from "../../hsa/locate.js";
import type { CallRequest, CallResult, Driver, HostCall, RegisterRequest, Registration, Section } from "./driver.js";
import type { Answer, Failure, Ready, Request } from "./isolated_messages.js";
import { Mirrors } from "./mirrors.js";
import type { Release } from "./release.js";

const script = join(packageFolder, "dist", "libgomp", "call", "isolated_process.js");
/** Milliseconds that the process has for its end, once it has been told. */
const LEAVE = 10_000;
/** And, at least, for its start where calls have a timeout. */
const START = 30_000;
/** Of what it has said on stderr, in messages. */
const MOST_SAID = 4096;

export interface IsolatedOptions {
  readonly library?: string;
  readonly device?: string;
  readonly timeout?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** The one request that is under way. */
interface Waiting {
  readonly what: string;
  readonly number: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

export class IsolatedDriver implements Driver {
  readonly isolated = true;
  readonly #child: ChildProcess;
  readonly #hostCall: HostCall;
  readonly #timeout: number | undefined;
  readonly #mirrors: Mirrors;
  readonly #ended: Promise<void>;
  #ready: Ready | null = null;
  /** One call after the other: each has the memory that those before it have left. */
  #tail: Promise<unknown> = Promise.resolve();
  #waiting: Waiting | null = null;
  #timer: NodeJS.Timeout | undefined;
  #late = false;
  #users = 0;
  #next = 0;
  #said = "";
  /** Why there is no process any more. */
  #end: string | null = null;
  #closed = false;
  /** The memory of launches whose host function may be called. */
  readonly #launches = new Map<number, readonly Section[]>();

  private constructor({ timeout, environment, ...options }: IsolatedOptions, hostCall: HostCall) {
    this.#hostCall = hostCall;
    this.#timeout = timeout;
    this.#child = fork(script, [JSON.stringify(options)], {
      env: { ...process.env, ...environment } as NodeJS.ProcessEnv,
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    this.#mirrors = new Mirrors((buffer) => this.#say({ kind: "forget", buffer }));
    const stderr = this.#child.stderr as Readable;
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-MOST_SAID);
      process.stderr.write(text);
    });
    this.#child.on("message", (message) => this.#heard(message as Answer));
    this.#ended = new Promise((resolve) => {
      const over = (how: string): void => {
        this.#gone(how);
        resolve();
      };
      this.#child.on("error", (error) => over(`could not be started: ${error.message}`));
      // After all that it has said.
      this.#child.on("close", (code, signal) =>
        over(signal === null ? `ended with status ${code}` : `died of ${signal}`),
      );
    });
    this.#keepLoopAlive(false);
  }

  /** @throws OffloadError and what else `LocalDriver.open` throws, by its code. */
  static async start(options: IsolatedOptions, hostCall: HostCall): Promise<IsolatedDriver> {
    const driver = new IsolatedDriver(options, hostCall);
    try {
      const ready = await driver.#inTurn(() => driver.#wait("its start", null));
      if (ready.kind === "ready") driver.#ready = ready;
      return driver;
    } catch (error) {
      driver.#child.kill("SIGKILL");
      throw error;
    }
  }

  get file(): string {
    return this.#ready?.file ?? "";
  }
  get release(): Release {
    return this.#ready?.release ?? 12;
  }
  get gone(): boolean {
    return this.#end !== null;
  }
  has(name: string): boolean {
    return this.#ready?.functions.includes(name) ?? false;
  }

  call({ name, words, reads = [], writes = [], launch, answers }: CallRequest): Promise<CallResult> {
    return this.#inTurn(async () => {
      if (launch !== undefined) this.#launches.set(launch.id, reads);
      const answer = await this.#wait(name, (number) => ({
        kind: "call",
        number,
        call: {
          name,
          words: words.map((word) => this.#mirrors.word(word)),
          reads: this.#mirrors.contents(reads),
          writes: writes.map((section) => this.#mirrors.section(section)),
          ...(answers === undefined ? {} : { answers }),
          ...(launch === undefined ? {} : { launch }),
        },
      }));
      if (answer.kind !== "returned") throw unexpected(answer);
      this.#mirrors.store(answer.content);
      return { value: answer.value, pointers: answer.pointers };
    });
  }

  register({ image, functions, variables }: RegisterRequest): Promise<Registration> {
    return this.#inTurn(async () => {
      const answer = await this.#wait("GOMP_offload_register_ver", (number) => ({
        kind: "register",
        number,
        request: {
          // Of a view not the whole of its buffer.
          image: ArrayBuffer.isView(image)
            ? new Uint8Array(image.buffer, image.byteOffset, image.byteLength).slice()
            : image,
          functions,
          variables: variables.map((place) => ({ ...this.#mirrors.section(place), name: place.name })),
        },
      }));
      if (answer.kind !== "registered") throw unexpected(answer);
      return answer.registration;
    });
  }
  async unregister(id: number): Promise<void> {
    await this.#inTurn(() =>
      this.#wait("GOMP_offload_unregister_ver", (number) => ({ kind: "unregister", number, id })),
    );
  }
  launchOver(id: number): void {
    if (this.#launches.delete(id)) this.#say({ kind: "launchOver", id });
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      const patience = setTimeout(() => this.#child.kill("SIGKILL"), LEAVE);
      try {
        if (!this.gone) await this.#inTurn(() => this.#wait("its end", (number) => ({ kind: "close", number })));
      } catch {
        // It has ended in another way.
      } finally {
        this.#keepLoopAlive(true);
        await this.#ended;
        clearTimeout(patience);
        this.#mirrors.close();
      }
    }
    await this.#ended;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#users++ === 0) this.#keepLoopAlive(true);
    const result = this.#tail.then(work);
    this.#tail = result
      .catch(() => {})
      .then(() => {
        if (--this.#users === 0 && !this.#closed) this.#keepLoopAlive(false);
      });
    return result;
  }

  /** Sends a request, and waits for its answer. */
  #wait(what: string, request: ((number: number) => Request) | null): Promise<Answer> {
    if (this.#end !== null) {
      return Promise.reject(
        new OffloadError("ERR_OFFLOAD_LIBGOMP", `${what}: libgomp's process is gone: it ${this.#end}`),
      );
    }
    const number = this.#next++;
    const message = request?.(number);
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting = { what, number, resolve, reject };
      this.#startTimer();
      if (message !== undefined) this.#say(message);
    }).finally(() => clearTimeout(this.#timer));
  }
  #say(request: Request): void {
    if (this.#child.connected) this.#child.send(request, () => {});
  }

  #heard(answer: Answer): void {
    if (answer.kind === "hostCall") {
      void this.#runOnHost(answer.host, answer.launch, answer.content);
      return;
    }
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    if (answer.kind === "failed") waiting.reject(errorOf(answer.failure));
    else waiting.resolve(answer);
  }

  /** libgomp has no part in how long that takes. */
  async #runOnHost(host: number, launch: number | null, content: Parameters<Mirrors["store"]>[0]): Promise<void> {
    clearTimeout(this.#timer);
    this.#mirrors.store(content);
    await this.#hostCall(launch);
    const memory = launch === null ? [] : (this.#launches.get(launch) ?? []);
    this.#startTimer();
    this.#say({ kind: "hostDone", host, content: this.#mirrors.contents(memory) });
  }

  /** The start of a process is no call of libgomp's. */
  get #limit(): number {
    const timeout = this.#timeout ?? 0;
    return this.#ready === null ? Math.max(timeout, START) : timeout;
  }
  #startTimer(): void {
    clearTimeout(this.#timer);
    if (this.#timeout === undefined || this.#waiting === null) return;
    this.#timer = setTimeout(() => {
      this.#late = true;
      this.#child.kill("SIGKILL");
    }, this.#limit);
  }

  #gone(how: string): void {
    if (this.#end !== null) return;
    const said = this.#said.trim();
    const words = said === "" ? "" : `. It said: ${said}`;
    const waiting = this.#waiting;
    this.#waiting = null;
    const call = waiting?.what ?? "a call";
    this.#end = this.#late ? `did not end ${call} within ${this.#limit} ms` : `${how} during ${call}`;
    const code = this.#late ? "ERR_OFFLOAD_TIMEOUT" : "ERR_OFFLOAD_LIBGOMP";
    waiting?.reject(new OffloadError(code, `libgomp's process ${this.#end}${words}`));
  }

  #keepLoopAlive(alive: boolean): void {
    const stderr = this.#child.stderr as (Readable & { ref?(): void; unref?(): void }) | null;
    for (const each of [this.#child, this.#child.channel, stderr]) {
      if (alive) each?.ref?.();
      else each?.unref?.();
    }
  }
}

const unexpected = (answer: Answer): OffloadError =>
  new OffloadError("ERR_OFFLOAD_LIBGOMP", `libgomp's process gave an answer that was not asked for: ${answer.kind}`);

/** An error of the other process, by its code. */
function errorOf({ name, code, message }: Failure): Error {
  if (code?.startsWith("ERR_OFFLOAD_")) return new OffloadError(code as OffloadErrorCode, message);
  return Object.assign(new Error(message), { name, ...(code === null ? {} : { code }) });
}
