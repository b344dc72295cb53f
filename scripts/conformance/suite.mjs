// Which of libgomp's tests there are, which of them offload, and how each is to be compiled and judged.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";
import { applies, directives, selector, words } from "./directives.mjs";

/**
 * The test-suite's folders. `shared` are compiled in C and in C++; `levels` as the suite's own drivers choose them, but
 * the first one alone where the run is not a thorough one.
 */
export const FOLDERS = {
  "libgomp.c": { languages: ["c"], accelerator: "omp", levels: ["-O2"] },
  "libgomp.c++": { languages: ["c++"], accelerator: "omp", levels: ["-O2"] },
  "libgomp.c-c++-common": { languages: ["c", "c++"], accelerator: "omp", levels: ["-O2"] },
  "libgomp.fortran": { languages: ["fortran"], accelerator: "omp", levels: ["-O2", "-O0"] },
  "libgomp.oacc-c": { languages: ["c"], accelerator: "acc", levels: ["-O2", "-O0"] },
  "libgomp.oacc-c++": { languages: ["c++"], accelerator: "acc", levels: ["-O2", "-O0"] },
  "libgomp.oacc-c-c++-common": { languages: ["c", "c++"], accelerator: "acc", levels: ["-O2", "-O0"] },
  "libgomp.oacc-fortran": { languages: ["fortran"], accelerator: "acc", levels: ["-O2", "-O0"] },
};

const EXTENSIONS = { c: [".c"], "c++": [".C", ".c"], fortran: [".f", ".F", ".f90", ".F90", ".f95", ".f03", ".f08"] };
export const COMPILERS = { c: "gcc-12", "c++": "g++-12", fortran: "gfortran-12" };

const OFFLOADS = {
  omp: /(#\s*pragma|_Pragma|DO_PRAGMA|!\$)[^\n]*\btarget\b|omp_target_/i,
  acc: /./,
};

/** A file's text with that of the files beside it that it includes. */
function textOf(file, seen = new Set()) {
  if (seen.has(file)) return "";
  seen.add(file);
  let text;
  try {
    text = readFileSync(file, "latin1");
  } catch {
    return "";
  }
  const included = [...text.matchAll(/^\s*#?\s*include\s+["']([^"']+)["']/gim)];
  return [text, ...included.map(([, name]) => textOf(join(dirname(file), name), seen))].join("\n");
}

/**
 * One test: a program in one language at one level.
 * @typedef {{ id: string, folder: string, source: string, language: string, flags: string[], sources: string[],
 *   env: Record<string, string>, output: string, shouldFail: boolean, expectedFailure: boolean }} Test
 */

/** @returns {{ test: Test } | { skipped: string } | null} null where the file has nothing to run on a device */
function read(root, folder, source, language, level) {
  const { accelerator } = FOLDERS[folder];
  const text = textOf(source);
  if (!OFFLOADS[accelerator].test(text)) return null;
  const also = new Set([language]);
  const here = dirname(source);
  const openacc = accelerator === "acc";
  const given = openacc
    ? ["-fopenacc", "-DACC_DEVICE_TYPE_radeon=1", "-DACC_MEM_SHARED=0", "-foffload=amdgcn-amdhsa"]
    : ["-fopenmp", "-foffload=amdgcn-amdhsa"];
  let what = "run";
  let expectedFailure = false;
  let options = [level];
  let output = "";
  let shouldFail = false;
  let skipped = "";
  const more = [];
  const sources = [source];
  const env = openacc ? { ACC_DEVICE_TYPE: "radeon" } : {};
  for (const { name, args } of directives(readFileSync(source, "latin1"))) {
    const flags = [...given, ...options, ...more];
    const chosen = (position) => selector(args[position], also);
    if (name === "dg-do") {
      const { applies: does, xfail } = chosen(1);
      if (!does) skipped ||= `for ${args[1].trim()}`;
      else what = args[0];
      expectedFailure ||= xfail;
    } else if (name === "dg-options" && chosen(1).applies) {
      options = words(args[0]);
    } else if (name === "dg-additional-options" && chosen(1).applies) {
      more.push(...words(args[0]));
    } else if (name === "dg-additional-sources" && chosen(1).applies) {
      sources.push(...words(args[0]).map((file) => join(here, file)));
    } else if (name === "dg-require-effective-target") {
      if (!selector(`target ${args[0]}`, also).applies && chosen(1).applies) skipped ||= `needs ${args[0]}`;
    } else if (name === "dg-skip-if") {
      if (applies(args, flags, also)) skipped ||= args[0] || "dg-skip-if";
    } else if (name === "dg-shouldfail") {
      if (args.length < 2 || applies(args, flags, also)) shouldFail = true;
    } else if (name === "dg-xfail-run-if" || name === "dg-xfail-if") {
      if (applies(args, flags, also)) expectedFailure = true;
    } else if (name === "dg-set-target-env-var" && chosen(2).applies) {
      env[args[0]] = args[1];
    } else if (name === "dg-output" && chosen(1).applies && !chosen(1).xfail) {
      output += args[0];
    }
  }
  if (what !== "run") return null;
  if (skipped) return { skipped };
  const flags = [...given, ...options, ...more, "-I", join(root, "include"), "-I", join(root, "libgomp")];
  if (language === "c++") flags.unshift("-x", "c++");
  if (language === "fortran") flags.push("-foffload-options=-lgfortran");
  const stem = relative(join(root, "libgomp/testsuite"), source);
  return {
    test: {
      id: `${stem} ${language} ${level}`,
      folder,
      source,
      language,
      flags,
      sources,
      env,
      output,
      shouldFail,
      expectedFailure,
    },
  };
}

/**
 * The tests of a folder that offload, and how many of them are not for this machine.
 * @param {string} root where gcc-12's source lies
 */
export function testsOf(root, folder, { thorough, filter }) {
  const { languages, levels } = FOLDERS[folder];
  const base = join(root, "libgomp/testsuite", folder);
  const files = readdirSync(base, { recursive: true, encoding: "utf8" }).sort();
  const tests = [];
  const skipped = [];
  for (const language of thorough ? languages : languages.slice(0, 1)) {
    for (const level of thorough ? levels : levels.slice(0, 1)) {
      for (const file of files) {
        if (!EXTENSIONS[language].includes(extname(file)) || !filter.test(`${folder}/${file}`)) continue;
        const found = read(root, folder, join(base, file), language, level);
        if (!found) continue;
        if ("skipped" in found) skipped.push({ name: basename(file), why: found.skipped });
        else tests.push(found.test);
      }
    }
  }
  return { tests, skipped };
}
