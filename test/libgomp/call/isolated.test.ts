/** libgomp in a process of its own does all that it does in this one. */
import { beforeAll } from "vitest";
import { build } from "../../cli/fixture.js";
import { callSuite } from "./suite.js";

beforeAll(build);
callSuite("gfx906", () => ({ isolate: true, timeout: 20_000 }));
