/**
 * Clang's offload bundles, plain and compressed, and HIP's executables that carry them.
 * Source: Clang's documentation, "Clang Offload Bundler".
 */

import * as zlib from "node:zlib";
import { inflateSync } from "node:zlib";
import { Bytes, startsWith } from "./bytes.js";
import { Elf, EM_AMDGPU, isElf, malformed } from "./elf.js";
import { CodeObjectError } from "./errors.js";
import type { BundleEntry } from "./types.js";

const MAGIC = "__CLANG_OFFLOAD_BUNDLE__";
const COMPRESSED_MAGIC = "CCOB";
/** Where HIP's compilers put the bundles of an executable. */
const HIP_SECTION = ".hip_fatbin";

const ZLIB = 0;
const ZSTD = 1;
/** No real bundle is larger; a damaged size must not take all memory. */
const MAX_UNCOMPRESSED = 2 ** 32 - 1;
const TRIPLE = "amdgcn-amd-amdhsa";

export function isBundle(bytes: Uint8Array): boolean {
  return startsWith(bytes, MAGIC) || startsWith(bytes, COMPRESSED_MAGIC);
}

/** The bundles in a file, one list of entries for each: a HIP executable has one per translation unit. */
export function bundlesIn(bytes: Uint8Array): BundleEntry[][] {
  if (startsWith(bytes, COMPRESSED_MAGIC)) return [readBundle(decompress(new Bytes(bytes, "the compressed bundle")))];
  if (startsWith(bytes, MAGIC)) return [readBundle(new Bytes(bytes, "the bundle"))];
  if (!isElf(bytes)) return [];
  const elf = new Elf(bytes, "the file");
  if (elf.header.machine === EM_AMDGPU) return [];
  const section = elf.sectionNamed(HIP_SECTION);
  return section === undefined ? [] : bundlesInSection(elf.contents(section));
}

/** Bundles one behind another, with padding between them. */
function bundlesInSection(section: Bytes): BundleEntry[][] {
  const found: BundleEntry[][] = [];
  const raw = Buffer.from(section.raw.buffer, section.raw.byteOffset, section.length);
  let at = 0;
  while (at < raw.length) {
    const plain = raw.indexOf(MAGIC, at, "latin1");
    const compressed = raw.indexOf(COMPRESSED_MAGIC, at, "latin1");
    const start = plain < 0 ? compressed : compressed < 0 ? plain : Math.min(plain, compressed);
    if (start < 0) break;
    const rest = section.slice(start, section.length - start, `the bundle at ${start} of ${HIP_SECTION}`);
    if (start === plain) {
      const entries = readBundle(rest);
      found.push(entries);
      at = start + Math.max(MAGIC.length, ...entries.map(({ offset, size }) => offset + size));
    } else {
      found.push(readBundle(decompress(rest)));
      at = start + compressedHeader(rest).fileSize;
    }
  }
  return found;
}

function readBundle(bundle: Bytes): BundleEntry[] {
  const count = bundle.u64(MAGIC.length, "the count of entries");
  const entries: BundleEntry[] = [];
  let at = MAGIC.length + 8;
  for (let index = 0; index < count; index++) {
    const offset = bundle.u64(at, `the offset of entry ${index}`);
    const size = bundle.u64(at + 8, `the size of entry ${index}`);
    const idSize = bundle.u64(at + 16, `the length of the name of entry ${index}`);
    const id = bundle.text(at + 24, idSize);
    at += 24 + idSize;
    entries.push({ id, ...partsOf(id), offset, size, bytes: bundle.slice(offset, size, `bundle entry ${id}`).raw });
  }
  return entries;
}

/** `hipv4-amdgcn-amd-amdhsa--gfx906:xnack-`: kind, triple (with or without an empty environment), target id. */
function partsOf(id: string): { kind: string; triple: string; target: string } {
  const dash = id.indexOf("-");
  if (dash < 0) return { kind: id, triple: "", target: "" };
  const kind = id.slice(0, dash);
  const rest = id.slice(dash + 1);
  if (!rest.startsWith(TRIPLE)) return { kind, triple: rest.replace(/-+$/, ""), target: "" };
  return { kind, triple: TRIPLE, target: rest.slice(TRIPLE.length).replace(/^-+/, "") };
}

interface CompressedHeader {
  readonly method: number;
  readonly dataOffset: number;
  readonly fileSize: number;
  readonly uncompressedSize: number;
}

/** Version 1 does not tell the compressed size: the bundle then goes to the end of its file. */
function compressedHeader(bytes: Bytes): CompressedHeader {
  const version = bytes.u16(4);
  const method = bytes.u16(6);
  switch (version) {
    case 1:
      return { method, dataOffset: 20, fileSize: bytes.length, uncompressedSize: bytes.u32(8) };
    case 2:
      return { method, dataOffset: 24, fileSize: bytes.u32(8), uncompressedSize: bytes.u32(12) };
    case 3:
      return {
        method,
        dataOffset: 32,
        fileSize: bytes.u64(8, "the compressed size"),
        uncompressedSize: bytes.u64(16, "the uncompressed size"),
      };
    default:
      throw new CodeObjectError(
        "ERR_CODE_OBJECT_UNSUPPORTED",
        `${bytes.what} is a compressed bundle of version ${version}; this package reads 1 to 3: build it with --no-offload-compress`,
      );
  }
}

function decompress(bytes: Bytes): Bytes {
  const { method, dataOffset, fileSize, uncompressedSize } = compressedHeader(bytes);
  if (fileSize < dataOffset) malformed(bytes.what, `it says that it is ${fileSize} bytes long`);
  if (uncompressedSize > MAX_UNCOMPRESSED)
    malformed(bytes.what, `it says that it unpacks to ${uncompressedSize} bytes`);
  const data = bytes.slice(dataOffset, fileSize - dataOffset, bytes.what).raw;
  const options = { maxOutputLength: Math.max(1, uncompressedSize) };
  let unpack: ((data: Uint8Array, options: { maxOutputLength: number }) => Uint8Array) | undefined;
  if (method === ZLIB) unpack = inflateSync;
  else if (method === ZSTD) unpack = (zlib as { zstdDecompressSync?: typeof inflateSync }).zstdDecompressSync;
  if (unpack === undefined) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_UNSUPPORTED",
      method === ZSTD
        ? `${bytes.what} is compressed with zstd, which Node ${process.versions.node} cannot unpack (22.15 can); build it with --no-offload-compress, or unpack it with clang-offload-bundler`
        : `${bytes.what} is compressed by method ${method}, which this package does not know; build it with --no-offload-compress`,
    );
  }
  let unpacked: Uint8Array;
  try {
    unpacked = unpack(data, options);
  } catch (cause) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_MALFORMED",
      `${bytes.what} does not unpack (${cause instanceof Error ? cause.message : String(cause)}): the file is damaged`,
      { cause },
    );
  }
  if (unpacked.length !== uncompressedSize) {
    malformed(bytes.what, `it unpacks to ${unpacked.length} bytes and not ${uncompressedSize}`);
  }
  if (!startsWith(unpacked, MAGIC)) malformed(bytes.what, "what it unpacks to is no bundle");
  return new Bytes(unpacked, "the unpacked bundle");
}
