/** lib/openacc against the real libgomp of GCC 12: random sequences of constructs and routines, at once and in a queue. */
import { expect, test } from "vitest";
import { libgomp, Ours } from "./executors.js";
import { KNOWN } from "./known.js";
import { type Sequence, textOf } from "./operation.js";
import { sequenceOf } from "./sequences.js";

/** DIFFERENTIAL_COUNT and DIFFERENTIAL_SEED execute others, and tell how many of them were what. */
const count = Number(process.env.DIFFERENTIAL_COUNT ?? 1000);
const first = Number(process.env.DIFFERENTIAL_SEED ?? 1);
const told = process.env.DIFFERENTIAL_COUNT !== undefined;

/** The first operation of which the two do not say the same; -1 for none. */
const differenceOf = ({ operations }: Sequence, real: readonly string[], ours: readonly string[]): number =>
  operations.findIndex((_, i) => outcome(ours[i]) !== real[i]);
/** Why we refuse is not libgomp's to say; but nothing may have changed. */
const outcome = (line: string | undefined) => (line?.startsWith("fatal ERR_") ? "fatal" : line);

test(
  "sequences of OpenACC operations do the same, here and in libgomp",
  async () => {
    const sequences = Array.from({ length: count }, (_, i) => sequenceOf(first + i));
    const known = new Map<string, number>(KNOWN.map(({ name }) => [name, 0]));
    const differences: string[] = [];
    let [executed, same, refused] = [0, 0, 0];
    for await (const theirs of libgomp(sequences)) {
      const sequence = sequences[executed++] as Sequence;
      const ours = await Ours.execute(sequence);
      const index = differenceOf(sequence, theirs, ours);
      if (index < 0) {
        if (theirs.at(-1) === "fatal") refused++;
        else same++;
        continue;
      }
      const upTo = <T>(list: readonly T[]): readonly T[] => list.slice(0, index + 1);
      const operations = upTo(sequence.operations);
      const name = KNOWN.find(({ shows }) => shows({ operations, real: upTo(theirs), ours: upTo(ours) }))?.name;
      if (name !== undefined) {
        known.set(name, (known.get(name) ?? 0) + 1);
        continue;
      }
      const lines = operations.map((operation, i) => `${textOf(operation)}\n    ${theirs[i]}`);
      differences.push([`seed ${sequence.seed}`, ...lines, `  ours: ${ours[index]}`].join("\n"));
    }
    if (told) console.log({ same, refused, known, differences: differences.length });
    expect(differences.slice(0, 3).join("\n\n")).toBe("");
    expect(executed).toBe(count);
    // The test would be worth little if all but a few sequences ended early.
    expect(same).toBeGreaterThan(0.4 * count);
    expect(refused).toBeGreaterThan(0.1 * count);
    if (told) return;
    // What libgomp does to memory of its own that it has freed may come out otherwise.
    for (const { name, certain } of KNOWN) if (certain) expect([name, known.get(name)]).not.toEqual([name, 0]);
  },
  120_000 + 200 * count,
);
