/** The programs of this folder, or of another, as GCC 12 makes them: their images, and how their target regions' tables are laid out. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type GccImage, gccImages } from "../../../lib/codeobject/index.js";
import { compile, type Target } from "../../openmp/toolchain.js";

const here = fileURLToPath(new URL("programs", import.meta.url));

export interface Program {
  readonly path: string;
  readonly image: GccImage;
  /** The names of a function's mapped variables, in the order of its table. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

const known = new Map<string, Promise<Program>>();

export function program(
  file: string,
  target: Target,
  options: readonly string[] = [],
  folder = here,
): Promise<Program> {
  const key = [folder, file, target, ...options].join(" ");
  const made = known.get(key) ?? make(file, target, options, folder);
  known.set(key, made);
  return made;
}

async function make(file: string, target: Target, options: readonly string[], folder: string): Promise<Program> {
  const path = await compile(file, target, { folder, options });
  const [image, ...more] = gccImages(readFileSync(path));
  if (image === undefined || more.length > 0) throw new Error(`${file} has not one image, but ${more.length}`);
  return { path, image, tables: tablesOf(readFileSync(`${path}.omplower`, "utf8")) };
}

/**
 * The compiler's own account: each region stores its variables into `.omp_data_arr`, field by field, in the order of the table. A field
 * has the variable's name, or it is a pointer's section, and the pointer is what is stored.
 */
function tablesOf(dump: string): Map<string, readonly string[]> {
  const tables = new Map<string, string[]>();
  let table: string[] = [];
  for (const line of dump.split("\n")) {
    const header = /^[a-z].*?([\w.]+) \(.*\)$/.exec(line);
    if (header !== null) {
      table = [];
      tables.set(header[1] as string, table);
    }
    const [, field, value] = /^\s*\.omp_data_arr\.\d+\.(\S+) = (.*);$/.exec(line) ?? [];
    if (field !== undefined && value !== undefined) table.push(/^D\.\d+$/.test(field) ? value : field);
  }
  return tables;
}
