/**
 * Mapping the items of a construct (gomp_map_vars): what is present gets one more reference, the rest is put into one new block on the
 * device, and a target region's items become the words of its table.
 *
 * Three steps: `classify` looks everything up; `layOut` gives each new item its place; `insert` enters it into the memory table and copies.
 * A construct that is refused on the way leaves the memory table as it was.
 *
 * Source: target.c (gomp_map_vars_internal, gomp_map_vars_existing, gomp_map_fields_existing, gomp_map_val) of GCC 12 to 17.
 *
 * @packageDocumentation
 */
import type { Session } from "../plugin/index.js";
import { undoAttach } from "./attach.js";
import { classify } from "./classify.js";
import { Construct } from "./construct.js";
import type { Copier } from "./copier.js";
import { insert } from "./insert.js";
import { layOut } from "./lay_out.js";
import type { MapItem } from "./map_item.js";
import type { DeviceBlock } from "./mapped_range.js";
import type { MappedItem, Mapping } from "./mapping.js";
import { setWord } from "./table_words.js";
import type { TargetDevice } from "./target_device.js";

/** What maps: `enter` leaves no reference of its own to what it allocates. */
export type Purpose = "target" | "data" | "enter";

/**
 * @param serial - the construct's number, from `TargetDevice.nextSerial`; 0 counts every item (OpenACC).
 * @param session - a target region's: it gets its table.
 * @param copier - takes the bytes to the device. The table of the device's memory changes at once in any case.
 * @throws OffloadError `ERR_OFFLOAD_OVERLAP`, `ERR_OFFLOAD_NOT_MAPPED`, `ERR_OFFLOAD_ATTACH`, `ERR_OFFLOAD_MAP_KIND`,
 *   `ERR_OFFLOAD_HOST_MEMORY`, `ERR_OFFLOAD_OUT_OF_MEMORY`. Nothing has been mapped then.
 */
export function mapVars(
  device: TargetDevice,
  items: readonly MapItem[],
  purpose: Purpose,
  serial: number,
  session: Session | null = null,
  copier: Copier = device,
): Mapping {
  const mapping = device.takeMapping(items.length, serial);
  if (items.length === 0) {
    if (session !== null) device.plugin.sessionSetTargetVarTable(session, null);
    return mapping;
  }
  const construct = new Construct(device, items, mapping, session, copier);
  try {
    classify(construct);
    layOut(construct);
    insert(construct);
    fillTable(construct);
  } catch (error) {
    undo(construct);
    throw error;
  }
  if (purpose === "enter" && mapping.block !== null) {
    copier.releaseBlock(mapping.block);
    mapping.block = null;
  }
  return mapping;
}

/** Takes back what `mapVars` did, as far as the memory table goes. */
export function unmapRefused(
  device: TargetDevice,
  items: readonly MapItem[],
  mapping: Mapping,
  copier: Copier = device,
): void {
  undo(new Construct(device, items, mapping, null, copier));
}

function fillTable(c: Construct): void {
  const session = c.session;
  const { block, count } = c.mapping;
  if (session !== null) {
    const words = c.table?.words ?? new Uint32Array(2 * count);
    for (let i = 0; i < count; i++) {
      setWord(words, i, c.mapping.value(c.items, i));
    }
    if (c.table === null && block !== null) {
      c.write(block.start, new Uint8Array(words.buffer, 0, 8 * count));
    }
  }
  c.coalescing?.flush((offset, bytes) => c.copier.copyTo((block as DeviceBlock).start + offset, bytes));
  if (session !== null && c.table === null && block !== null) {
    c.device.plugin.sessionSetTargetVarTable(session, block.start);
  }
}

function undo(c: Construct): void {
  const device = c.device;
  const copier = c.copier;
  const { block, count, items } = c.mapping;
  copier.refuse();
  for (let i = count - 1; i >= 0; i--) {
    const mapped = items[i] as MappedItem;
    const { range } = mapped;
    if (range === null || !range.alive) continue;
    if (mapped.isAttach) undoAttach(copier, range, range.start + mapped.offset);
    if (!mapped.counted) continue;
    // What nobody else holds has been made here.
    if (--range.count.value === 0) device.removeRange(range, copier);
  }
  if (block !== null) copier.releaseBlock(block);
  c.mapping.block = null;
  device.giveMapping(c.mapping);
}
