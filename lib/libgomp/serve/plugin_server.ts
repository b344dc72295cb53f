/**
 * Answers what libgomp asks of its GCN plugin with a plugin of ours: the C library native/libgomp_plugin hands each call over, and takes
 * the answer back to the thread that has asked.
 *
 * Source: libgomp-plugin.h, target.c, oacc-async.c and plugin-gcn.c of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import { isMainThread } from "node:worker_threads";
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import type { PluginOutcome } from "../../hsa/native_programs.js";
import type { AsyncQueue, OffloadPlugin } from "../../plugin/index.js";
import { bytesAt, viewAt, writeText } from "../raw_memory.js";
import { Handles } from "./handles.js";
import { attributesAt } from "./launch_words.js";
import { OPERATION, type OperationName, type Words } from "./operations.js";
import { propertyOf } from "./properties.js";
import { ServedImages } from "./served_images.js";
import { ServedSessions } from "./served_sessions.js";

const OUTCOME = { done: 0, failed: 1, exit: 2, abort: 3 } as const satisfies Record<string, PluginOutcome>;

/** An answer: now, or when it is there. Nothing stands for 0. */
type Answer = number | undefined | Promise<number | undefined>;
type Handler = (words: Words) => Answer;

/** What the server does not know by itself. */
export interface PluginSurroundings {
  /** The plugin library for the libgomp in a file. */
  libraryFor(libgomp: string): string;
  /** The program has ended, with a status, and the process will when this is over. */
  ended(status: number): void | Promise<void>;
}

export class PluginServer {
  readonly #plugin: OffloadPlugin;
  readonly #handlers = new Map<number, Handler>();
  readonly #queues = new Handles<AsyncQueue>("queue");
  readonly #images: ServedImages;
  readonly #sessions: ServedSessions;
  /** Whether a launch that nobody waited for ends the process. */
  #ends = false;

  constructor(
    plugin: OffloadPlugin,
    private readonly surroundings: PluginSurroundings,
  ) {
    this.#plugin = plugin;
    this.#images = new ServedImages(plugin);
    this.#sessions = new ServedSessions(plugin);
    for (const [name, handler] of Object.entries(this.#table())) {
      this.#handlers.set(OPERATION[name as OperationName], handler);
    }
  }

  /** From now on this answers. One server at a time, in one thread of the process. */
  open(): void {
    addon().servePlugin((request, operation, ...words) => this.#serve(request, operation, words));
  }
  /** At the thread's end, which is the process's where it is the main one. Answers whether a program is under way. */
  close(): boolean {
    return addon().stopServingPlugin(isMainThread);
  }

  #serve(request: number, operation: number, words: Words): number | undefined {
    try {
      const handler = this.#handlers.get(operation);
      if (handler === undefined) throw new OffloadError("ERR_OFFLOAD_PLUGIN", `operation ${operation} is unknown`);
      const answer = handler(words);
      if (!(answer instanceof Promise)) return answer ?? 0;
      answer.then(
        (value) => addon().answerPlugin(request, OUTCOME.done, value ?? 0),
        (error) => refuse(request, error),
      );
    } catch (error) {
      refuse(request, error);
    }
    return undefined;
  }

  #table(): Record<OperationName, Handler> {
    const plugin = this.#plugin;
    const { functions } = this.#images;
    return {
      numDevices: ([requires = 0]) => plugin.getNumDevices(requires),
      initDevice: ([device = 0]) => void plugin.initDevice(device),
      finiDevice: ([device = 0]) => {
        this.#images.endDevice(device);
        plugin.finiDevice(device);
        return 0;
      },
      loadImage: (words) => this.#images.load(words),
      unloadImage: ([device = 0, data = 0]) => void this.#images.unload(device, data),
      alloc: ([device = 0, bytes = 0]) => plugin.alloc(device, bytes),
      free: ([device = 0, address = 0]) => void plugin.free(device, address),
      hostToDevice: ([device = 0, to = 0, from = 0, bytes = 0]) =>
        void plugin.host2dev(device, to, bytesAt(from, bytes)),
      deviceToHost: ([device = 0, to = 0, from = 0, bytes = 0]) =>
        void plugin.dev2host(device, bytesAt(to, bytes), from),
      deviceToDevice: ([device = 0, to = 0, from = 0, bytes = 0]) => void plugin.dev2dev(device, to, from, bytes),
      memset: ([device = 0, address = 0, value = 0, bytes = 0]) => void plugin.memset(device, address, value, bytes),
      canRun: ([fn = 0]) => (plugin.canRun(functions.get(fn)) ? 1 : 0),
      run: ([device = 0, fn = 0, table = 0, words = 0, count = 0, session = 0]) => {
        const target = functions.get(fn);
        const attributes = attributesAt(words, count);
        this.#sessions.use({ session, device, table }, (own) => plugin.run(own, target, attributes));
      },
      asyncRun: ([device = 0, fn = 0, table = 0, words = 0, count = 0, session = 0, callback = 0, data = 0]) => {
        const target = functions.get(fn);
        const attributes = attributesAt(words, count);
        this.#sessions
          .useAsync({ session, device, table }, (own) => plugin.asyncRun(own, target, attributes))
          .then(
            () => addon().callFunction(callback, data, () => {}),
            (error) => this.#endProcess(error),
          );
      },
      exec: ([fn = 0, dimensions = 0, table = 0, session = 0, count = 0, host = 0, addresses = 0]) => {
        const target = functions.get(fn);
        const place = { session, device: target.device, table, count, host, addresses };
        this.#sessions.use(place, (own) => plugin.openaccExec(own, target, dimensionsAt(dimensions)));
      },
      asyncExec: ([fn = 0, dimensions = 0, table = 0, session = 0, count = 0, host = 0, addresses = 0, queue = 0]) => {
        const target = functions.get(fn);
        const place = { session, device: target.device, table, count, host, addresses };
        const own = this.#queues.get(queue);
        this.#sessions
          .useAsync(place, (each) => plugin.openaccAsyncExec(each, target, dimensionsAt(dimensions), own))
          .catch((error) => this.#endProcess(error));
      },
      queueConstruct: ([device = 0]) => this.#queues.add(plugin.asyncConstruct(device)),
      queueDestruct: ([queue = 0]) =>
        plugin.asyncDestruct(this.#queues.take(queue)).then(
          () => 1,
          (error) => {
            // Of what went wrong in the queue libgomp is to hear once.
            if (!this.#ends) throw error;
            return 1;
          },
        ),
      queueTest: ([queue = 0]) => (plugin.asyncTest(this.#queues.get(queue)) ? 1 : 0),
      queueSynchronize: ([queue = 0]) => plugin.asyncSynchronize(this.#queues.get(queue)).then(() => 1),
      queueSerialize: ([earlier = 0, later = 0]) =>
        void plugin.asyncSerialize(this.#queues.get(earlier), this.#queues.get(later)),
      queueCallback: ([queue = 0, fn = 0, data = 0]) =>
        void plugin.asyncQueueCallback(
          this.#queues.get(queue),
          () => new Promise<void>((resolve) => addon().callFunction(fn, data, resolve)),
        ),
      queueHostToDevice: ([queue = 0, to = 0, from = 0, bytes = 0]) =>
        void plugin.asyncHost2dev(this.#queues.get(queue), to, bytesAt(from, bytes)),
      queueDeviceToHost: ([queue = 0, to = 0, from = 0, bytes = 0]) =>
        void plugin.asyncDev2host(this.#queues.get(queue), bytesAt(to, bytes), from),
      queueDeviceToDevice: ([queue = 0, to = 0, from = 0, bytes = 0]) => {
        const own = this.#queues.get(queue);
        plugin.asyncQueueCallback(own, () => plugin.dev2dev(own.device, to, from, bytes));
      },
      property: ([device = 0, property = 0, text = 0, room = 0]) => propertyOf(plugin, device, property, text, room),
      dimensions: ([fn = 0, dimensions = 0, text = 0, room = 0]) => {
        const target = functions.get(fn);
        writeText(text, room, target.name);
        const view = viewAt(dimensions, 12);
        const actual = plugin.openaccDimensions?.(target, dimensionsAt(dimensions)) ?? [];
        for (const [i, size] of actual.entries()) view.setUint32(4 * i, size, true);
        return 0;
      },
      sessionTable: ([device = 0, bytes = 0, place = 0]) => this.#sessions.allocate(device, bytes, place),
      uid: ([device = 0, text = 0, room = 0]) => {
        const uid = plugin.getProperty?.(device, "uid");
        if (typeof uid !== "string") return 0;
        writeText(text, room, uid);
        return 1;
      },
      end: async ([status = 0]) => {
        await this.surroundings.ended(status);
        return 0;
      },
      libgomp: ([file = 0, text = 0, room = 0]) => {
        writeText(text, room, this.surroundings.libraryFor(addon().hostText(file)));
        return 0;
      },
    };
  }

  /** Where nobody waits for an answer. */
  #endProcess(error: unknown): void {
    this.#ends = true;
    const { outcome, value, message } = outcomeOf(error);
    addon().endProcess(outcome, value, message);
  }
}

function dimensionsAt(address: number): [number, number, number] {
  const view = viewAt(address, 12);
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)];
}

/** What an error is for libgomp: a kernel's exit() and abort() are the program's. */
function outcomeOf(error: unknown): { outcome: PluginOutcome; value: number; message: string } {
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  if (code === "ERR_OFFLOAD_EXIT" && typeof exitCode === "number") {
    return { outcome: OUTCOME.exit, value: exitCode, message };
  }
  return { outcome: code === "ERR_OFFLOAD_ABORT" ? OUTCOME.abort : OUTCOME.failed, value: 0, message };
}

function refuse(request: number, error: unknown): void {
  const { outcome, value, message } = outcomeOf(error);
  addon().answerPlugin(request, outcome, value, message);
}
