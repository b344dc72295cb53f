/** The list of launch attributes as compiled code hands it over (gomp-constants.h), decoded. */
import { describe, expect, test } from "vitest";
import { readLaunchAttributes } from "../../lib/plugin/launch_attributes.js";

const GCN = 8;
const TEAMS = 0x100;
const THREADS = 0x200;
/** The value is the next word. */
const FOLLOWS = 0x80;
const inWord = (id: number, value: number): number => id + value * 2 ** 16;

test.each([
  ["values in their words", [inWord(TEAMS, 5), inWord(THREADS, 3)], { teams: 5, threads: 3 }],
  ["values in words of their own", [TEAMS | FOLLOWS, 70_000, THREADS | FOLLOWS, 9], { teams: 70_000, threads: 9 }],
  ["in any order", [inWord(THREADS, 2), TEAMS | FOLLOWS, 1], { teams: 1, threads: 2 }],
  ["the last of two", [inWord(TEAMS, 5), inWord(TEAMS, 6)], { teams: 6 }],
  ["0: left to the plugin", [inWord(TEAMS, 0), inWord(THREADS, 0)], {}],
  ["-2: one team, since GCC 13", [inWord(TEAMS, -2), inWord(THREADS, 0)], { teams: 1 }],
  ["-1 and what else is negative: teams are left to the plugin", [inWord(TEAMS, -1), THREADS | FOLLOWS, 0], {}],
  ["and of threads the region may want any number", [inWord(TEAMS, -1), inWord(THREADS, -1)], { threads: 2 ** 31 - 1 }],
  ["beyond an int: its largest", [TEAMS | FOLLOWS, 2 ** 40], { teams: 2 ** 31 - 1 }],
  ["another kind of device's", [inWord(TEAMS | 5, 9), THREADS | FOLLOWS | 7, 9, inWord(TEAMS, 2)], { teams: 2 }],
  ["an id that nobody knows", [inWord(0x300, 9), inWord(TEAMS, 2)], { teams: 2 }],
  ["nothing: one work-item", [], { grid: [1], workgroup: [1] }],
])("%s", (_, words, expected) => {
  expect(readLaunchAttributes(words, GCN)).toEqual(expected);
});

describe("kernel attributes", () => {
  const attributes = { grid: [128, 2], workgroup: [64, 1] };
  test.each([
    ["behind their id", [TEAMS | GCN, attributes]],
    ["and where the id says that they follow", [TEAMS | GCN | FOLLOWS, attributes]],
  ])("%s", (_, words) => {
    expect(readLaunchAttributes(words, GCN)).toEqual(attributes);
  });
  test.each([0, 4])("of %i dimensions are refused", (dimensions) => {
    const sizes = new Array<number>(dimensions).fill(1);
    expect(() => readLaunchAttributes([TEAMS | GCN, { grid: sizes, workgroup: sizes }], GCN)).toThrow(
      expect.objectContaining({ code: "ERR_OFFLOAD_GRID", message: expect.stringContaining(`${dimensions}`) }),
    );
  });
});

test.each([
  ["a value that is missing", [TEAMS | FOLLOWS]],
  ["attributes where a word is due", [{ grid: [1], workgroup: [1] }]],
  ["a word where attributes are due", [TEAMS | GCN, 5]],
])("%s: no list", (_, words) => {
  expect(() => readLaunchAttributes(words, GCN)).toThrow(expect.objectContaining({ code: "ERR_OFFLOAD_GRID" }));
});
