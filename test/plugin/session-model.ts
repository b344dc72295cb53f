/** The session state machine as a table, written from libgomp-plugin.h's order of calls: what plugins are compared with. */
import type { OffloadPlugin, TargetFunction } from "../../lib/plugin/plugin.js";
import type { Session, SessionState } from "../../lib/plugin/session.js";

/** A plugin under test, with a function that does nothing on device 0. */
export interface Machine {
  readonly plugin: OffloadPlugin;
  readonly nothing: TargetFunction;
  /** A function that throws, or whose kernel fails. */
  readonly failing: TargetFunction;
  /** Whether `allocate` answers a table. */
  readonly allocates: boolean;
  /** False: it has no OpenACC, and its other launches stand for these. */
  readonly openacc?: boolean;
}

export type Call = "start" | "allocate" | "set" | "run" | "asyncRun" | "openaccExec" | "abandon";
export const CALLS: readonly Call[] = ["start", "allocate", "set", "run", "asyncRun", "openaccExec", "abandon"];

/** The state after each call; absent where the call is refused. `allocate` is of a plugin that has a table. */
export const TRANSITIONS: Readonly<
  Record<Exclude<SessionState, "running">, Readonly<Partial<Record<Call, SessionState>>>>
> = {
  idle: { start: "started", abandon: "idle" },
  started: { allocate: "allocated", set: "set", abandon: "idle" },
  allocated: { run: "idle", asyncRun: "idle", openaccExec: "idle", abandon: "idle" },
  set: { run: "idle", asyncRun: "idle", openaccExec: "idle", abandon: "idle" },
};

/** Makes one call; resolves when it is over. */
export async function make(machine: Machine, session: Session, call: Call, fn = machine.nothing): Promise<void> {
  const { plugin } = machine;
  switch (call) {
    case "start":
      plugin.sessionStart(session, 0);
      break;
    case "allocate":
      plugin.sessionAllocateTargetVarTable?.(session, 4);
      break;
    case "set":
      plugin.sessionSetTargetVarTable(session, null);
      break;
    case "run":
      plugin.run(session, fn, { teams: 1 });
      break;
    case "asyncRun":
      await plugin.asyncRun(session, fn, { teams: 1 });
      break;
    case "openaccExec":
      if (machine.openacc === false) plugin.run(session, fn, { teams: 1 });
      else plugin.openaccExec(session, fn, [1, 1, 1]);
      break;
    case "abandon":
      plugin.sessionAbandon(session);
      break;
  }
}
