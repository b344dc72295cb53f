/**
 * How a launch is divided: from what it asks for, what its kernel needs and what the device has, to the dispatch packet and the sizes of
 * what a kernel uses while it runs. A function keeps the shapes that it has been launched with.
 *
 * Source: plugin-gcn.c (parse_target_attributes, gcn_exec, run_kernel, create_kernel_dispatch) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { AgentFacts, KernelDispatch } from "../../hsa/index.js";
import { integer } from "../../validate.js";
import { divideGrid, type GridDivision, mustFit } from "../grid_division.js";
import type { LaunchAttributes, OpenaccDimensions } from "../plugin.js";
import { type GcnEnvironment, TEAM_ARENA_BYTES } from "./environment.js";
import type { KernelAbi } from "./kernel_abi.js";

/** What starts a kernel: it decides on team arenas, and whether the environment may change the division. */
export type LaunchKind = "openmp" | "openacc" | "constructor";

/** What a kernel is, as far as its division goes. */
export interface KernelNeeds {
  readonly name: string;
  readonly abi: KernelAbi;
  /** As the compiler counted them; 0 or less where it did not say. */
  readonly vgprs: number;
  /** OpenACC's static dimensions; 0: left open. */
  readonly dimensions: OpenaccDimensions;
  readonly kernelObject: number;
  readonly groupBytes: number;
  readonly privateBytes: number;
  /** Work-items in a workgroup, at most. */
  readonly maxWorkgroup: number;
  /** Whether LDS beyond the kernel's own is shared out between the teams of a compute unit (GCC 14). */
  readonly sharesLds: boolean;
}

export interface LaunchShape {
  readonly kind: LaunchKind;
  /** Without the kernel arguments' address. */
  readonly dispatch: KernelDispatch;
  /** Bytes of team arenas and of stacks that the kernel uses while it runs, arenas first. */
  readonly arenaBytes: number;
  readonly stackBytes: number;
  readonly arenaBytesPerTeam: number;
  readonly stackBytesPerThread: number;
}

/** A wavefront, which is one thread of OpenMP and one worker of OpenACC. */
const LANES = 64;
/** Wavefronts that a workgroup can have. */
const MOST_THREADS = 16;
const LDS_BYTES = 64 * 1024;
/** What libgomp's own device code uses of LDS, with room for one word behind it. */
const LEAST_LDS = 56;
/** gfx900 has trouble with more (plugin-gcn.c). */
const GFX900_THREADS = 4;

/** Vector registers of a SIMD, as one wavefront could have them. */
function vectorRegisters(agent: string): number {
  if (/^gfx(90a|942|950|1030|1036)/.test(agent)) return 512;
  if (/^gfx11/.test(agent)) return 768;
  return 256;
}

type Facts = Pick<AgentFacts, "name" | "computeUnits" | "workgroupMaxSize" | "gridMaxDim">;

/** Teams, wavefronts of a team. */
interface Teams {
  readonly teams: number;
  readonly threads: number;
}

/** The division of an OpenMP target region; null where nothing is to run. @throws OffloadError `ERR_OFFLOAD_GRID`, `ERR_OFFLOAD_WORKGROUP` */
export function openmpShape(
  kernel: KernelNeeds,
  attributes: LaunchAttributes,
  facts: Facts,
  environment: GcnEnvironment,
): LaunchShape | null {
  if (attributes.grid !== undefined) {
    const division = divideGrid(kernel.name, attributes.grid, attributes.workgroup);
    return division === null ? null : shape(kernel, "openmp", division, facts, environment);
  }
  const asked = attributes.teams === undefined ? 0 : integer("teams", attributes.teams, 0, 2 ** 31 - 1);
  if (attributes.teams === 0) return null;
  const limit = attributes.threads === undefined ? 0 : integer("threads", attributes.threads, 0, 2 ** 31 - 1);
  const units = facts.computeUnits || LANES;
  const fewest = facts.name.startsWith("gfx900") && limit === 0 && environment.threads === 0;
  const threads = limit || (fewest ? GFX900_THREADS : MOST_THREADS);
  // Since GCC 13 a device runs all its teams at once.
  const most = kernel.abi === "gcc-13" ? 2 * units : Number.POSITIVE_INFINITY;
  const teams = Math.min(asked || units, most);
  return teamShape(kernel, "openmp", { teams, threads: Math.min(threads, MOST_THREADS) }, facts, environment);
}

/** The division of an OpenACC region. The kernel's own dimensions win over the launch's. */
export function openaccShape(
  kernel: KernelNeeds,
  dimensions: OpenaccDimensions,
  facts: Facts,
  environment: GcnEnvironment,
): LaunchShape {
  const asked = dimensions.map((size, i) => integer(`dimensions[${i}]`, size, 0, 2 ** 31 - 1));
  let gangs = kernel.dimensions[0] || (asked[0] ?? 0);
  let workers = kernel.dimensions[1] || (asked[1] ?? 0);
  const units = facts.computeUnits || LANES;
  if (gangs === 0 && workers === 0) {
    gangs = units * 4;
    workers = 8;
  } else if (gangs === 0) {
    gangs = units * Math.max(1, Math.floor(32 / workers));
  } else if (workers === 0) {
    workers = Math.min(Math.max(1, Math.floor((units * 32) / gangs)), MOST_THREADS);
  }
  return teamShape(kernel, "openacc", { teams: gangs, threads: Math.min(workers, MOST_THREADS) }, facts, environment);
}

/** Constructors and destructors run on one wavefront, whatever the environment says. */
export const constructorShape = (kernel: KernelNeeds, facts: Facts, environment: GcnEnvironment): LaunchShape =>
  teamShape(kernel, "constructor", { teams: 1, threads: 1 }, facts, environment);

function teamShape(
  kernel: KernelNeeds,
  kind: LaunchKind,
  wanted: Teams,
  facts: Facts,
  environment: GcnEnvironment,
): LaunchShape {
  const own = kind === "constructor" ? { teams: 0, threads: 0 } : environment;
  const teams = own.teams || wanted.teams;
  const threads = Math.min(own.threads || atMost(wanted.threads, kernel, facts), MOST_THREADS);
  const division: GridDivision = { dimensions: 3, grid: [teams, LANES, threads], workgroup: [1, LANES, threads] };
  return shape(kernel, kind, division, facts, environment);
}

/** Fewer threads where the registers of a compute unit do not suffice for them all: they would wait for each other for ever. */
function atMost(threads: number, { vgprs }: KernelNeeds, { name }: Facts): number {
  if (vgprs <= 0) return threads;
  const most = Math.floor(vectorRegisters(name) / (Math.ceil(vgprs / 4) * 4)) * 4;
  return Math.max(1, Math.min(threads, most));
}

function shape(
  kernel: KernelNeeds,
  kind: LaunchKind,
  division: GridDivision,
  facts: Facts,
  environment: GcnEnvironment,
): LaunchShape {
  mustFit(kernel.name, division, facts, kernel.maxWorkgroup);
  const { dimensions, grid, workgroup } = division;
  const teams = Math.ceil(grid[0] / workgroup[0]);
  const threads = Math.ceil(grid[2] / workgroup[2]) * workgroup[2];
  const arenaBytesPerTeam =
    kind !== "openmp" || kernel.abi === "plain"
      ? 0
      : kernel.abi === "gcc-12"
        ? TEAM_ARENA_BYTES
        : environment.arenaBytes;
  const stackBytesPerThread = kernel.abi === "gcc-13" ? environment.stackBytes : 0;
  return {
    kind,
    dispatch: {
      dimensions,
      grid,
      workgroup,
      privateBytes: kernel.privateBytes,
      groupBytes: kernel.sharesLds ? sharedLds(kernel.groupBytes, teams, facts, environment) : kernel.groupBytes,
      kernelObject: kernel.kernelObject,
      kernargAddress: 0,
    },
    arenaBytes: arenaBytesPerTeam * teams,
    stackBytes: stackBytesPerThread * teams * threads,
    arenaBytesPerTeam,
    stackBytesPerThread,
  };
}

/** GCC 14's low-latency memory: what LDS the teams of a compute unit leave each other, and not less than the kernel's own. */
function sharedLds(own: number, teams: number, { computeUnits }: Facts, { ldsBytes }: GcnEnvironment): number {
  if (ldsBytes !== null) return Math.max(own, LEAST_LDS, Math.min(ldsBytes, LDS_BYTES));
  const together = Math.max(1, Math.floor(teams / (computeUnits || LANES)));
  return Math.max(own, Math.floor(LDS_BYTES / together), LEAST_LDS);
}
