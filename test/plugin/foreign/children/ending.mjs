// One region of a program by GCC's C plugin, and what comes of it as lines of JSON: ending.mjs PROGRAM GPU REGION HOW WORD [fini]
// fini: its device ends under the launch.
import { readFileSync } from "node:fs";
import { plugin as plugins } from "../../../../dist/index.js";

const [program, gpu, name, how, word, fini] = process.argv.slice(2);
const tell = (told) => console.log(JSON.stringify(told));
const plugin = plugins.ForeignPlugin.open({ device: `software:${gpu}*2`, timeout: 300 });
const image = readFileSync(program);
const functions = [0, 1].map((device) => {
  plugin.initDevice(device);
  return plugin.loadImage(device, image).functions.find((fn) => fn.name === `${name}._omp_fn.0`);
});

/** A word of -1: the address of its own address, which ends nothing. OpenACC's private copies are looked for at their address. */
function start(device) {
  const session = plugin.newSession();
  plugin.sessionStart(session, device);
  const { words } = plugin.sessionAllocateTargetVarTable(session, 1);
  let value = BigInt(word);
  if (word === "-1") {
    const on = plugin.alloc(device, 16) + 8;
    value = BigInt(on);
    plugin.host2dev(device, on, BigUint64Array.of(value));
  }
  words.set(new Uint32Array(BigUint64Array.of(value).buffer));
  return session;
}
const attributes = { teams: 1, threads: 1 };
const launch = {
  run: async () => plugin.run(start(0), functions[0], attributes),
  asyncRun: () => plugin.asyncRun(start(0), functions[0], attributes),
  openacc: async () => plugin.openaccExec(start(0), functions[0], [1, 1, 1]),
  queue: () => plugin.openaccAsyncExec(start(0), functions[0], [1, 1, 1], plugin.asyncConstruct(0)),
};
if (how === "leave") {
  for (const device of [0, 1]) plugin.asyncRun(start(device), functions[device], { ...attributes, timeout: 60_000 });
  setTimeout(() => process.exit(7), 100);
} else {
  const over = launch[how]().then(
    () => tell({ over: name }),
    ({ code, message, address }) => tell({ code, message, address }),
  );
  if (fini) plugin.finiDevice(0);
  await over;
  const refused = (call) => {
    try {
      call();
      return null;
    } catch ({ code, message }) {
      return { code, message };
    }
  };
  tell(refused(() => plugin.alloc(0, 8)));
  tell(refused(() => plugin.free(1, plugin.alloc(1, 8))));
  plugin.dispose();
  tell(refused(() => plugin.alloc(1, 8)));
}
