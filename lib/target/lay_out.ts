/** Second step of mapping: the session's table, and a place for each new item in one block of the device's memory. */
import { alignUp } from "./align.js";
import { Coalescing } from "./coalescing.js";
import { type Construct, endOf } from "./construct.js";
import { POINTER_BYTES } from "./host_memory.js";
import { alignmentOf, copiesTo, isAttach, isStruct, kindOf, MAP } from "./map_kind.js";
import { MOST_PRIVATE_ALIGNMENT, MOST_PRIVATE_BYTES, privateBegin } from "./private_copies.js";

/** Of a table of one's own in a block. */
export const TABLE_ALIGNMENT = 32;

export function layOut(c: Construct): void {
  const { session } = c;
  const { count } = c.mapping;
  if (session !== null) {
    const fits = c.privateBytes <= MOST_PRIVATE_BYTES && c.privateAlignment <= MOST_PRIVATE_ALIGNMENT;
    const words = fits && c.privateBytes > 0 ? Math.ceil((privateBegin(count) + c.privateBytes) / 8) : count;
    c.table = c.device.plugin.sessionAllocateTargetVarTable?.(session, words) ?? null;
    c.privateInTable = fits && c.table !== null;
  }
  const ownTable = session !== null && c.table === null;
  if (c.privateInTable) placePrivate(c, privateBegin(count));
  if (c.newItems === 0 && !ownTable && (c.privateInTable || c.privateBytes === 0)) return;
  placeBlock(c, ownTable);
}

/** Private copies behind the words of the session's table. */
function placePrivate(c: Construct, from: number): void {
  let at = from;
  for (const i of c.pending) {
    const item = c.item(i);
    if (kindOf(item.kind) !== MAP.FIRSTPRIVATE) continue;
    at = alignUp(at, alignmentOf(item.kind));
    c.mapping.item(i).offset = at;
    at += item.size;
  }
}

function placeBlock(c: Construct, ownTable: boolean): void {
  const coalescing = new Coalescing();
  let alignment = ownTable ? TABLE_ALIGNMENT : POINTER_BYTES;
  let size = ownTable ? 8 * c.mapping.count : 0;
  if (ownTable) coalescing.announce(0, size);
  // Members of a struct that is being laid out, up to this index, and the offset that the struct's own address would have.
  let structEnd = -1;
  let structOffset = 0;
  for (const i of c.pending) {
    if (c.descriptors.has(i)) continue;
    const item = c.item(i);
    const mapped = c.mapping.item(i);
    const kind = kindOf(item.kind);
    if (isStruct(kind)) {
      const [start, end] = c.extent(i);
      const lowest = lowestMember(c, i);
      const align = alignmentOf(item.kind);
      alignment = Math.max(alignment, align);
      // Only from the first member on is there memory; the struct's own address is aligned all the same.
      structOffset = alignUp(size - (lowest - start), align) - start;
      size = structOffset + end;
      structEnd = i + item.size;
      continue;
    }
    if (i > structEnd) {
      if (
        isAttach(kind) ||
        kind === MAP.ALWAYS_POINTER ||
        kind === MAP.USE_DEVICE_PTR ||
        kind === MAP.USE_DEVICE_PTR_IF_PRESENT
      ) {
        continue;
      }
      if (kind === MAP.FIRSTPRIVATE && c.privateInTable) continue;
      const align = alignmentOf(item.kind);
      alignment = Math.max(alignment, align);
      size = alignUp(size, align);
      mapped.offset = size;
      size += endOf(item, kind) - item.address;
    } else {
      mapped.offset = structOffset + item.address;
    }
    if (copiesTo(kind)) coalescing.announce(mapped.offset, endOf(item, kind) - item.address);
  }
  coalescing.seal();
  c.mapping.block = c.device.allocate(Math.max(size, 1), alignment);
  if (c.copier.coalesces) c.coalescing = coalescing;
}

function lowestMember(c: Construct, i: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let member = i + 1; member <= i + c.item(i).size; member++) lowest = Math.min(lowest, c.item(member).address);
  return lowest;
}
