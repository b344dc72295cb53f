/** `gcn-offload info --isa`: what the software GPU implements of a target. */
import { type SoftwareInstruction, softwareInstructions } from "../hsa/index.js";
import { InputError } from "./command.js";

const TARGETS = ["gfx803", "gfx900", "gfx906", "gfx908", "gfx90a"] as const;

interface Family {
  readonly encoding: string;
  readonly exact: readonly string[];
  readonly approximate: readonly { readonly name: string; readonly bound: string | null }[];
  readonly missing: readonly string[];
  /** Of the first two: the forms that are missing all the same. */
  readonly limits: readonly { readonly name: string; readonly limits: string }[];
}

export interface IsaReport {
  readonly isa: string;
  readonly counts: { readonly exact: number; readonly approximate: number; readonly missing: number };
  readonly families: readonly Family[];
}

/** @throws InputError for a target that the software GPU does not have. */
export function isaReport(isa: string): IsaReport {
  const all = softwareInstructions(isa);
  if (all.length === 0) {
    throw new InputError(`the software GPU has no ${isa}: it has ${TARGETS.join(", ")}`);
  }
  const count = (support: SoftwareInstruction["support"]): number =>
    all.filter((instruction) => instruction.support === support).length;
  const families = [...new Set(all.map(({ encoding }) => encoding))].map((encoding): Family => {
    const own = all.filter((instruction) => instruction.encoding === encoding);
    const of = (support: SoftwareInstruction["support"]): SoftwareInstruction[] =>
      own.filter((instruction) => instruction.support === support);
    return {
      encoding,
      exact: of("exact").map(({ name }) => name),
      approximate: of("approximate").map(({ name, bound }) => ({ name, bound })),
      missing: of("missing").map(({ name }) => name),
      limits: own.flatMap(({ name, limits }) => (limits === null ? [] : [{ name, limits }])),
    };
  });
  return {
    isa,
    counts: { exact: count("exact"), approximate: count("approximate"), missing: count("missing") },
    families,
  };
}

const WIDTH = 110;

/** The words under a title, in lines that all begin below its first word. */
function wrapped(title: string, words: readonly string[]): string[] {
  if (words.length === 0) return [];
  const indent = 15;
  const lines: string[] = [];
  let line = title.padEnd(indent);
  for (const word of words) {
    if (line.length > indent && line.length + word.length > WIDTH) {
      lines.push(line.trimEnd());
      line = " ".repeat(indent);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

/** Names that share a note are listed once with it. */
function grouped(items: readonly { readonly name: string; readonly note: string }[]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const { name, note } of items) groups.set(note, [...(groups.get(note) ?? []), name]);
  return [...groups];
}

export function isaText({ isa, counts, families }: IsaReport): string {
  const lines = [
    `${isa} on the software GPU: ${counts.exact} instructions exact, ${counts.approximate} approximate, ${counts.missing} missing`,
    "(an operation counts once for each of its encodings; a kernel that reaches a missing one fails and names it)",
  ];
  for (const { encoding, exact, approximate, missing, limits } of families) {
    lines.push("", `${encoding}: ${exact.length} exact, ${approximate.length} approximate, ${missing.length} missing`);
    lines.push(...wrapped("  exact", exact));
    for (const [bound, names] of grouped(approximate.map(({ name, bound }) => ({ name, note: bound ?? "" }))))
      lines.push(...wrapped("  approximate", [...names, `(${bound})`]));
    lines.push(...wrapped("  missing", missing));
    for (const [note, names] of grouped(
      limits.flatMap(({ name, limits: notes }) => notes.split(", ").map((note) => ({ name, note }))),
    ))
      lines.push(
        ...wrapped("  without", [
          `${note}:`,
          ...(names.length === exact.length + approximate.length ? ["all"] : names),
        ]),
      );
  }
  return lines.join("\n");
}
