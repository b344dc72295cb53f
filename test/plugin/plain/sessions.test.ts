/** The plugin's sessions against the model: with tables in the kernel-argument block, and where that is inhibited. */
import { sessionSuite } from "../session-suite.js";
import { Bench, openPlugin } from "./fixture.js";

for (const [name, environment, allocates] of [
  ["gcn", {}, true],
  ["gcn, merge inhibited,", { GCN_INHIBIT_KERNARGS_TVT_MERGE: "" }, false],
] as const) {
  const open = () => {
    const bench = new Bench(openPlugin(environment));
    return { plugin: bench.plugin, nothing: bench.fn("nothing"), failing: bench.fn("trap"), allocates };
  };
  sessionSuite(name, open, 60);
}
