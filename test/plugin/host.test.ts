import { expect, test } from "vitest";
import { HostPlugin } from "../../lib/plugin/host/host_plugin.js";
import type { TargetFunction } from "../../lib/plugin/plugin.js";
import { sessionSuite } from "./session-suite.js";

function load(functions: Record<string, (variables: readonly unknown[]) => void>): {
  readonly plugin: HostPlugin;
  readonly functions: readonly TargetFunction[];
} {
  const plugin = new HostPlugin();
  return { plugin, functions: plugin.loadImage(0, functions).functions };
}

sessionSuite("host", () => {
  const { plugin, functions } = load({
    nothing: () => {},
    failing: () => {
      throw new Error("the body failed");
    },
  });
  const [nothing, failing] = functions as [TargetFunction, TargetFunction];
  return { plugin, nothing, failing, allocates: false };
});

test("a launch hands its variables over, in order", async () => {
  const seen: (readonly unknown[])[] = [];
  const { plugin, functions } = load({ see: (variables) => seen.push(variables) });
  const [see] = functions as [TargetFunction];
  const variables = [new Float32Array(4), 7, "x"];
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  expect(plugin.sessionAllocateTargetVarTable(session, 3)).toBeNull();
  plugin.sessionSetTargetVarTable(session, variables);
  plugin.run(session, see, {});
  plugin.sessionStart(session, 0);
  plugin.sessionSetTargetVarTable(session, null);
  await plugin.asyncRun(session, see, {});
  expect(seen).toEqual([variables, []]);
  expect(seen[0]).toBe(variables);
});

test("a table that is an address is refused: the host has none", () => {
  const { plugin } = load({});
  const session = plugin.newSession();
  plugin.sessionStart(session, 0);
  expect(() => plugin.sessionSetTargetVarTable(session, 4096)).toThrow(
    expect.objectContaining({ code: "ERR_OFFLOAD_SESSION_TABLE" }),
  );
  expect(session.state).toBe("started");
});

test("queues keep their order, wait for each other when told to, and report the first failure once", async () => {
  const order: string[] = [];
  const { plugin, functions } = load({
    a: () => order.push("a"),
    fail: () => {
      throw new Error("in the queue");
    },
  });
  const [a, fail] = functions as [TargetFunction, TargetFunction];
  const launch = (fn: TargetFunction, queue: ReturnType<HostPlugin["asyncConstruct"]>): Promise<void> => {
    const session = plugin.newSession();
    plugin.sessionStart(session, 0);
    plugin.sessionSetTargetVarTable(session, null);
    return plugin.openaccAsyncExec(session, fn, [1, 1, 1], queue);
  };
  const first = plugin.asyncConstruct(0);
  const second = plugin.asyncConstruct(0);
  const runs = [launch(a, first)];
  plugin.asyncQueueCallback(first, () => order.push("callback"));
  plugin.asyncSerialize(first, second);
  plugin.asyncQueueCallback(second, () => order.push("second"));
  expect(order).toEqual([]);
  expect(plugin.asyncTest(first)).toBe(false);
  await plugin.asyncSynchronize(second);
  expect(order).toEqual(["a", "callback", "second"]);
  await Promise.all(runs);

  const failed = launch(fail, first);
  plugin.asyncQueueCallback(first, () => order.push("after"));
  await expect(failed).rejects.toThrow("in the queue");
  await expect(plugin.asyncSynchronize(first)).rejects.toThrow("in the queue");
  await plugin.asyncSynchronize(first);
  expect(order.at(-1)).toBe("after");
  await plugin.asyncDestruct(first);
  expect(() => plugin.asyncTest(first)).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_QUEUE" }));
});

test("memory calls say why there is nothing to do", () => {
  const { plugin } = load({});
  expect(() => plugin.alloc()).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_MEMORY_KIND" }));
  expect(() => plugin.initDevice(1)).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_NO_DEVICE" }));
  expect(() => plugin.loadImage(0, { f: 1 })).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_IMAGE" }));
});
