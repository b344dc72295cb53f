/** Both executors' observations of the same sequences, and where they first differ. */
import type { Executor, Run } from "./executor.js";
import { knownDifference } from "./known.js";
import { observations } from "./observation.js";
import { completed, type Sequence } from "./operation.js";

export interface Comparison {
  readonly run: Run;
  /** The operation that was refused, by both; else all were executed. */
  readonly refusedAt: number | null;
  readonly difference: Difference | null;
  /** Operations whose observations were the same. */
  readonly compared: number;
  readonly real: readonly string[];
  readonly ours: readonly string[];
  /** What libgomp and ours said of the last operation. */
  readonly outcomes: readonly [string, string];
}

export interface Difference {
  /** Why it is wanted; null where it is not. */
  readonly known: string | null;
  /** Of the operation. */
  readonly index: number;
  readonly real: string;
  readonly ours: string;
}

export const runOf = (sequence: Sequence): Run => ({ sequence, operations: completed(sequence.operations) });

/** Sequences at a time. */
const CHUNK = 100;

export async function* compare(
  real: Executor,
  ours: Executor,
  sequences: readonly Sequence[],
): AsyncGenerator<Comparison> {
  const runs = sequences.map(runOf);
  const theirs = real.run(runs)[Symbol.asyncIterator]();
  for (let at = 0; at < runs.length; at += CHUNK) {
    const chunk = runs.slice(at, at + CHUNK);
    let i = 0;
    for await (const trace of ours.run(chunk)) {
      const run = chunk[i++] as Run;
      const { value } = await theirs.next();
      if (value === undefined) throw new Error("libgomp executed fewer sequences");
      yield comparison(run, value, trace);
    }
  }
}

type Traced = Parameters<typeof observations>[2];

function comparison(run: Run, real: Traced, ours: Traced): Comparison {
  const theirs = observations(run.sequence, run.operations, real);
  const mine = observations(run.sequence, run.operations, ours);
  let difference: Difference | null = null;
  let refusedAt: number | null = null;
  let index = 0;
  for (; index < run.operations.length; index++) {
    const [a = "nothing", b = "nothing"] = [theirs[index], mine[index]];
    if (a !== b) {
      const known = knownDifference({ operations: run.operations, index, real, ours })?.name ?? null;
      difference = { known, index, real: a, ours: b };
      break;
    }
    if (a.startsWith("fatal")) {
      refusedAt = index;
      break;
    }
  }
  const outcomes = [real.steps[index]?.outcome ?? "", ours.steps[index]?.outcome ?? ""] as const;
  return { run, refusedAt, difference, compared: index, real: theirs, ours: mine, outcomes };
}
