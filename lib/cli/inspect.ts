/** `gcn-offload inspect`: what a code object says of itself. No device is needed. */
import { readFile } from "node:fs/promises";
import { isElf } from "../codeobject/elf.js";
import {
  type BundleEntry,
  type CodeObject,
  CodeObjectError,
  type GccImage,
  gccImages,
  type Kernel,
  type KernelArgument,
  listBundle,
  parseCodeObject,
} from "../codeobject/index.js";
import { type FoundAbi, findAbi } from "../plugin/gcn/kernel_abi.js";
import { type Command, EXIT, InputError, JSON_OPTION } from "./command.js";
import { bytes, table } from "./text.js";

interface Inspected {
  /** The entry's id; null where the file is the code object itself. */
  readonly id: string | null;
  readonly object: CodeObject;
  /** What GCC's mkoffload tells of it, where it comes from a program that GCC compiled. */
  readonly image?: Omit<GccImage, "codeObject"> & { readonly abi: FoundAbi | null };
}

function inspectBytes(data: Uint8Array, target: string | undefined): Inspected[] {
  const entries = listBundle(data);
  if (entries.length === 0) {
    const images = inspectImages(data);
    return images.length > 0 ? images : [{ id: null, object: parseCodeObject(data) }];
  }
  const device = entries.filter((entry) => entry.triple.startsWith("amdgcn") && entry.size > 0);
  const wanted = target === undefined ? device : device.filter((entry) => matches(entry, target));
  if (wanted.length === 0) {
    const there = device.map((entry) => entry.target).join(", ") || "nothing for GPUs";
    throw new InputError(`there is no code for ${target ?? "GPUs"} in it: it has ${there}`);
  }
  return wanted.map((entry) => ({ id: entry.id, object: parseCodeObject(entry.bytes) }));
}

/** The images that GCC has put into a host program. */
function inspectImages(data: Uint8Array): Inspected[] {
  if (!isElf(data)) return [];
  return gccImages(data).map(({ codeObject, ...image }) => {
    const object = parseCodeObject(codeObject);
    const id = `GCC ${image.compiler ?? "(unknown release)"}, ${object.target}`;
    return { id, object, image: { ...image, abi: abiOf(object, image.compiler) } };
  });
}

/** How its kernels find their arguments; null where nothing tells. */
function abiOf(object: CodeObject, compiler: string | null): FoundAbi | null {
  try {
    return findAbi(object, compiler);
  } catch {
    return null;
  }
}

function inspected(file: string, content: Uint8Array, target: string | undefined): Inspected[] {
  try {
    return inspectBytes(content, target);
  } catch (error) {
    throw error instanceof CodeObjectError ? new CodeObjectError(error.code, `${file}: ${error.message}`) : error;
  }
}

const matches = ({ target }: BundleEntry, wanted: string): boolean =>
  target === wanted || target.split(":")[0] === wanted;

const count = (value: number | null): string | number => value ?? "—";

function argumentRow(argument: KernelArgument): (string | number)[] {
  const type = argument.typeName ?? "";
  const space = argument.addressSpace ?? "";
  return [`@${argument.offset}`, argument.size, argument.kind, space, [argument.name, type].filter(Boolean).join(": ")];
}

function kernelText(kernel: Kernel): string {
  const own = kernel.arguments.filter(({ hidden }) => !hidden);
  const hidden = kernel.arguments.length - own.length;
  const limits = [
    `workgroup ${kernel.requiredWorkgroupSize?.join("×") ?? `≤ ${kernel.maxWorkgroupSize}`}`,
    `wave ${kernel.wavefrontSize}`,
    `LDS ${bytes(kernel.groupSegmentSize)}`,
    `scratch ${bytes(kernel.privateSegmentSize)}${kernel.usesDynamicStack ? " and a dynamic stack" : ""}`,
  ];
  const registers = [
    `SGPRs ${count(kernel.sgprCount)}`,
    `VGPRs ${count(kernel.vgprCount)}`,
    ...(kernel.agprCount ? [`AccVGPRs ${kernel.agprCount}`] : []),
    `spills ${count(kernel.sgprSpillCount)} + ${count(kernel.vgprSpillCount)}`,
  ];
  const lines = [`  kernel ${kernel.name}`, `    ${limits.join(", ")}`, `    ${registers.join(", ")}`];
  const block = `${bytes(kernel.kernargSize)} of arguments${hidden > 0 ? `, ${hidden} of them filled by the launcher` : ""}`;
  lines.push(`    ${block}`);
  if (own.length > 0) lines.push(table([["at", "size", "kind", "space", ""], ...own.map(argumentRow)], "      "));
  return lines.join("\n");
}

/** The tables that libgomp registers: functions and variables, in the host's order. */
function imageText({ abi, kernels, variables, requires, indirectFunctions }: NonNullable<Inspected["image"]>): string {
  const rows = [
    ...kernels.map(({ name, dimensions }) => [
      `  offloaded ${name}`,
      dimensions.some((size) => size > 0) ? `dimensions ${dimensions.join("×")}` : "",
    ]),
    ...variables.map(({ name, size, link }) => [
      `  offloaded variable ${name ?? "(no name)"}`,
      link ? `${bytes(size)}, linked when it is mapped` : bytes(size),
    ]),
  ];
  const more = [
    requires === 0 ? "" : `  requires ${requires}`,
    indirectFunctions > 0 ? `  ${indirectFunctions} indirect functions` : "",
  ];
  const told = abi === null ? "unknown: nothing tells of GCC's release" : `${abi.abi}: ${abi.evidence}`;
  return [`  kernel arguments as in ${told}`, table(rows), ...more].filter(Boolean).join("\n");
}

function objectText({ id, object, image }: Inspected): string {
  const lines = [
    `${id ?? "code object"}`,
    `  ISA ${object.isa}, code object version ${object.version}, ${bytes(object.byteLength)}, ${bytes(object.loadedSize)} loaded`,
    ...object.kernels.map(kernelText),
  ];
  if (object.variables.length > 0) {
    const rows = object.variables.map(({ name, size, constant }) => [
      `  variable ${name}`,
      bytes(size),
      constant ? "constant" : "",
    ]);
    lines.push(table(rows));
  }
  if (image !== undefined) lines.push(imageText(image));
  for (const { name, weak } of object.undefinedSymbols) lines.push(`  undefined ${name}${weak ? " (weak)" : ""}`);
  return lines.join("\n");
}

export const inspect: Command = {
  name: "inspect",
  usage: "FILE [--target gfx906] [--json]",
  summary: "Shows a code object's ISA, kernels, argument tables, registers, LDS and scratch.",
  details:
    "FILE is a code object, a clang offload bundle, or an executable with HIP fat binaries or GCC's images. No GPU is needed.",
  options: {
    target: { type: "string", value: "TARGET", help: "only a bundle's entries for this target" },
    json: JSON_OPTION,
  },
  async run({ flags, values, positionals }, { print }) {
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0)
      throw new InputError(`inspect takes one file, not ${positionals.length}`);
    const found = inspected(file, await readFile(file), values.get("target"));
    if (flags.has("json"))
      print(
        JSON.stringify({ file, objects: found.map(({ id, object, image }) => ({ id, ...object, image })) }, null, 2),
      );
    else print(found.map(objectText).join("\n\n"));
    return EXIT.ok;
  },
};
