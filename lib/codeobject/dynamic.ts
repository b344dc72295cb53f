/** What a shared object or an executable says to the dynamic loader (System V ABI, "Dynamic Section"). */
import { Elf } from "./elf.js";

const TAGS = { NEEDED: 1, SONAME: 14, RPATH: 15, RUNPATH: 29 } as const;

/** The texts of some of its entries, in their order; none in a file that the loader does not read. */
export function dynamicTexts(raw: Uint8Array, tags: readonly (keyof typeof TAGS)[]): string[] {
  const elf = new Elf(raw, "the program");
  const table = elf.sectionNamed(".dynamic");
  const strings = table === undefined ? undefined : elf.sections[table.link];
  if (table === undefined || strings === undefined) return [];
  const entries = elf.contents(table);
  const text = elf.contents(strings);
  const wanted = new Set<number>(tags.map((tag) => TAGS[tag]));
  const found: string[] = [];
  for (let at = 0; at + 16 <= entries.length; at += 16) {
    if (!wanted.has(entries.u64(at, "an entry of .dynamic"))) continue;
    found.push(text.cString(entries.u64(at + 8, "an entry of .dynamic")));
  }
  return found;
}
