/**
 * Which libgomp a program uses, and which of this package's plugin libraries that libgomp wants: told by what it looks for in a plugin,
 * not by its number.
 *
 * @packageDocumentation
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { dynamicTexts } from "../codeobject/dynamic.js";
import { isElf } from "../codeobject/index.js";
import { OffloadError } from "../errors.js";
import { packageFolder } from "../hsa/locate.js";

const LIBGOMP = "libgomp.so.1";

/** The releases whose plugins differ, newest first, and what tells each: a name that libgomp has among its own. */
const FAMILIES = [
  [17, "GOMP_OFFLOAD_session_size"],
  [16, "GOMP_OFFLOAD_memset"],
  [14, "GOMP_OFFLOAD_memcpy2d"],
  [13, "GOMP_PLUGIN_target_rev"],
  [12, "GOMP_OFFLOAD_version"],
] as const;

export type PluginFamily = (typeof FAMILIES)[number][0];

/** @throws OffloadError `ERR_OFFLOAD_PLUGIN` for a library that is no libgomp with plugins. */
export function familyOf(libgomp: string): PluginFamily {
  const bytes = readFileSync(libgomp);
  const found = FAMILIES.find(([, name]) => bytes.includes(name));
  if (found === undefined) {
    throw new OffloadError("ERR_OFFLOAD_PLUGIN", `${libgomp} looks for no offload plugins: it was built without`);
  }
  return found[0];
}

/** This package's libgomp-plugin-gcn.so.1 for a libgomp. */
export function pluginLibrary(libgomp: string): string {
  const library = join(packageFolder, "build", "Release", `libgomp-plugin-gcn-${familyOf(libgomp)}.so`);
  if (!existsSync(library)) {
    throw new OffloadError("ERR_OFFLOAD_PLUGIN", `${library} is not there: scripts/build-native addon makes it`);
  }
  return library;
}

/**
 * What the loader is to open so that the program finds its libgomp: the one in a folder that the program names, or the system's. Also of
 * something that is no program: the loader says so better.
 */
export function libgompOf(program: string): string {
  const origin = dirname(resolve(program));
  const bytes = readFileSync(program);
  const texts = isElf(bytes) ? dynamicTexts(bytes, ["RUNPATH", "RPATH"]) : [];
  const folders = texts.flatMap((path) => path.split(":"));
  const own = folders.map((folder) => join(folder.replace(/\$(ORIGIN|\{ORIGIN\})/g, origin), LIBGOMP));
  return own.find(existsSync) ?? LIBGOMP;
}
