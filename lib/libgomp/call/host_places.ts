/** Host memory as calls name it. */
import { extent, type Mappable } from "../../target/map.js";
import { type Depend, placesOf } from "../../target/tasks.js";
import type { HostPlace, Pointer, Section } from "./driver.js";

/** @throws OffloadError `ERR_OFFLOAD_HOST_MEMORY` for memory that has no address, or that may lose it. */
export function sectionOf(memory: Mappable): Section {
  const { owner, address, size } = extent(memory);
  return { owner, address, bytes: size };
}

export const placeOf = (memory: Mappable): HostPlace => {
  const { owner, address } = sectionOf(memory);
  return { owner, address };
};

/**
 * Dependences as compiled code has them: how many, how many of them are written, and their places, those first. Source: target.c, task.c
 * (gomp_task_handle_depend) of GCC 12 to 17.
 *
 * @param others - written places beside these.
 * @returns null for none.
 */
export function dependList(depend: Depend = {}, others: readonly HostPlace[] = []): readonly Pointer[] | null {
  const places = placesOf(depend);
  const written = [...others, ...places.written.map(placeOf)];
  const read = places.read.map(placeOf);
  const count = written.length + read.length;
  return count === 0 ? null : [count, written.length, ...written, ...read];
}
