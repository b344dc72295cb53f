/**
 * What kernels print: entries of the output block, read in the order in which they were taken, while the kernel runs and once at its
 * end.
 *
 * Source: plugin-gcn.c (console_output); newlib's write for amdgcn.
 *
 * @packageDocumentation
 */
import { TextDecoder } from "node:util";
import { ENTRY, type KernelArgumentBlock, OUTPUT } from "./kernel_arguments.js";

/** Kinds of entries. Kind 4 asks for a function of the host (reverse offload), of GCC 13 and later. */
const KIND = { INT64: 0, DOUBLE: 1, TEXT: 2, RAW: 3 } as const;

/** Reads what has been written since the last time; `final` at the kernel's end, when nothing more comes. */
export function drainConsole(block: KernelArgumentBlock, final: boolean, print: (text: string) => void): void {
  const { output } = block;
  if (output.length === 0) return;
  const taken = Atomics.load(output, OUTPUT.next / 4);
  const from = output[OUTPUT.consumed / 4] as number;
  let i = from;
  // A difference, for the counts may pass 2^31.
  for (; (taken - i) | 0; i = (i + 1) | 0) {
    const entry = OUTPUT.entries + (i & (ENTRY.count - 1)) * ENTRY.bytes;
    // Taken but not yet written: it and what comes after it waits for the next time. At the end it never comes.
    if (Atomics.load(output, (entry + ENTRY.written) / 4) === 0) {
      if (!final) break;
      continue;
    }
    const text = textOf(block, entry);
    if (text !== "") print(text);
    // Whoever got the text may have ended the device, and its memory.
    if (output.length === 0) return;
    output[(entry + ENTRY.written) / 4] = 0;
  }
  if (i !== from) Atomics.store(output, OUTPUT.consumed / 4, i);
  if (!final || block.decoder === null) return;
  const rest = block.decoder.decode();
  if (rest !== "") print(rest);
  block.decoder = null;
}

function textOf(block: KernelArgumentBlock, entry: number): string {
  const bytes = block.outputBytes;
  const message = cString(block, entry + ENTRY.message);
  const view = new DataView(bytes.buffer, bytes.byteOffset + entry + ENTRY.value, 8);
  switch (block.output[(entry + ENTRY.type) / 4]) {
    case KIND.INT64:
      return `${message}${view.getBigInt64(0, true)}\n`;
    case KIND.DOUBLE:
      return `${message}${view.getFloat64(0, true).toFixed(6)}\n`;
    case KIND.TEXT:
      return `${message}${cString(block, entry + ENTRY.value)}\n`;
    case KIND.RAW:
      return `${message}${cString(block, entry + ENTRY.value)}`;
    default:
      return `GCN print buffer error: an entry of kind ${block.output[(entry + ENTRY.type) / 4]}\n`;
  }
}

/** Up to 128 bytes; a zero ends it before. A character may begin in one field, or entry, and go on in the next. */
function cString(block: KernelArgumentBlock, at: number): string {
  const field = block.outputBytes.subarray(at, at + ENTRY.textBytes);
  const end = field.indexOf(0);
  block.decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return block.decoder.decode(end < 0 ? field : field.subarray(0, end), { stream: true });
}
