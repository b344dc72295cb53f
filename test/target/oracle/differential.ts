/** Many random sequences, by libgomp and by lib/target, and what came of it. */
import fc from "fast-check";
import { type Comparison, compare } from "./compare.js";
import type { Executor } from "./executor.js";
import { minimise } from "./minimise.js";
import { type Sequence, textOf } from "./operation.js";
import { sequences } from "./sequences.js";

export interface Summary {
  sequences: number;
  operations: number;
  /** Sequences that both executed to their end. */
  legal: number;
  /** Sequences that both refused, at the same operation. */
  refused: number;
  /** Wanted differences, by name. */
  readonly known: Map<string, number>;
  /** Differences that were not there any more when the sequence was executed by itself: what one before it had done to libgomp's heap. */
  unconfirmed: number;
  /** The others, each with a sequence that is as short as may be. */
  readonly differences: string[];
}

export interface DifferentialOptions {
  readonly real: Executor;
  readonly ours: Executor;
  readonly count: number;
  readonly seed: number;
  /** So many differences are made short; 3 by default. */
  readonly examples?: number;
  readonly onProgress?: (summary: Summary) => void;
}

/** Sequences that are generated at a time. */
const CHUNK = 500;

export async function differential(options: DifferentialOptions): Promise<Summary> {
  const { real, ours, count, seed, examples = 3, onProgress } = options;
  const summary: Summary = {
    sequences: 0,
    operations: 0,
    legal: 0,
    refused: 0,
    known: new Map(),
    unconfirmed: 0,
    differences: [],
  };
  for (let done = 0; done < count; done += CHUNK) {
    const chunk = fc.sample(sequences, { numRuns: Math.min(CHUNK, count - done), seed: seed + done });
    const suspicious: Sequence[] = [];
    for await (const each of compare(real, ours, chunk)) {
      summary.sequences++;
      summary.operations += each.compared;
      const { difference } = each;
      if (difference === null) each.refusedAt === null ? summary.legal++ : summary.refused++;
      else if (difference.known === null) suspicious.push(each.run.sequence);
      else summary.known.set(difference.known, (summary.known.get(difference.known) ?? 0) + 1);
    }
    for (const sequence of suspicious) {
      if (!isDifferent(await alone(options, sequence))) summary.unconfirmed++;
      else if (summary.differences.length >= examples) summary.differences.push("another");
      else summary.differences.push(await example(options, sequence));
    }
    onProgress?.(summary);
  }
  return summary;
}

const isDifferent = ({ difference }: Comparison): boolean => difference?.known === null;

/** In a process of libgomp's own. */
async function alone({ real, ours }: DifferentialOptions, sequence: Sequence): Promise<Comparison> {
  for await (const only of compare(real, ours, [sequence])) return only;
  throw new Error("a sequence was not executed");
}

async function example(options: DifferentialOptions, sequence: Sequence): Promise<string> {
  const { real, ours } = options;
  const shortest = await minimise(sequence, async (candidates) => {
    const shows: boolean[] = [];
    for await (const each of compare(real, ours, candidates)) shows.push(isDifferent(each));
    return shows;
  });
  const confirmed = await alone(options, shortest);
  return describeDifference(isDifferent(confirmed) ? confirmed : await alone(options, sequence));
}

/** The sequence as the oracle reads it, with what was seen of each operation, and then of the last by both. */
export function describeDifference({ run, difference, real, outcomes }: Comparison): string {
  if (difference === null) return "no difference";
  const lines = [`s 0 ${run.sequence.seed}`];
  for (let i = 0; i <= difference.index; i++) {
    const operation = run.operations[i];
    if (operation !== undefined) lines.push(textOf(operation) + (i < difference.index ? `\n    ${real[i]}` : ""));
  }
  lines.push(`  libgomp: ${difference.real.startsWith("fatal") ? outcomes[0] : difference.real}`);
  lines.push(`  ours:    ${difference.ours.startsWith("fatal") ? outcomes[1] : difference.ours}`);
  return lines.join("\n");
}

export function describeSummary(summary: Summary): string {
  const { known, differences } = summary;
  const wanted = [...known].sort(([, a], [, b]) => b - a).map(([name, count]) => `  ${name}: ${count}`);
  return [
    `${summary.sequences} sequences, ${summary.operations} operations compared`,
    `legal, and the same: ${summary.legal}`,
    `refused by both at the same operation: ${summary.refused}`,
    `wanted differences: ${[...known.values()].reduce((sum, count) => sum + count, 0)}`,
    ...wanted,
    `not there again in a new process: ${summary.unconfirmed}`,
    `differences: ${differences.length}`,
    ...differences.map((text) => `\n${text}`),
  ].join("\n");
}
