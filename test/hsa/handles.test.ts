/** What is handed over as an agent, a signal or memory is looked at before the natives get it. */
import { expect, test } from "vitest";
import { hsa } from "../../lib/index.js";
import { face } from "../device/fixture.js";

const NONSENSE = [undefined, null, Number.NaN, -1, "agent", {}, [null], Symbol("s"), 10n, new Proxy({}, {})];

const codeOf = (body: () => unknown): unknown => {
  try {
    body();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return null;
};

test("what is no object of HSA's is refused by name", () => {
  using f = face();
  const { hsa: runtime } = f.runtime;
  const { agent } = f.device;
  const memory = agent.pools[0]?.allocate(64) as hsa.Memory;
  const signal = runtime.createSignal(1);
  const place = { address: memory.address, agent };
  const calls: readonly ((value: never) => unknown)[] = [
    (value) => runtime.createQueue(value, { size: 64 }),
    (value) => runtime.createSignal(1, value ?? null),
    (value) => runtime.waitAnySync(value, ["eq"], [0], 0),
    (value) => runtime.lock(new Uint8Array(8), value),
    (value) => runtime.copy(value, place, 8, signal),
    (value) => runtime.copy({ address: memory.address, agent: value }, place, 8, signal),
    (value) => runtime.copy(place, place, 8, value),
    (value) => runtime.copy(place, place, 8, signal, [value]),
    (value) => memory.allowAccess(value),
    (value) => agent.pools[0]?.access(value),
    (value) => signal.dispatchTime(value),
  ];
  for (const call of calls) {
    for (const value of NONSENSE)
      expect(
        codeOf(() => call(value as never)),
        String(call),
      ).toBe("ERR_INVALID_ARG_TYPE");
  }
  expect(codeOf(() => hsa.HsaRuntime.open(null as never))).toBe("ERR_INVALID_ARG_TYPE");
});
