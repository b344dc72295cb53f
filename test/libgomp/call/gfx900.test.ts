import { callSuite } from "./suite.js";

callSuite("gfx900", () => ({}));
