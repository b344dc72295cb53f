import { expect, test } from "vitest";
import { chooseDevice, locate, type Machine, runtimeLibraries, thunkFolder } from "../../lib/hsa/locate.js";

function machineWith(facts: {
  env?: Record<string, string>;
  files?: readonly string[];
  kfd?: string | null;
  withoutThunk?: readonly string[];
}): Machine {
  const { env = {}, files = [], kfd = "ENOENT", withoutThunk = [] } = facts;
  return {
    env,
    exists: (path) => files.includes(path) || path.startsWith(thunkFolder),
    list: (folder) => [
      ...new Set(
        files
          .filter((file) => file.startsWith(`${folder}/`))
          .map((file) => file.slice(folder.length + 1).split("/")[0] ?? ""),
      ),
    ],
    whyNotUsable: () => kfd,
    contains: (path) => !withoutThunk.includes(path),
  };
}
const codeOf = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test("auto takes hardware where /dev/kfd opens, and software where it does not, and says why", () => {
  expect(chooseDevice(undefined, machineWith({ kfd: null }))).toEqual({
    device: "hardware",
    config: null,
    reason: "/dev/kfd can be opened for reading and writing",
  });
  expect(chooseDevice("auto", machineWith({}))).toMatchObject({ device: "software", config: "gfx906" });
  expect(chooseDevice("", machineWith({})).reason).toContain("does not exist");
  expect(chooseDevice(undefined, machineWith({ kfd: "EACCES" })).reason).toContain("group render");
});

test("hardware is not replaced by software", () => {
  expect(chooseDevice("hardware", machineWith({ kfd: null })).device).toBe("hardware");
  expect(codeOf(() => chooseDevice("hardware", machineWith({})))).toBe("ERR_HSA_NO_HARDWARE");
});

test("software is taken even where there is hardware, with its configuration", () => {
  const machine = machineWith({ kfd: null });
  expect(chooseDevice("software", machine)).toMatchObject({ device: "software", config: "gfx906" });
  expect(chooseDevice("software:gfx90a*2", machine).config).toBe("gfx90a*2");
  expect(chooseDevice("software:gfx900,gfx906*3", machine).config).toBe("gfx900,gfx906*3");
});

test.each([
  "sofware",
  "gpu",
  "software:",
  "software:gfx906*0",
  "software:906",
  "auto:gfx906",
  "hardware:0",
  "software:gfx906;rm",
])("GCN_OFFLOAD_DEVICE=%s is refused", (setting) => {
  expect(codeOf(() => chooseDevice(setting, machineWith({})))).toBe("ERR_HSA_DEVICE_SETTING");
});

test("a misspelled device names the near one", () => {
  expect(() => chooseDevice("sofware", machineWith({}))).toThrow(/did you mean "software"/);
});

test("HSA_RUNTIME_LIB stands alone", () => {
  const machine = machineWith({
    env: { HSA_RUNTIME_LIB: "/x/rocr.so", ROCM_PATH: "/r" },
    files: ["/r/lib/libhsa-runtime64.so.1"],
  });
  expect(runtimeLibraries("hardware", machine)).toEqual(["/x/rocr.so"]);
});

test("ROCM_PATH comes first, then /opt/rocm, then the releases from the newest on, then the loader", () => {
  const library = (folder: string): string => `${folder}/lib/libhsa-runtime64.so.1`;
  const files = ["/r", "/opt/rocm", "/opt/rocm-5.7.1", "/opt/rocm-6.10.0", "/opt/rocm-6.2.0", "/opt/rocm/core-7.0"].map(
    library,
  );
  expect(runtimeLibraries("hardware", machineWith({ env: { ROCM_PATH: "/r" }, files }))).toEqual([
    library("/r"),
    library("/opt/rocm"),
    library("/opt/rocm/core-7.0"),
    library("/opt/rocm-6.10.0"),
    library("/opt/rocm-6.2.0"),
    library("/opt/rocm-5.7.1"),
    "libhsa-runtime64.so.1",
  ]);
});

test("under the software GPU a runtime with the thunk linked in is passed over", () => {
  const files = ["/opt/rocm-6.4.0/lib/libhsa-runtime64.so.1", "/opt/rocm-6.1.0/lib/libhsa-runtime64.so.1"];
  const machine = machineWith({ files, withoutThunk: [files[0] as string] });
  expect(runtimeLibraries("software", machine)).toEqual([files[1], "libhsa-runtime64.so.1"]);
  expect(runtimeLibraries("hardware", machine)).toEqual([...files, "libhsa-runtime64.so.1"]);
});

test("a library that is named and is not there is told before anything is loaded", () => {
  expect(() => locate({ library: "/nowhere/librocr.so" }, machineWith({}))).toThrow(
    /\/nowhere\/librocr\.so.*apt-get install libhsa-runtime64-1/s,
  );
  expect(codeOf(() => locate({}, machineWith({ env: { HSA_RUNTIME_LIB: "/no.so" } })))).toBe(
    "ERR_HSA_LIBRARY_NOT_FOUND",
  );
});

test("the software GPU lies in the package", () => {
  const { choice, options } = locate({}, machineWith({ env: { GCN_OFFLOAD_DEVICE: "software:gfx900" } }));
  expect(choice.config).toBe("gfx900");
  expect(options.thunk).toEqual({ library: `${thunkFolder}/libhsakmt.so.1`, config: "gfx900" });
});

test("a software GPU that has not been built says how to build it", () => {
  const machine = { ...machineWith({}), exists: () => false };
  expect(() => locate({}, machine)).toThrow(/npm rebuild gcn-offload/);
});
