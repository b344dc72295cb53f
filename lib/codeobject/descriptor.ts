/**
 * The kernel descriptor: 64 bytes that the packet processor reads before a wave starts.
 * Source: the AMDGPU backend's user guide, "Kernel Descriptor" and the tables of compute_pgm_rsrc1 to 3.
 */
import type { Bytes } from "./bytes.js";
import { malformed } from "./elf.js";
import type {
  ComputePgmRsrc1,
  ComputePgmRsrc2,
  ComputePgmRsrc3,
  KernelCodeProperties,
  KernelDescriptor,
} from "./types.js";

export const DESCRIPTOR_SIZE = 64;
export const DESCRIPTOR_ALIGN = 64;
export const ENTRY_ALIGN = 256;

/** Byte offsets of the fields. */
const OFFSET = {
  groupSegmentFixedSize: 0,
  privateSegmentFixedSize: 4,
  kernargSize: 8,
  reserved0: 12,
  entry: 16,
  reserved1: 24,
  rsrc3: 44,
  rsrc1: 48,
  rsrc2: 52,
  properties: 56,
  kernargPreload: 58,
  reserved2: 60,
} as const;

/** Ranges of bytes that must be zero. */
const RESERVED: readonly (readonly [number, number])[] = [
  [OFFSET.reserved0, OFFSET.entry],
  [OFFSET.reserved1, OFFSET.rsrc3],
  [OFFSET.reserved2, DESCRIPTOR_SIZE],
];
const RESERVED_PROPERTIES = 0xf380;

/** The generation of a processor: what its register fields mean. */
export interface Generation {
  readonly major: number;
  /** gfx90a and gfx940 to gfx942: one register file for VGPRs and AccVGPRs. */
  readonly unified: boolean;
}

export function generationOf(processor: string): Generation {
  // gfx90a, gfx1030, gfx9-generic, gfx10-3-generic: the last two characters of the plain names are minor and stepping.
  const digits = processor.slice(3);
  const generic = digits.endsWith("-generic");
  const major = Number(generic ? digits.slice(0, digits.indexOf("-")) : digits.slice(0, -2));
  return { major, unified: digits === "90a" || /^94[0-2]$/.test(digits) };
}

const bits = (word: number, low: number, count: number): number => (word >>> low) & (2 ** count - 1);
const bit = (word: number, at: number): boolean => ((word >>> at) & 1) === 1;

/** Reads the descriptor in `bytes`, which stands at `address`. */
export function readDescriptor(bytes: Bytes, address: number, generation: Generation): KernelDescriptor {
  const entryAddress = BigInt(address) + bytes.i64(OFFSET.entry);
  if (entryAddress < 0n || entryAddress > BigInt(Number.MAX_SAFE_INTEGER)) {
    malformed(bytes.what, `its entry point ${entryAddress} is no address`);
  }
  const rsrc1 = readRsrc1(bytes.u32(OFFSET.rsrc1), generation);
  const rsrc3 = bytes.u32(OFFSET.rsrc3);
  const properties = readProperties(bytes.u16(OFFSET.properties));
  const preload = bytes.u16(OFFSET.kernargPreload);
  const vgprGranule = generation.unified || properties.enableWavefrontSize32 ? 8 : 4;
  return {
    address,
    entryAddress: Number(entryAddress),
    groupSegmentFixedSize: bytes.u32(OFFSET.groupSegmentFixedSize),
    privateSegmentFixedSize: bytes.u32(OFFSET.privateSegmentFixedSize),
    kernargSize: bytes.u32(OFFSET.kernargSize),
    computePgmRsrc1: rsrc1,
    computePgmRsrc2: readRsrc2(bytes.u32(OFFSET.rsrc2), generation),
    computePgmRsrc3: readRsrc3(rsrc3, generation),
    properties,
    kernargPreload: { length: bits(preload, 0, 7), offset: bits(preload, 7, 9) },
    sgprCount: sgprCount(rsrc1.granulatedWavefrontSgprCount, generation),
    vgprCount: (rsrc1.granulatedWorkitemVgprCount + 1) * vgprGranule,
    accumOffset: generation.unified ? (bits(rsrc3, 0, 6) + 1) * 4 : null,
  };
}

/** In eights up to gfx8; gfx9 allocates in sixteens, though the field counts eights; later targets give every wave all of them. */
function sgprCount(granules: number, { major }: Generation): number | null {
  if (major >= 10) return null;
  return major === 9 ? (Math.floor(granules / 2) + 1) * 16 : (granules + 1) * 8;
}

/** The reserved field that is not zero, for a message, or `null`. */
export function reservedFieldInUse(bytes: Bytes): string | null {
  for (const [from, to] of RESERVED) {
    for (let at = from; at < to; at++) if (bytes.u8(at) !== 0) return `reserved byte ${at} is ${bytes.u8(at)}`;
  }
  const properties = bytes.u16(OFFSET.properties) & RESERVED_PROPERTIES;
  return properties === 0 ? null : `reserved code property bits 0x${properties.toString(16)} are set`;
}

function readRsrc1(raw: number, { major }: Generation): ComputePgmRsrc1 {
  const before12 = major < 12;
  const from10 = major >= 10;
  return {
    raw,
    granulatedWorkitemVgprCount: bits(raw, 0, 6),
    granulatedWavefrontSgprCount: bits(raw, 6, 4),
    priority: bits(raw, 10, 2),
    floatRoundMode32: bits(raw, 12, 2),
    floatRoundMode16_64: bits(raw, 14, 2),
    floatDenormMode32: bits(raw, 16, 2),
    floatDenormMode16_64: bits(raw, 18, 2),
    privileged: bit(raw, 20),
    enableDx10Clamp: before12 ? bit(raw, 21) : null,
    enableWgRrEn: before12 ? null : bit(raw, 21),
    debugMode: bit(raw, 22),
    enableIeeeMode: before12 ? bit(raw, 23) : null,
    disablePerf: before12 ? null : bit(raw, 23),
    bulky: bit(raw, 24),
    cdbgUser: bit(raw, 25),
    fp16Overflow: major >= 9 ? bit(raw, 26) : null,
    wgpMode: from10 ? bit(raw, 29) : null,
    memOrdered: from10 ? bit(raw, 30) : null,
    forwardProgress: from10 ? bit(raw, 31) : null,
  };
}

function readRsrc2(raw: number, { major }: Generation): ComputePgmRsrc2 {
  return {
    raw,
    enablePrivateSegment: bit(raw, 0),
    userSgprCount: bits(raw, 1, 5),
    enableTrapHandler: major < 12 ? bit(raw, 6) : null,
    enableWorkgroupIdX: bit(raw, 7),
    enableWorkgroupIdY: bit(raw, 8),
    enableWorkgroupIdZ: bit(raw, 9),
    enableWorkgroupInfo: bit(raw, 10),
    enableWorkitemId: bits(raw, 11, 2),
    exceptionAddressWatch: bit(raw, 13),
    exceptionMemoryViolation: bit(raw, 14),
    granulatedLdsSize: bits(raw, 15, 9),
    exceptionInvalidOperation: bit(raw, 24),
    exceptionDenormalSource: bit(raw, 25),
    exceptionDivisionByZero: bit(raw, 26),
    exceptionOverflow: bit(raw, 27),
    exceptionUnderflow: bit(raw, 28),
    exceptionInexact: bit(raw, 29),
    exceptionIntDivideByZero: bit(raw, 30),
  };
}

function readRsrc3(raw: number, { major, unified }: Generation): ComputePgmRsrc3 {
  return {
    raw,
    tgSplit: unified ? bit(raw, 16) : null,
    sharedVgprCount: major === 10 || major === 11 ? bits(raw, 0, 4) : null,
    instPrefSize: major === 11 ? bits(raw, 4, 6) : major === 12 ? bits(raw, 4, 8) : null,
    imageOp: major >= 11 ? bit(raw, 31) : null,
  };
}

function readProperties(raw: number): KernelCodeProperties {
  return {
    raw,
    enablePrivateSegmentBuffer: bit(raw, 0),
    enableDispatchPtr: bit(raw, 1),
    enableQueuePtr: bit(raw, 2),
    enableKernargSegmentPtr: bit(raw, 3),
    enableDispatchId: bit(raw, 4),
    enableFlatScratchInit: bit(raw, 5),
    enablePrivateSegmentSize: bit(raw, 6),
    enableWavefrontSize32: bit(raw, 10),
    usesDynamicStack: bit(raw, 11),
  };
}
