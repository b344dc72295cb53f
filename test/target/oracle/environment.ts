/** The environment of a process that runs the real libgomp. */
import { environment } from "../../../lib/cli/exec.js";

/**
 * It says nothing to libgomp or its plugin that the test does not know of. New memory of libgomp's is zero, as the device's is, also where
 * AddressSanitizer has it: what libgomp leaves without a value is the same in every run.
 */
export function oracleEnvironment(gpu: string, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(([name]) => !/^(OMP|GOMP|GOACC|ACC|GCN|HSA)_/.test(name));
  return environment(gpu, {
    ...Object.fromEntries(clean),
    ...more,
    GLIBC_TUNABLES: "glibc.malloc.perturb=255:glibc.malloc.tcache_count=0",
    ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ""}:malloc_fill_byte=0:max_malloc_fill_size=1073741824`,
  });
}
