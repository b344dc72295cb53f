/**
 * A session: one launch, from its target variable table to its run. The state machine lives here once, for every plugin.
 *
 *     idle ─start→ started ─allocate─→ allocated ─┬ run, asyncRun, openaccExec, openaccAsyncExec ─→ running ─→ idle
 *                     └─────set──────→ set ───────┘
 *
 * The runtime owns the object (libgomp: the memory of `GOMP_OFFLOAD_session_size` bytes) and may use it again once it is idle; the
 * plugin owns what it hangs on it from `start` to the end of the run.
 *
 * Source: libgomp-plugin.h and target.c of GCC 17 (commit a36f0edb).
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";

/** `allocated` and `set` are the two ways to a table: inside of the plugin's own memory, or anywhere on the device. */
export type SessionState = "idle" | "started" | "allocated" | "set" | "running";

/** What asks for a transition, in libgomp's names without their prefix. */
export type SessionCall =
  | "session_start"
  | "session_allocate_target_var_table"
  | "session_set_target_var_table"
  | "session_abandon"
  | "run"
  | "async_run"
  | "openacc_exec"
  | "openacc_async_exec";

const WHY: Readonly<Record<SessionState, string>> = {
  idle: "it has not been started, or its run is over",
  started: "it has been started and has no target variable table",
  allocated: "the plugin has allocated its target variable table",
  set: "its target variable table has been set",
  running: "its run has begun, which is its last use",
};

/** What to do instead, where a call comes in the wrong state. */
const WAY_OUT: Readonly<Record<SessionState, string>> = {
  idle: "Start it first",
  started: "Allocate or set its target variable table first; a launch without variables sets null",
  allocated: "Run it, or abandon it",
  set: "Run it, or abandon it",
  running: "Start another session for another launch",
};

/** One launch's session. Plugins derive theirs, with what they keep for the launch. */
export class Session {
  #state: SessionState = "idle";
  #device = -1;
  #tried = false;

  get state(): SessionState {
    return this.#state;
  }
  /** The device of the last start; -1 before it. */
  get device(): number {
    return this.#device;
  }

  /** @throws OffloadError `ERR_OFFLOAD_SESSION_STATE` */
  start(device: number): void {
    if (this.#state !== "idle") throw this.#misuse("session_start");
    this.#state = "started";
    this.#device = device;
    this.#tried = false;
  }

  /** Checks that the plugin may be asked for a table now: once, and only before there is one. */
  mustTakeTable(): void {
    if (this.#state !== "started") throw this.#misuse("session_allocate_target_var_table");
    if (this.#tried) {
      throw new OffloadError(
        "ERR_OFFLOAD_SESSION_STATE",
        "session_allocate_target_var_table has been tried on this session already, in vain. Set a table in device memory instead",
      );
    }
    this.#tried = true;
  }
  allocated(): void {
    this.#state = "allocated";
  }

  /** Checks that a table may be set now. */
  mustTakeAnother(): void {
    if (this.#state !== "started") throw this.#misuse("session_set_target_var_table");
  }
  set(): void {
    this.#state = "set";
  }

  /** @throws OffloadError `ERR_OFFLOAD_SESSION_STATE`, `ERR_OFFLOAD_SESSION_DEVICE` */
  run(call: SessionCall, device: number): void {
    if (this.#state !== "allocated" && this.#state !== "set") throw this.#misuse(call);
    if (device !== this.#device) {
      throw new OffloadError(
        "ERR_OFFLOAD_SESSION_DEVICE",
        `${call} on device ${device}: the session was started on device ${this.#device}`,
      );
    }
    this.#state = "running";
  }

  /** Whether there is anything to give back. */
  abandon(): boolean {
    if (this.#state === "running") throw this.#misuse("session_abandon");
    return this.#state !== "idle";
  }
  end(): void {
    this.#state = "idle";
  }

  #misuse(call: SessionCall): OffloadError {
    return new OffloadError(
      "ERR_OFFLOAD_SESSION_STATE",
      `${call} on a session that is ${this.#state}: ${WHY[this.#state]}. ${WAY_OUT[this.#state]}`,
    );
  }
}
