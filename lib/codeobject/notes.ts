/** ELF notes (System V ABI, chapter 5): a run of (name, type, description), each padded to 4 bytes. */
import type { Bytes } from "./bytes.js";
import { type Elf, malformed, PT_NOTE, SHT_NOTE } from "./elf.js";

/** Code object v2: the metadata in YAML, vendor "AMD". */
export const NT_AMD_HSA_METADATA = 10;
/** Code object v3 and later: the metadata in MessagePack, vendor "AMDGPU". */
export const NT_AMDGPU_METADATA = 32;

const HEADER_SIZE = 12;

export interface Note {
  readonly name: string;
  readonly type: number;
  readonly description: Bytes;
}

const padded = (size: number): number => Math.ceil(size / 4) * 4;

export function readNotes(range: Bytes): Note[] {
  const notes: Note[] = [];
  let at = 0;
  while (at < range.length) {
    if (!range.holds(at, HEADER_SIZE)) malformed(range.what, `${range.length - at} bytes after the last note`);
    const nameSize = range.u32(at);
    const descriptionSize = range.u32(at + 4);
    const type = range.u32(at + 8);
    const nameAt = at + HEADER_SIZE;
    const descriptionAt = nameAt + padded(nameSize);
    // The last one need not be padded at its end.
    if (!range.holds(nameAt, nameSize) || !range.holds(descriptionAt, descriptionSize)) {
      malformed(range.what, `the note at ${at} (type ${type}) runs beyond the end`);
    }
    const name = range.text(nameAt, nameSize).replace(/\0+$/, "");
    notes.push({
      name,
      type,
      description: range.slice(descriptionAt, descriptionSize, `note ${name} of type ${type}`),
    });
    at = descriptionAt + padded(descriptionSize);
  }
  return notes;
}

/** All notes of a file: by its sections, or where it has none, by its program headers. */
export function notesOf(elf: Elf): Note[] {
  const sections = elf.sections.filter((section) => section.type === SHT_NOTE);
  if (sections.length > 0) return sections.flatMap((section) => readNotes(elf.contents(section)));
  return elf.segments
    .filter((segment) => segment.type === PT_NOTE)
    .flatMap((segment) =>
      readNotes(elf.bytes.slice(segment.offset, segment.fileSize, `note segment ${segment.index}`)),
    );
}
