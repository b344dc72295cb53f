// Our session launches, as a target layer makes them whose variables are on the device already.
import { GcnPlugin } from "../../../dist/plugin/gcn/gcn_plugin.js";

const VARIABLE_BYTES = 64;
/** As cost.c has it. */
const TURNS = 150;
const TURN_NANOSECONDS = 1e6;
const WARM_UP_NANOSECONDS = 300e6;

/** One team of one thread. */
const SHAPE = { teams: 1, threads: 1 };

/** A plugin with the image loaded. */
export function openOwn(inhibited) {
  const { GCN_INHIBIT_KERNARGS_TVT_MERGE: _, ...environment } = process.env;
  return GcnPlugin.open({
    environment: inhibited ? { ...environment, GCN_INHIBIT_KERNARGS_TVT_MERGE: "1" } : environment,
  });
}

/** A store for each word of 32 bits. */
function fill(words, pairs) {
  for (let i = 0; i < pairs.length; i += 2) {
    words[i] = pairs[i];
    words[i + 1] = pairs[i + 1];
  }
}

/** A function that launches with a table of so many words. */
export function launcher(plugin, fn, count) {
  const session = plugin.newSession();
  const first = plugin.alloc(0, Math.max(1, count) * VARIABLE_BYTES);
  // What the look-up of the variables would answer: addresses, low half and high half.
  const pairs = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const address = first + i * VARIABLE_BYTES;
    pairs[2 * i] = address % 2 ** 32;
    pairs[2 * i + 1] = address / 2 ** 32;
  }

  if (count === 0) {
    return () => {
      plugin.sessionStart(session, 0);
      plugin.sessionSetTargetVarTable(session, null);
      plugin.run(session, fn, SHAPE);
    };
  }
  const words = new Uint32Array(2 * count);
  return () => {
    plugin.sessionStart(session, 0);
    const table = plugin.sessionAllocateTargetVarTable(session, count);
    if (table !== null) {
      fill(table.words, pairs);
      plugin.run(session, fn, SHAPE);
      return;
    }
    const address = plugin.alloc(0, words.byteLength);
    fill(words, pairs);
    plugin.host2dev(0, address, words);
    plugin.sessionSetTargetVarTable(session, address);
    plugin.run(session, fn, SHAPE);
    plugin.free(0, address);
  };
}

/** Nanoseconds. */
function repeat(launch, count) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) launch();
  return Number(process.hrtime.bigint() - start);
}

function launchesOfTurn(launch) {
  const start = process.hrtime.bigint();
  let least = Number.POSITIVE_INFINITY;
  do {
    least = Math.min(least, repeat(launch, 1));
  } while (Number(process.hrtime.bigint() - start) < WARM_UP_NANOSECONDS);
  return Math.max(1, Math.floor(TURN_NANOSECONDS / least));
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** What cost.c measures, by its rules; `clock` is what it found one reading of the clock to cost, in nanoseconds. */
export function cost(plugin, launch, clock) {
  const count = launchesOfTurn(launch);
  const total = [];
  const host = [];
  for (let i = 0; i < TURNS; i++) {
    total.push(repeat(launch, count) / count);
    plugin.measureWaits(true);
    const waited = plugin.stats().waitNanoseconds;
    const all = repeat(launch, count);
    host.push((all - (plugin.stats().waitNanoseconds - waited)) / count - clock);
    plugin.measureWaits(false);
  }
  const launches = 1000;
  const before = plugin.stats();
  repeat(launch, launches);
  const after = plugin.stats();
  const each = (name) => (after[name] - before[name]) / launches;
  return {
    total: median(total),
    host: median(host),
    allocations: each("allocations"),
    copies: each("copies"),
    signals: each("signalsCreated"),
    nativeCalls: each("nativeCalls"),
  };
}
