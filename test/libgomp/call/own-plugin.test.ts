/** libgomp with this package's plugin in place of GCC's. */
import { GcnPlugin } from "../../../lib/plugin/index.js";
import { callSuite } from "./suite.js";

callSuite("gfx906", () => ({ plugin: GcnPlugin.open({ device: "software:gfx906*2", environment: {} }) }));
