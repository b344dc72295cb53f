/** Code objects in pure TypeScript: ELF, metadata, kernel descriptors, bundles, and the checks that ROCr's loader leaves out. */
export { parseCodeObject } from "./code_object.js";
export { isElf } from "./elf.js";
export { CodeObjectError, type CodeObjectErrorCode } from "./errors.js";
export { type GccImage, type GccKernel, type GccLayout, type GccVariable, gccImages, gccVersion } from "./gcc_image.js";
export { listBundle, selectCodeObject, selectCodeObjects } from "./select.js";
export { formatTarget, isaName, parseTarget, suitability } from "./targets.js";
export type * from "./types.js";
export { validateCodeObject } from "./validate.js";
