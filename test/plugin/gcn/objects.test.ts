/** Constructors and destructors on the device, and variables that host and device know by name. */
import { beforeEach, describe, expect, test } from "vitest";
import type { OffloadPlugin } from "../../../lib/plugin/index.js";
import { testBut } from "../under-test.js";
import { type Image, openTestedLab, targets } from "./fixture.js";

const lab = openTestedLab();

const variable = (image: Image<OffloadPlugin>, name: string): { readonly address: number; readonly size: number } => {
  const found = image.module.variables.filter((each) => each.name === name);
  expect(found).toHaveLength(1);
  return found[0] as (typeof found)[0];
};

describe.each(targets)("objects of %s", (target) => {
  let objects: Image<OffloadPlugin>;
  beforeEach(async () => {
    objects = await lab.load("objects.cpp", target);
    lab.printed?.();
    return () => {
      try {
        objects.unload();
      } catch (error) {
        // The test has done so.
        expect(error).toMatchObject({ code: "ERR_OFFLOAD_IMAGE" });
      }
    };
  });

  test("constructors have run when an image is loaded, in the source's order", () => {
    const seen = new Int32Array(6);
    objects.run("read_objects", { seen });
    expect([...seen]).toEqual([70, 140, 210, 123, 420, 70]);
  });

  testBut(
    "output",
    "destructors run when it is unloaded, in the reverse order, on what kernels have made of the objects",
    () => {
      objects.run("read_objects", { seen: new Int32Array(6) });
      expect(lab.printed?.()).toBe("");
      objects.unload();
      expect(lab.printed?.()).toBe("third ends with 210\nsecond ends with 1140\nfirst ends with 70\n");
    },
  );

  test("the device's own number has a variable only where a region asks for it", () => {
    expect(objects.module.icvs).toBeNull();
  });

  testBut("many images", "variables of the same name in two images are two variables", async () => {
    const regions = await lab.load("regions.c", target);
    const seen = new Int32Array(6);
    objects.run("read_objects", { seen });
    const link = objects.plugin.alloc(objects.device, 64);
    objects.plugin.host2dev(objects.device, variable(regions, "linked").address, BigUint64Array.of(BigInt(link)));
    const before = new Float64Array(4);
    regions.run("use_variables", { before, linked: BigInt(link) });
    objects.run("read_objects", { seen });
    expect([seen[5], before[0], before[1]]).toEqual([71, 5, 4]);
    objects.plugin.free(objects.device, link);
    regions.unload();
    objects.run("read_objects", { seen });
    expect(seen[5]).toBe(72);
  });

  testBut("many images", "the same image twice: each has its own variables, objects and end", async () => {
    const again = await lab.load("objects.cpp", target);
    const [one, other] = [new Int32Array(6), new Int32Array(6)];
    for (let i = 0; i < 3; i++) objects.run("read_objects", { seen: one });
    again.run("read_objects", { seen: other });
    expect([one[1], one[5], other[1], other[5]]).toEqual([2140, 72, 140, 70]);
    objects.unload();
    expect(lab.printed?.()).toContain("second ends with 3140\n");
    again.run("read_objects", { seen: other });
    expect([other[1], other[5]]).toEqual([1140, 71]);
    again.unload();
    expect(lab.printed?.()).toContain("second ends with 2140\n");
  });

  test("what is unloaded is refused", () => {
    objects.unload();
    expect(() => objects.unload()).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_IMAGE" }));
    expect(() => objects.run("read_objects", { seen: new Int32Array(6) })).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_DISPOSED" }),
    );
    expect(lab.plugin.stats().sessions).toBe(0);
  });
});

describe.each(targets)("variables of %s", (target) => {
  let regions: Image<OffloadPlugin>;
  beforeEach(async () => {
    regions = await lab.load("regions.c", target);
    return () => regions.unload();
  });

  test("variables by name, with their sizes, read and written from the host", () => {
    const { plugin, device } = regions;
    const [counter, weights] = [variable(regions, "counter"), variable(regions, "weights")];
    expect([counter.size, weights.size, variable(regions, "hidden").size]).toEqual([4, 64, 6]);
    const read = <T extends Int32Array | Float64Array>(into: T, address: number): T => {
      plugin.dev2host(device, into, address);
      return into;
    };
    expect(read(new Int32Array(1), counter.address)[0]).toBe(5);
    expect([...read(new Float64Array(8), weights.address)]).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4]);
    plugin.host2dev(device, counter.address, Int32Array.of(40));
    plugin.host2dev(device, weights.address + 56, Float64Array.of(0.125));
    // What `declare target link` leaves on the device is a pointer, which the runtime fills when it maps the variable.
    const link = variable(regions, "linked");
    const array = Int32Array.from({ length: 16 }, (_, i) => 10 * i);
    const mapped = plugin.alloc(device, 64);
    plugin.host2dev(device, mapped, array);
    plugin.host2dev(device, link.address, BigUint64Array.of(BigInt(mapped)));

    const before = new Float64Array(4);
    regions.run("use_variables", { before, linked: BigInt(mapped) });
    expect([...before]).toEqual([40, 0.125, 9, 30]);
    expect(read(new Int32Array(1), counter.address)[0]).toBe(140);
    expect(read(new Float64Array(8), weights.address)[0]).toBe(-140);
    expect(read(new Int32Array(16), mapped)[3]).toBe(4711);
    plugin.free(device, mapped);
  });

  test("the device's own number is what the runtime writes for it", () => {
    const { plugin, device } = regions;
    const { icvs } = regions.module;
    expect(icvs).toMatchObject({ name: "__gomp_device_num", size: 4 });
    plugin.host2dev(device, icvs?.address ?? 0, Int32Array.of(40 + device));
    const seen = new Int32Array(1);
    regions.run("which_device", { seen });
    expect(seen[0]).toBe(40 + device);
  });

  test("a link variable has its own size, and a mark", () => {
    const told = regions.module.variables.map(({ name, size, link }) => [name, size, link]);
    expect(told).toContainEqual(["linked", 64, true]);
    expect(told).toContainEqual(["hidden", 6, false]);
  });

  testBut("other variables", "a code object alone tells of its variables, too", () => {
    const told = regions.module.variables.map(({ size, link }) => [size, link]);
    // The code object alone has the table, and the device's own names: of a link, those of its pointer.
    const bare = regions.plugin.loadImage(regions.device, regions.program.image.codeObject);
    expect(bare.variables.map(({ size, link }) => [size, link])).toEqual(told);
    expect(bare.variables.map(({ name }) => name)).toEqual(expect.arrayContaining(["counter", "weights"]));
    regions.plugin.unloadImage(bare);
  });
});
