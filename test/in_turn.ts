/** For concurrent tests whose work is done by processes. */
import { availableParallelism } from "node:os";

const waiting: (() => void)[] = [];
let free = availableParallelism();

/** As many at a time as there are processors: the rest waits here, so that no process's time runs out in a crowd. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free--;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free++;
  }
}
