/** What launches and data constructs of the real libgomp take, and what they answer. */
import type { Depend } from "../../target/index.js";

export interface DataOptions {
  /** By default the default device; a number that is no device's is the host. */
  readonly device?: number;
  /** Waits for the launches before that are about these places. */
  readonly depend?: Depend;
}

export interface LaunchOptions extends DataOptions {
  /** `num_teams`, by default 1; `auto` leaves it to the plugin. */
  readonly teams?: number | "auto";
  /** `thread_limit` */
  readonly threads?: number;
}

export interface NowaitOptions extends LaunchOptions {
  /** Resolves when the launch has been made; it goes on by itself, once what it depends on is over. */
  readonly nowait: true;
}

/** A launch that nobody has waited for. Its host memory is read and written until it is over. */
export interface NowaitLaunch {
  /**
   * Settles when the launch is known to be over, which somebody has to ask for: `wait`, `taskwait`, or a launch that depends on it.
   */
  readonly over: Promise<void>;
  /** Waits for this launch, and for those that it depends on. @throws what the host's form of its function has thrown. */
  wait(): Promise<void>;
}

/** What a data region has mapped, until its end. */
export interface LibgompDataRegion extends AsyncDisposable {
  /** Of `map.useDevicePtr` and `map.useDeviceAddr` the pointer to use; of other items what was handed over. In their order. */
  readonly addresses: readonly number[];
  readonly ended: boolean;
  /**
   * Copies back and unmaps.
   *
   * @throws OffloadError `ERR_OFFLOAD_REGION_ORDER` where another region has begun since and is still there: libgomp ends the last;
   * `ERR_OFFLOAD_DISPOSED` the second time.
   */
  end(): Promise<void>;
}
