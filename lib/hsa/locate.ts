/**
 * Which device, and which libraries: hardware or software by `GCN_OFFLOAD_DEVICE`, the runtime by `HSA_RUNTIME_LIB` (as libgomp reads
 * it), `ROCM_PATH`, the usual ROCm folders, then the loader's default. Decided before anything is loaded: ROCr binds to the first
 * libhsakmt.so.1 of the process and cannot be rebound.
 *
 * @packageDocumentation
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { didYouMean } from "../validate.js";
import { HsaError } from "./errors.js";
import type { OpenOptions } from "./native.js";

/** What the loader knows ROCr by: its SONAME. */
const RUNTIME_SONAME = "libhsa-runtime64.so.1";
/** What ROCr needs, and what the software GPU stands in for. */
const THUNK_SONAME = "libhsakmt.so.1";
/** The kernel driver's device file. */
const KFD = "/dev/kfd";
/** What `software` alone means: the newest ISA that both GCC 12 and clang compile for and the software GPU executes. */
export const DEFAULT_SOFTWARE_CONFIG = "gfx906";

/** The machine, as far as it is looked at. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  exists(path: string): boolean;
  /** The names in a folder; none where it cannot be listed. */
  list(folder: string): readonly string[];
  /** Why a file cannot be opened for reading and writing; null where it can. */
  whyNotUsable(path: string): string | null;
  /** Whether a file's bytes contain a string. */
  contains(path: string, text: string): boolean;
}

export const thisMachine: Machine = {
  env: process.env,
  exists: existsSync,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  whyNotUsable(path) {
    try {
      closeSync(openSync(path, "r+"));
      return null;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? String(error);
    }
  },
  contains(path, text) {
    try {
      return readFileSync(path).includes(text);
    } catch {
      return false;
    }
  },
};

/** Hardware or software, and why: `gcn-offload info` prints the reason. */
export interface DeviceChoice {
  readonly device: "hardware" | "software";
  /** The software GPU's configuration: `gfx906`, `gfx90a*2`. Null on hardware. */
  readonly config: string | null;
  readonly reason: string;
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "does not exist: the amdgpu driver is not loaded, or there is no AMD GPU",
  EACCES: "cannot be opened: this user has no permission (it belongs to the group render)",
  EPERM: "cannot be opened: this process has no permission",
};

/** One agent or several: `gfx906`, `gfx906*2`, `gfx900,gfx90a*2`. */
export const CONFIG = /^gfx[0-9a-f]+(\*[1-9][0-9]*)?(,gfx[0-9a-f]+(\*[1-9][0-9]*)?)*$/;

/**
 * Reads `GCN_OFFLOAD_DEVICE`'s value.
 *
 * @throws HsaError `ERR_HSA_DEVICE_SETTING` for a value that is not understood, `ERR_HSA_NO_HARDWARE` where hardware is demanded and
 * cannot be used.
 */
export function chooseDevice(setting: string | undefined, machine: Machine = thisMachine): DeviceChoice {
  const value = setting === undefined || setting === "" ? "auto" : setting;
  const [word = "", ...rest] = value.split(":");
  const config = rest.join(":");
  const named = `GCN_OFFLOAD_DEVICE=${value}`;
  if (word === "software") {
    if (rest.length > 0 && !CONFIG.test(config)) throw new HsaError("ERR_HSA_DEVICE_SETTING", `"${value}"`);
    return { device: "software", config: config || DEFAULT_SOFTWARE_CONFIG, reason: `${named} asks for it` };
  }
  if ((word !== "auto" && word !== "hardware") || rest.length > 0) {
    throw new HsaError("ERR_HSA_DEVICE_SETTING", `"${value}"${didYouMean(word, ["auto", "hardware", "software"])}`);
  }
  const why = machine.whyNotUsable(KFD);
  if (why === null) {
    const reason = word === "auto" ? `${KFD} can be opened for reading and writing` : `${named} asks for it`;
    return { device: "hardware", config: null, reason };
  }
  const trouble = `${KFD} ${WHY[why] ?? `cannot be opened (${why})`}`;
  if (word === "hardware") throw new HsaError("ERR_HSA_NO_HARDWARE", trouble);
  return { device: "software", config: DEFAULT_SOFTWARE_CONFIG, reason: trouble };
}

/** ROCm's version folders under /opt, newest first: /opt/rocm (the distribution's choice), /opt/rocm-6.2.0, /opt/rocm/core-7.0 … */
function rocmFolders(machine: Machine): string[] {
  const newestFirst = (a: string, b: string): number => b.localeCompare(a, "en", { numeric: true });
  const under = (folder: string, prefix: string): string[] =>
    machine
      .list(folder)
      .filter((name) => name.startsWith(prefix))
      .sort(newestFirst)
      .map((name) => join(folder, name));
  const releases = under("/opt", "rocm").filter((folder) => folder !== "/opt/rocm");
  return ["/opt/rocm", ...under("/opt/rocm", "core-"), ...releases];
}

/**
 * The runtimes to try, in order. `HSA_RUNTIME_LIB` stands alone: who names a library does not want another. For the software GPU a
 * library that does not need libhsakmt.so.1 is left out (ROCr 6.3 and 6.4 have the thunk linked in, so nothing can be put beneath).
 */
export function runtimeLibraries(device: "hardware" | "software", machine: Machine = thisMachine): string[] {
  const named = machine.env.HSA_RUNTIME_LIB;
  if (named) return [named];
  const folders = [...(machine.env.ROCM_PATH ? [machine.env.ROCM_PATH] : []), ...rocmFolders(machine)];
  const found = [...new Set(folders.map((folder) => join(folder, "lib", RUNTIME_SONAME)))].filter(machine.exists);
  const usable = device === "software" ? found.filter((path) => machine.contains(path, THUNK_SONAME)) : found;
  return [...usable, RUNTIME_SONAME];
}

/** The package's own folder: this file lies in its lib/hsa or dist/hsa. */
export const packageFolder = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The folder of the software GPU's libhsakmt.so.1. */
export const thunkFolder = join(packageFolder, "native", "softgpu", "build", "lib");

/** @throws HsaError `ERR_HSA_THUNK_NOT_BUILT`. */
export function thunkLibrary(machine: Machine = thisMachine): string {
  const path = join(thunkFolder, THUNK_SONAME);
  if (!machine.exists(path)) throw new HsaError("ERR_HSA_THUNK_NOT_BUILT", path);
  return path;
}

/** Where a runtime was looked for and why. */
export interface Location {
  readonly choice: DeviceChoice;
  readonly options: OpenOptions;
}

/**
 * Decides everything that `Native.open` wants to know.
 *
 * @param overrides - `device` in place of `GCN_OFFLOAD_DEVICE`, `library` in place of `HSA_RUNTIME_LIB`.
 */
export function locate(
  overrides: { readonly device?: string; readonly library?: string } = {},
  machine: Machine = thisMachine,
): Location {
  const choice = chooseDevice(overrides.device ?? machine.env.GCN_OFFLOAD_DEVICE, machine);
  const libraries = overrides.library ? [overrides.library] : runtimeLibraries(choice.device, machine);
  for (const library of libraries) {
    if (isAbsolute(library) && !machine.exists(library)) {
      throw new HsaError("ERR_HSA_LIBRARY_NOT_FOUND", `${library} (no such file)`);
    }
  }
  if (choice.config === null) return { choice, options: { libraries } };
  return { choice, options: { libraries, thunk: { library: thunkLibrary(machine), config: choice.config } } };
}
