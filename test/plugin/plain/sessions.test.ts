/** The plugin's sessions against the model: with tables in the kernel-argument block, and where that is inhibited. */
import { sessionSuite } from "../session-suite.js";
import { FOREIGN, openTested } from "../under-test.js";
import { Bench, openPlugin } from "./fixture.js";

if (FOREIGN) {
  // Kernels that fail cost the device; what is refused before its launch ends its session no less.
  const open = () => {
    const bench = new Bench(openTested());
    return { plugin: bench.plugin, nothing: bench.fn("nothing"), failing: bench.fn("two_arguments"), allocates: true };
  };
  sessionSuite("GCC 12's gcn", open, 30);
}
for (const [name, environment, allocates] of [
  ["gcn", {}, true],
  ["gcn, merge inhibited,", { GCN_INHIBIT_KERNARGS_TVT_MERGE: "" }, false],
] as const) {
  if (FOREIGN) break;
  const open = () => {
    const bench = new Bench(openPlugin(environment));
    return { plugin: bench.plugin, nothing: bench.fn("nothing"), failing: bench.fn("trap"), allocates };
  };
  sessionSuite(name, open, 60);
}
