/** What every plugin's sessions must do: each row of the state machine, and random walks over it. */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Session, SessionState } from "../../lib/plugin/session.js";
import { CALLS, type Call, type Machine, make, TRANSITIONS } from "./session-model.js";

/** The shortest way into a state. */
const WAY_TO: Readonly<Record<string, readonly Call[]>> = {
  idle: [],
  started: ["start"],
  allocated: ["start", "allocate"],
  set: ["start", "set"],
};

/** @param walks - how many random walks: a device takes its time over each kernel that fails. */
export function sessionSuite(name: string, open: () => Machine, walks = 200): void {
  describe(`sessions of the ${name} plugin`, () => {
    let machine: Machine;
    beforeAll(() => {
      machine = open();
    });

    /** The state that a call leads to: a plugin without a table stays in `started`. */
    const next = (state: SessionState, call: Call): SessionState | undefined => {
      const to = TRANSITIONS[state as keyof typeof TRANSITIONS][call];
      return to === "allocated" && !machine.allocates ? "started" : to;
    };

    for (const [state, way] of Object.entries(WAY_TO)) {
      test.each(CALLS)(`${state}: %s`, async (call) => {
        if (state === "allocated" && !machine.allocates) {
          // There is no such state: the table that was asked for in vain is not asked for again.
          const session = machine.plugin.newSession();
          for (const step of way) await make(machine, session, step);
          expect(session.state).toBe("started");
          await expect(make(machine, session, "allocate")).rejects.toMatchObject({ code: "ERR_OFFLOAD_SESSION_STATE" });
          machine.plugin.sessionAbandon(session);
          return;
        }
        const session = machine.plugin.newSession();
        for (const step of way) await make(machine, session, step);
        expect(session.state).toBe(state);
        const to = next(state as SessionState, call);
        if (to === undefined) {
          const refusal = await make(machine, session, call).then(
            () => null,
            (error: unknown) => error as Error,
          );
          expect(refusal).toMatchObject({ code: "ERR_OFFLOAD_SESSION_STATE" });
          // The state and the call are named.
          expect(refusal?.message).toContain(`is ${state}:`);
          expect(session.state).toBe(state);
        } else {
          await make(machine, session, call);
          expect(session.state).toBe(to);
        }
        machine.plugin.sessionAbandon(session);
        expect(machine.plugin.stats().sessions).toBe(0);
      });
    }

    test("a run that fails is the session's last use all the same", async () => {
      for (const call of ["run", "asyncRun", "openaccExec"] as const) {
        const session = machine.plugin.newSession();
        await make(machine, session, "start");
        await make(machine, session, "set");
        await expect(make(machine, session, call, machine.failing)).rejects.toThrow();
        expect(session.state).toBe("idle");
        expect(machine.plugin.stats().sessions).toBe(0);
      }
    });

    test("while an asynchronous run is under way nothing else is allowed", async () => {
      const session = machine.plugin.newSession();
      await make(machine, session, "start");
      await make(machine, session, "set");
      const over = machine.plugin.asyncRun(session, machine.nothing, { teams: 1 });
      expect(session.state).toBe("running");
      for (const call of CALLS) {
        await expect(
          (async () => {
            // Made at once: awaiting would let the run end.
            await make(machine, session, call);
          })(),
        ).rejects.toMatchObject({ code: "ERR_OFFLOAD_SESSION_STATE" });
        if (session.state !== "running") break;
      }
      await over;
      expect(session.state).toBe("idle");
    });

    test("a function of another device is refused, and the session lives", async () => {
      const session = machine.plugin.newSession();
      await make(machine, session, "start");
      await make(machine, session, "set");
      const elsewhere = Object.create(machine.nothing, { device: { value: 7 } });
      expect(() => machine.plugin.run(session, elsewhere, {})).toThrow(
        expect.objectContaining({ code: "ERR_OFFLOAD_SESSION_DEVICE" }),
      );
      machine.plugin.run(session, machine.nothing, { teams: 1 });
      expect(session.state).toBe("idle");
    });

    test("zero teams run nothing, and the session ends", async () => {
      const session = machine.plugin.newSession();
      for (const asynchronous of [false, true]) {
        await make(machine, session, "start");
        await make(machine, session, "set");
        if (asynchronous) await machine.plugin.asyncRun(session, machine.failing, { teams: 0 });
        else machine.plugin.run(session, machine.failing, { teams: 0 });
        expect(session.state).toBe("idle");
      }
    });

    test("any sequence of calls on any number of sessions does what the model says, and leaves nothing behind", async () => {
      const before = machine.plugin.stats().sessions;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(3), fc.constantFrom(...CALLS), fc.boolean()), { maxLength: 40 }),
          async (steps) => {
            const sessions: Session[] = Array.from({ length: 4 }, () => machine.plugin.newSession());
            const states: SessionState[] = sessions.map(() => "idle");
            const tried = sessions.map(() => false);
            for (const [who, call, fails] of steps) {
              const session = sessions[who] as Session;
              const state = states[who] as SessionState;
              let to = next(state, call);
              if (call === "allocate" && tried[who]) to = undefined;
              const running = call === "run" || call === "asyncRun" || call === "openaccExec";
              const fn = running && fails ? machine.failing : machine.nothing;
              const error = await make(machine, session, call, fn).then(
                () => null,
                (thrown: unknown) => thrown as { code?: string },
              );
              if (to === undefined) expect(error?.code).toBe("ERR_OFFLOAD_SESSION_STATE");
              else expect(error === null).toBe(fn === machine.nothing);
              states[who] = to ?? state;
              if (to === "started") tried[who] = call === "allocate";
              expect(sessions.map((each) => each.state)).toEqual(states);
            }
            for (const session of sessions) machine.plugin.sessionAbandon(session);
            expect(machine.plugin.stats().sessions).toBe(before);
          },
        ),
        { numRuns: walks },
      );
    });
  });
}
