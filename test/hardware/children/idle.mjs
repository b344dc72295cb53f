// Opens, launches, waits, and has nothing more to do: the process must end by itself although nothing was disposed.
import { readFileSync } from "node:fs";
import { open, u32 } from "../../../dist/index.js";

const runtime = await open();
const gpu = runtime.device();
const code = await gpu.load(readFileSync(new URL("../../kernels/test.hsaco", import.meta.url)));
const data = gpu.upload(new Uint32Array(64));
await code.kernel("increment").launch({ grid: 64, workgroup: 64 }, u32(64), data, u32(3));
console.log((await data.read(Uint32Array))[0]);
