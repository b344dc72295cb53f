/** GCC's images: programs that gcc-12 compiles here, and programs put together in the layouts of later releases. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CodeObjectError,
  gccImages,
  parseCodeObject,
  selectCodeObject,
  validateCodeObject,
} from "../../lib/codeobject/index.js";
import { randomNumbers } from "./mutations.js";
import { run, scratchFile, testBundle, writeScratch } from "./toolchain.js";

const SOURCE = `
#pragma omp declare target
int table[7] = {1, 2, 3};
static double kept;
#pragma omp end declare target
int linked[5];
#pragma omp declare target link(linked)
int main(void) {
  int sum = 0;
  double values[100];
#pragma omp target map(tofrom: sum)
  { sum += table[2]; kept = sum; }
#pragma omp target teams distribute parallel for map(from: values)
  for (int i = 0; i < 100; i++) values[i] = i;
#pragma acc parallel loop num_gangs(7) num_workers(3) vector_length(64) copy(values)
  for (int i = 0; i < 100; i++) values[i] += 1;
  return sum != 3;
}
`;

function gcc(flags: readonly string[], target = "gfx906", source = SOURCE): Uint8Array {
  const program = scratchFile();
  const offload = `-foffload=amdgcn-amdhsa=-march=${target}`;
  run("gcc-12", ["-O1", "-fopenmp", offload, ...flags, writeScratch(source, ".c"), "-o", program]);
  return readFileSync(program);
}

const machine = (codeObject: Uint8Array): string => parseCodeObject(codeObject).target.split(":")[0] as string;

describe("programs of GCC 12", () => {
  let program: Uint8Array;
  beforeAll(() => {
    program = gcc([]);
  });

  test("image, kernels, variables and the host's functions", () => {
    const [image, ...more] = gccImages(program);
    expect(more).toEqual([]);
    expect(image).toMatchObject({ layout: "12", requires: 0, indirectFunctions: 0 });
    expect(image?.compiler).toMatch(/^12\./);
    expect(machine(image?.codeObject as Uint8Array)).toBe("gfx906");
    const names = image?.kernels.map(({ name }) => name);
    expect(names?.slice(0, 2)).toEqual(["_init_array", "_fini_array"]);
    expect(new Set(names?.slice(2))).toEqual(new Set(["main._omp_fn.0", "main._omp_fn.1"]));
    expect(image?.hostFunctions).toEqual(names?.slice(2));
    for (const { sgprs, vgprs } of image?.kernels.slice(2) ?? []) {
      expect(sgprs).toBeGreaterThan(0);
      expect(vgprs).toBeGreaterThan(0);
    }
    const variables = new Map(image?.variables.map((variable) => [variable.name, variable]));
    expect(variables.get("table")).toMatchObject({ size: 28, link: false });
    expect(variables.get("linked")).toMatchObject({ size: 20, link: true });
    expect(variables.get("kept")).toMatchObject({ size: 8, link: false });
  });

  test("a stripped program lacks names of the host only", () => {
    const path = writeScratch(program);
    run("strip", [path]);
    const [image] = gccImages(readFileSync(path));
    const [whole] = gccImages(program);
    expect(image?.kernels).toEqual(whole?.kernels);
    expect(image?.codeObject).toEqual(whole?.codeObject);
    expect(image?.variables).toEqual(whole?.variables.map((variable) => ({ ...variable, name: null })));
    expect(image?.hostFunctions).toEqual([null, null]);
  });

  test.each([
    ["linked to fixed addresses", ["-no-pie"]],
    ["a shared object", ["-shared", "-fPIC"]],
  ])("%s", (_, flags) => {
    const [image] = gccImages(gcc(flags));
    const [pie] = gccImages(program);
    expect(image?.kernels).toEqual(pie?.kernels);
    expect(image?.hostFunctions).toEqual(pie?.hostFunctions);
    expect(image?.variables.map(({ name, size, link }) => [name, size, link])).toEqual(
      pie?.variables.map(({ name, size, link }) => [name, size, link]),
    );
  });

  // A vector's 64 lanes are the wave's own: the compiler notes a length of 1.
  test("OpenACC's static dimensions", () => {
    const [image] = gccImages(gcc(["-fno-openmp", "-fopenacc"], "gfx900"));
    expect(image?.kernels.slice(2).map(({ dimensions }) => dimensions)).toEqual([[7, 3, 1]]);
    expect(machine(image?.codeObject as Uint8Array)).toBe("gfx900");
  });

  // The linker puts the empty table behind the last segment, a page on.
  test("OpenACC without variables: an image for the loader, though its table of them lies nowhere", () => {
    const source = "int main(void) { int v = 0;\n#pragma acc parallel copy(v)\n v = 1;\n return v; }";
    const [image] = gccImages(gcc(["-fno-openmp", "-fopenacc"], "gfx906", source));
    expect(image?.variables).toEqual([]);
    const bytes = image?.codeObject as Uint8Array;
    expect(validateCodeObject(bytes, "amdgcn-amd-amdhsa--gfx906").kernels.map(({ name }) => name)).toContain(
      "main._omp_fn.0",
    );
    const [, table = "", end = ""] =
      /\[ *\d+\] \.gnu\.offload_vars +PROGBITS +(\w+) .*\n(?:.*\n)* +LOAD +\w+ (\w+) .*\n +DYNAMIC/.exec(
        run("llvm-readelf-19", ["-SlW", writeScratch(bytes)]),
      ) ?? [];
    expect(Number.parseInt(table, 16)).toBeGreaterThan(Number.parseInt(end, 16) + 4096 - 1);
  });

  test("an object file that was not linked holds no GPU code yet, and says so", () => {
    expect(() => gccImages(gcc(["-c"]))).toThrow(
      expect.objectContaining({
        code: "ERR_CODE_OBJECT_UNSUPPORTED",
        message: expect.stringContaining("link it first"),
      }),
    );
  });

  test("programs without images have none", () => {
    expect(gccImages(readFileSync("/bin/true"))).toEqual([]);
    expect(gccImages(selectCodeObject(readFileSync(testBundle), "amdgcn-amd-amdhsa--gfx906"))).toEqual([]);
  });

  test("damage ends in a CodeObjectError or in fewer images, never in anything else", () => {
    const random = randomNumbers(7);
    const [image] = gccImages(program);
    // Where the code object lies, the damage would only be in the code.
    const code = Buffer.from(program).indexOf(Buffer.from(image?.codeObject.subarray(0, 64) as Uint8Array));
    const end = code + (image?.codeObject.length ?? 0);
    for (let i = 0; i < 40; i++) {
      const damaged = Uint8Array.from(program);
      for (let flips = 1 + random(6); flips > 0; flips--) {
        const at = random(damaged.length - (end - code) + 64);
        damaged[at < code + 64 ? at : at + end - code - 64] = random(256);
      }
      const cut = random(4) === 0 ? damaged.subarray(0, random(damaged.length)) : damaged;
      try {
        for (const found of gccImages(cut)) expect(found.codeObject.length).toBeLessThanOrEqual(cut.length);
      } catch (error) {
        expect(error).toBeInstanceOf(CodeObjectError);
      }
    }
  });
});

/** A shared object, or an object file, with registration data as mkoffload of a release writes it. */
function madeProgram(compiler: string, registration: string, flags = ["-shared", "-nostdlib"]): Uint8Array {
  const comment = writeScratch(`GCC: (GNU) ${compiler}\0`);
  const plain = writeScratch(selectCodeObject(readFileSync(testBundle), "amdgcn-amd-amdhsa--gfx906"));
  const code = scratchFile();
  run("llvm-objcopy-19", ["--remove-section=.comment", `--add-section=.comment=${comment}`, plain, code]);
  const source = writeScratch(
    `
  .data
  .balign 8
code: .incbin "${code}"
code_end:
names: .asciz "_init_array"
second: .asciz "main._omp_fn.0"
host: .byte 0xc3
variable: .quad 5
  .balign 8
image: .quad code_end - code, code
kernels:
  .quad names
  .long 0, 0, 0, 20, 8, 0
  .quad second
  .long 0, 0, 64, 40, 16, 0
functions: .quad host
functions_end:
variables: .quad variable, 8
variables_end:
  .globl __OFFLOAD_TABLE__
__OFFLOAD_TABLE__: .quad functions, functions_end, variables, variables_end, indirect, indirect_end
indirect: .quad host
indirect_end:
  .balign 8
data: ${registration}
`,
    ".s",
  );
  const program = scratchFile();
  run("gcc-12", [...flags, source, "-o", program]);
  return readFileSync(program);
}

describe("layouts of later releases", () => {
  test("GCC 13: requires comes first", () => {
    const [image] = gccImages(madeProgram("13.2.0", ".quad 0x10, image\n.long 2, 0\n.quad kernels\n.long 1, 0"));
    expect(image).toMatchObject({ layout: "13", compiler: "13.2.0", requires: 16, indirectFunctions: 0 });
    expect(image?.kernels).toEqual([
      { name: "_init_array", dimensions: [0, 0, 0], sgprs: 20, vgprs: 8 },
      { name: "main._omp_fn.0", dimensions: [0, 0, 64], sgprs: 40, vgprs: 16 },
    ]);
    expect(image?.hostFunctions).toEqual(["host"]);
    expect(image?.variables).toMatchObject([{ name: "variable", size: 8, link: false }]);
  });

  test("an object file that has an image in it, as mkoffload leaves it for the linker", () => {
    const registration = ".quad image\n.long 2, 0\n.quad kernels\n.long 1, 0";
    const [linked] = gccImages(madeProgram("12.2.0", registration));
    const [object, ...more] = gccImages(madeProgram("12.2.0", registration, ["-c"]));
    expect(more).toEqual([]);
    expect(object?.kernels.map(({ name }) => name)).toEqual(["_init_array", "main._omp_fn.0"]);
    const told = (image: typeof linked): unknown => ({
      ...image,
      variables: image?.variables.map(({ name, size, link }) => [name, size, link]),
    });
    expect(told(object)).toEqual(told(linked));
  });

  test.each(["14.2.0", "16.1.0", "17.0.0"])("GCC %s: indirect functions are counted before variables", (compiler) => {
    const [image] = gccImages(madeProgram(compiler, ".quad 4, image\n.long 2, 0\n.quad kernels\n.long 1, 1"));
    expect(image).toMatchObject({ layout: "14", compiler, requires: 4, indirectFunctions: 1 });
    expect(image?.variables).toMatchObject([{ name: "variable", size: 8 }]);
  });
});
