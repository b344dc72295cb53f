/**
 * GPU targets: ELF header flags to target ids, and which code runs on which agent.
 * Source: the AMDGPU backend's user guide for LLVM 19, "Processors", "ELF Header" and "Target ID".
 */
import { hex } from "./bytes.js";
import { CodeObjectError } from "./errors.js";
import type { FeatureSetting, TargetId } from "./types.js";

const ISA_PREFIX = "amdgcn-amd-amdhsa--";

interface Processor {
  readonly name: string;
  readonly xnack: boolean;
  readonly sramecc: boolean;
}

/** EF_AMDGPU_MACH: [value, name, switchable features: x(nack), s(ramecc)]. */
const MACHINES: readonly (readonly [number, string, string])[] = [
  [0x20, "gfx600", ""],
  [0x21, "gfx601", ""],
  [0x22, "gfx700", ""],
  [0x23, "gfx701", ""],
  [0x24, "gfx702", ""],
  [0x25, "gfx703", ""],
  [0x26, "gfx704", ""],
  [0x28, "gfx801", "x"],
  [0x29, "gfx802", ""],
  [0x2a, "gfx803", ""],
  [0x2b, "gfx810", "x"],
  [0x2c, "gfx900", "x"],
  [0x2d, "gfx902", "x"],
  [0x2e, "gfx904", "x"],
  [0x2f, "gfx906", "xs"],
  [0x30, "gfx908", "xs"],
  [0x31, "gfx909", "x"],
  [0x32, "gfx90c", "x"],
  [0x33, "gfx1010", "x"],
  [0x34, "gfx1011", "x"],
  [0x35, "gfx1012", "x"],
  [0x36, "gfx1030", ""],
  [0x37, "gfx1031", ""],
  [0x38, "gfx1032", ""],
  [0x39, "gfx1033", ""],
  [0x3a, "gfx602", ""],
  [0x3b, "gfx705", ""],
  [0x3c, "gfx805", ""],
  [0x3d, "gfx1035", ""],
  [0x3e, "gfx1034", ""],
  [0x3f, "gfx90a", "xs"],
  [0x40, "gfx940", "xs"],
  [0x41, "gfx1100", ""],
  [0x42, "gfx1013", "x"],
  [0x43, "gfx1150", ""],
  [0x44, "gfx1103", ""],
  [0x45, "gfx1036", ""],
  [0x46, "gfx1101", ""],
  [0x47, "gfx1102", ""],
  [0x48, "gfx1200", ""],
  [0x4a, "gfx1151", ""],
  [0x4b, "gfx941", "xs"],
  [0x4c, "gfx942", "xs"],
  [0x4e, "gfx1201", ""],
  [0x51, "gfx9-generic", "x"],
  [0x52, "gfx10-1-generic", "x"],
  [0x53, "gfx10-3-generic", ""],
  [0x54, "gfx11-generic", ""],
  [0x55, "gfx1152", ""],
  [0x59, "gfx12-generic", ""],
];

const PROCESSORS: ReadonlyMap<number, Processor> = new Map(
  MACHINES.map(([value, name, features]) => [
    value,
    { name, xnack: features.includes("x"), sramecc: features.includes("s") },
  ]),
);
const BY_NAME: ReadonlyMap<string, Processor> = new Map([...PROCESSORS.values()].map((p) => [p.name, p]));

/** Which processors the code of a generic target runs on. */
const GENERIC: ReadonlyMap<string, readonly string[]> = new Map([
  ["gfx9-generic", ["gfx900", "gfx902", "gfx904", "gfx906", "gfx909", "gfx90c"]],
  ["gfx10-1-generic", ["gfx1010", "gfx1011", "gfx1012", "gfx1013"]],
  ["gfx10-3-generic", ["gfx1030", "gfx1031", "gfx1032", "gfx1033", "gfx1034", "gfx1035", "gfx1036"]],
  ["gfx11-generic", ["gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx1150", "gfx1151", "gfx1152"]],
  ["gfx12-generic", ["gfx1200", "gfx1201"]],
]);

/** Every processor that is known here, in the order of the ELF numbers. */
export const processorNames: readonly string[] = MACHINES.map(([, name]) => name);

const SETTINGS: readonly FeatureSetting[] = ["unsupported", "any", "off", "on"];

/** The target of an object with these `e_flags`, `abiVersion` being the ELF header's (1: v3, 2: v4, …). */
export function targetOfFlags(flags: number, abiVersion: number): TargetId {
  const processor = PROCESSORS.get(flags & 0xff);
  if (processor === undefined) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_UNSUPPORTED",
      `the code object is for processor ${hex(flags & 0xff)} (EF_AMDGPU_MACH), which this package does not know; its LLVM is newer than 19, or it is damaged`,
    );
  }
  // v3 has one bit a feature, and no way to say "any".
  const setting = (supported: boolean, shift: number): FeatureSetting => {
    if (abiVersion <= 1) return supported ? ((flags >> shift) & 1 ? "on" : "off") : "unsupported";
    return SETTINGS[(flags >> shift) & 3] as FeatureSetting;
  };
  const xnack = setting(processor.xnack, 8);
  const sramecc = setting(processor.sramecc, abiVersion <= 1 ? 9 : 10);
  for (const [feature, value, supported] of [
    ["xnack", xnack, processor.xnack],
    ["sramecc", sramecc, processor.sramecc],
  ] as const) {
    if ((value === "unsupported") === supported) {
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_MALFORMED",
        `the code object's flags ${hex(flags)} say that ${feature} is ${value}, which is not so on ${processor.name}; build it again`,
      );
    }
  }
  return { processor: processor.name, xnack, sramecc };
}

/** `gfx90a:sramecc+:xnack-`; features in the alphabet's order, `any` and `unsupported` unsaid. */
export function formatTarget({ processor, xnack, sramecc }: TargetId): string {
  const sign = (name: string, setting: FeatureSetting) =>
    setting === "on" ? `:${name}+` : setting === "off" ? `:${name}-` : "";
  return processor + sign("sramecc", sramecc) + sign("xnack", xnack);
}

/** As HSA names an ISA: `amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`. */
export function isaName(target: TargetId): string {
  return ISA_PREFIX + formatTarget(target);
}

/** Takes an ISA name or a bare target id apart; `null` where it is neither, or of an unknown processor. */
export function parseTarget(text: string): TargetId | null {
  const bare = text.startsWith(ISA_PREFIX) ? text.slice(ISA_PREFIX.length) : text;
  const [name = "", ...features] = bare.split(":");
  const processor = BY_NAME.get(name);
  if (processor === undefined) return null;
  let xnack: FeatureSetting = processor.xnack ? "any" : "unsupported";
  let sramecc: FeatureSetting = processor.sramecc ? "any" : "unsupported";
  for (const feature of features) {
    const setting = feature.endsWith("+") ? "on" : feature.endsWith("-") ? "off" : null;
    const key = feature.slice(0, -1);
    if (setting === null) return null;
    if (key === "xnack" && processor.xnack) xnack = setting;
    else if (key === "sramecc" && processor.sramecc) sramecc = setting;
    else return null;
  }
  return { processor: name, xnack, sramecc };
}

/** How well code for `code` suits an agent: 0 does not run; more is more specific. An agent's own features are settled. */
export function suitability(code: TargetId, agent: TargetId): number {
  let score: number;
  if (code.processor === agent.processor) score = 8;
  else if (GENERIC.get(code.processor)?.includes(agent.processor)) score = 4;
  else return 0;
  for (const feature of ["xnack", "sramecc"] as const) {
    const wants = code[feature];
    if (wants === "any" || wants === "unsupported") continue;
    // ROCr names a feature that an agent does not have by leaving it out of the agent's ISA, as it does for "any".
    if (agent[feature] !== wants && agent[feature] !== "any") return 0;
    score += 1;
  }
  return score;
}
