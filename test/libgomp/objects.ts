/** Shared objects without offloading, made of a line of C. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export function makeObject(folder: string, name: string, source: string, ...options: readonly string[]): string {
  const object = join(folder, name);
  writeFileSync(`${object}.c`, source);
  execFileSync("gcc-12", ["-shared", "-fPIC", `${object}.c`, "-o", object, ...options]);
  return object;
}
