/** `gcn-offload run`: one launch described in a file, checked. */
import { readFile } from "node:fs/promises";
import type { LaunchArgument } from "../device/arguments.js";
import type { Buffer } from "../device/buffer.js";
import type { Device } from "../device/device.js";
import type { Kernel } from "../device/kernel.js";
import { open } from "../device/runtime.js";
import { type Command, EXIT, InputError, JSON_OPTION } from "./command.js";
import { type Comparing, compare } from "./compare.js";
import { type BufferArgument, type Manifest, readManifest } from "./manifest.js";
import { duration } from "./text.js";

/** What one buffer of the launch came to. */
interface Checked extends Comparing {
  /** Its place among the arguments. */
  readonly argument: number;
  readonly type: string;
  readonly ok: boolean;
}

interface RunReport {
  readonly ok: boolean;
  readonly kernel: string;
  readonly agent: { readonly name: string; readonly isa: string; readonly software: boolean };
  readonly nanoseconds: number;
  readonly buffers: readonly Checked[];
}

/** Launches what the manifest says; what it made on the device is gone when it returns. */
async function launch(manifest: Manifest, device: Device): Promise<RunReport> {
  using code = await device.load(await readFile(manifest.codeObject));
  const kernel = code.kernel(manifest.kernel);
  checkAlignment(manifest, kernel);
  const buffers: { readonly index: number; readonly about: BufferArgument; readonly buffer: Buffer }[] = [];
  try {
    const args: LaunchArgument[] = [];
    for (const [index, entry] of manifest.args.entries()) {
      if (entry.kind === "value") {
        args.push(entry.argument);
        continue;
      }
      const buffer = device.alloc(entry.byteLength);
      buffers.push({ index, about: entry, buffer });
      args.push(buffer);
      if (entry.init !== null) await buffer.write(entry.init);
      await buffer.fill(0, { offset: entry.init?.length ?? 0 });
    }
    const { nanoseconds } = await kernel.launch(
      {
        grid: manifest.grid,
        ...(manifest.workgroup === undefined ? {} : { workgroup: manifest.workgroup }),
        ...(manifest.dynamicLds === undefined ? {} : { dynamicLds: manifest.dynamicLds }),
        ...(manifest.timeout === undefined ? {} : { timeout: manifest.timeout }),
      },
      ...args,
    );
    const checked: Checked[] = [];
    for (const { index, about, buffer } of buffers) {
      if (about.expect === null) continue;
      const result = compare(await buffer.read(), about.expect, about.compare);
      checked.push({ argument: index, type: about.compare.type, ok: result.differing === 0, ...result });
    }
    const { name, isa, software } = device;
    return {
      ok: checked.every(({ ok }) => ok),
      kernel: kernel.name,
      agent: { name, isa, software },
      nanoseconds,
      buffers: checked,
    };
  } finally {
    for (const { buffer } of buffers) buffer.dispose();
  }
}

function checkAlignment(manifest: Manifest, kernel: Kernel): void {
  for (const [index, entry] of manifest.args.entries()) {
    const place = kernel.arguments[index];
    if (entry.kind !== "value" || entry.align === null || place === undefined) continue;
    if (place.offset % entry.align !== 0) {
      throw new InputError(
        `args[${index}].align is ${entry.align}, but the kernel's argument stands at byte ${place.offset}, which is no multiple of it`,
      );
    }
  }
}

function text(report: RunReport): string {
  const agent = `${report.agent.name}${report.agent.software ? " (software GPU)" : ""}`;
  const lines = [`${report.kernel} on ${agent}: ${duration(report.nanoseconds)}`];
  for (const { argument, type, elements, differing, first } of report.buffers) {
    const unit = type === "exact" ? "bytes" : type;
    if (first === null) {
      lines.push(`args[${argument}]: ${elements} ${unit} as expected`);
    } else {
      lines.push(
        `args[${argument}]: ${differing} of ${elements} ${unit} differ; the first is element ${first.index} (byte ${first.offset}): got ${first.got}, wanted ${first.wanted}`,
      );
    }
  }
  return lines.join("\n");
}

export const run: Command = {
  name: "run",
  usage: "MANIFEST.json [--json]",
  summary: "Launches what a file describes and compares its buffers with what is expected.",
  details: [
    "The manifest: codeObject, kernel, grid and workgroup (work-items), args, and optionally dynamicLds (bytes), timeout (ms), device.",
    "args: {kind: i8 … u64, f16, f32, f64, with value or hex}, {kind: bytes, hex, align}, {kind: local, bytes}, {kind: address, value},",
    "  {kind: buffer, bytes, init: FILE, expect: FILE, compare: exact, or {type: f16 | f32 | f64, ulp, or abs and rel}}.",
    "Paths are absolute or relative to the manifest.",
    "",
    "exit status: 0 everything holds, 1 a buffer differs, 2 bad input, 3 a device error.",
  ].join("\n"),
  options: { json: JSON_OPTION },
  async run({ flags, positionals }, { print }) {
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0)
      throw new InputError(`run takes one manifest, not ${positionals.length}`);
    const manifest = await readManifest(file);
    await using runtime = await open();
    const report = await launch(manifest, runtime.device(manifest.device));
    print(flags.has("json") ? JSON.stringify(report, null, 2) : text(report));
    return report.ok ? EXIT.ok : EXIT.mismatch;
  },
};
