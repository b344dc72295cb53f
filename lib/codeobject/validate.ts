/** What must hold before a code object is handed to ROCr, which trusts its input. */
import { bytesOf, string } from "../validate.js";
import { hex } from "./bytes.js";
import { readCodeObject } from "./code_object.js";
import { DESCRIPTOR_ALIGN, DESCRIPTOR_SIZE, ENTRY_ALIGN, reservedFieldInUse } from "./descriptor.js";
import { Elf, malformed, PF_X } from "./elf.js";
import { CodeObjectError } from "./errors.js";
import { checkLoaderRules, type Image } from "./loader_rules.js";
import { parseTarget, suitability } from "./targets.js";
import type { CodeObject, Kernel } from "./types.js";

const MAX_LDS = 2 ** 20;
const MAX_PRIVATE = 2 ** 31;
/** HSA's limit; no agent has more. */
const MAX_WORKGROUP = 2 ** 16;

/**
 * `parseCodeObject`, and checks everything that ROCr's loader reads, which trusts its input.
 *
 * @param isa The agent's, as HSA names it: `amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-`.
 * @throws CodeObjectError with any code of its but `ERR_CODE_OBJECT_AMBIGUOUS`; `ERR_CODE_OBJECT_ISA_MISMATCH` names both ISAs.
 */
export function validateCodeObject(bytes: Uint8Array, isa: string): CodeObject {
  const elf = new Elf(bytesOf("the code object", bytes));
  string("isa", isa);
  const codeObject = readCodeObject(elf);
  checkIsa(codeObject, isa);
  const image = checkLoaderRules(elf);
  for (const kernel of codeObject.kernels) checkKernel(elf, image, kernel);
  return codeObject;
}

function checkIsa(codeObject: CodeObject, isa: string): void {
  const agent = parseTarget(isa);
  if (agent === null || suitability(codeObject.features, agent) === 0) {
    throw new CodeObjectError(
      "ERR_CODE_OBJECT_ISA_MISMATCH",
      `the code object is for ${codeObject.isa}, and the agent is ${isa}; build it for the agent (clang --offload-arch or -mcpu, GCC -foffload-options=-march=…), or use another device`,
    );
  }
  const said = codeObject.metadataTarget;
  if (said !== null && said !== codeObject.isa) {
    malformed("the code object", `its ELF header says ${codeObject.isa} and its metadata ${said}`);
  }
}

function checkKernel(elf: Elf, image: Image, kernel: Kernel): void {
  const { descriptor } = kernel;
  const wrong = (detail: string) => malformed("the code object", `kernel ${kernel.name}: ${detail}`);
  if (descriptor.address % DESCRIPTOR_ALIGN !== 0) {
    wrong(`its descriptor at ${hex(descriptor.address)} is not aligned to ${DESCRIPTOR_ALIGN} bytes`);
  }
  const reserved = reservedFieldInUse(
    elf.loaded(descriptor.address, DESCRIPTOR_SIZE, `the descriptor of ${kernel.name}`),
  );
  if (reserved !== null) wrong(`its descriptor's ${reserved}`);
  const code = image.segments.find(
    ({ flags, address, memorySize }) =>
      (flags & PF_X) !== 0 && address <= descriptor.entryAddress && descriptor.entryAddress + 4 <= address + memorySize,
  );
  if (code === undefined) wrong(`its entry point ${hex(descriptor.entryAddress)} is in no executable segment`);
  if (descriptor.entryAddress % ENTRY_ALIGN !== 0) {
    wrong(`its entry point ${hex(descriptor.entryAddress)} is not aligned to ${ENTRY_ALIGN} bytes`);
  }
  // 0 in the descriptor: not said there (GCC).
  if (descriptor.kernargSize !== 0 && descriptor.kernargSize !== kernel.kernargSize) {
    wrong(
      `its arguments take ${descriptor.kernargSize} bytes by its descriptor, ${kernel.kernargSize} by its metadata`,
    );
  }
  if (descriptor.groupSegmentFixedSize !== kernel.groupSegmentSize || kernel.groupSegmentSize > MAX_LDS) {
    wrong(
      `its LDS is ${descriptor.groupSegmentFixedSize} bytes by its descriptor, ${kernel.groupSegmentSize} by its metadata`,
    );
  }
  if (descriptor.privateSegmentFixedSize !== kernel.privateSegmentSize || kernel.privateSegmentSize > MAX_PRIVATE) {
    wrong(
      `its scratch is ${descriptor.privateSegmentFixedSize} bytes by its descriptor, ${kernel.privateSegmentSize} by its metadata`,
    );
  }
  if (descriptor.properties.enableWavefrontSize32 !== (kernel.wavefrontSize === 32)) {
    wrong(`its metadata says waves of ${kernel.wavefrontSize} lanes, and its descriptor does not`);
  }
  if (kernel.maxWorkgroupSize < 1 || kernel.maxWorkgroupSize > MAX_WORKGROUP) {
    wrong(`its workgroups may be of ${kernel.maxWorkgroupSize} work-items at most`);
  }
  checkArguments(kernel, wrong);
}

function checkArguments(kernel: Kernel, wrong: (detail: string) => never): void {
  let end = 0;
  for (const [index, argument] of kernel.arguments.entries()) {
    if (argument.offset < end)
      wrong(`its argument ${index} at ${argument.offset} overlaps the one before, which ends at ${end}`);
    end = argument.offset + argument.size;
  }
}
