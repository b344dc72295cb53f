/** What the plugin is opened with, and gives to each of its devices. */
import { HsaRuntime } from "../../hsa/index.js";
import { options as checkedOptions, milliseconds, object } from "../../validate.js";
import { DebugLog } from "./debug_log.js";
import { type GcnEnvironment, readEnvironment } from "./environment.js";

export interface GcnPluginOptions {
  /** In place of `GCN_OFFLOAD_DEVICE`. */
  readonly device?: string;
  /** In place of `HSA_RUNTIME_LIB`. */
  readonly library?: string;
  /** In place of the process's environment: `GCN_DEBUG`, `GCN_NUM_TEAMS` … */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gets what kernels print, in order. By default `process.stdout`. */
  readonly output?: { write(text: string): unknown };
  /** Gets the lines of `GCN_DEBUG`. By default stderr. */
  readonly log?: { write(text: string): unknown };
  /**
   * Milliseconds without progress after which a launch that does not say its own time is given up with `ERR_OFFLOAD_TIMEOUT`, and so are
   * an image's constructors and destructors. By default they may run for ever.
   */
  readonly timeout?: number;
}

const OPTIONS = ["device", "library", "environment", "output", "log", "timeout"] as const;

export interface GcnContext {
  readonly runtime: HsaRuntime;
  readonly environment: GcnEnvironment;
  readonly debug: DebugLog;
  /** What kernels print. */
  readonly print: (text: string) => void;
  /** Milliseconds that a launch has where it does not say so itself; 0: all the time there is. */
  readonly timeout: number;
}

/** Opens the HSA runtime. @throws HsaError as `open` does. */
export function openContext(options: GcnPluginOptions): GcnContext {
  const {
    output = process.stdout,
    log,
    environment: env = process.env,
    device,
    library,
    timeout,
  } = checkedOptions("GcnPlugin.open's options", options, OPTIONS);
  object("environment", env);
  const environment = readEnvironment(env);
  const where = { ...(device === undefined ? {} : { device }), ...(library === undefined ? {} : { library }) };
  const limit = timeout === undefined ? 0 : milliseconds("timeout", timeout);
  return {
    runtime: HsaRuntime.open(where),
    timeout: limit,
    environment,
    debug: new DebugLog(environment.debug, log && ((text) => log.write(text))),
    print: (text) => {
      try {
        output.write(text);
      } catch (error) {
        // Of a stream that fails the launch whose text it is knows nothing.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    },
  };
}
