/**
 * Small copies to one block that lie near each other, put together into one. Pieces are announced first, in the order of their places;
 * then they are written, and what falls into a chunk waits in a buffer until the chunks are copied.
 *
 * Source: target.c (struct gomp_coalesce_buf, gomp_coalesce_buf_add) of GCC 12 to 17, with its bounds.
 *
 * @packageDocumentation
 */

/** Larger pieces are copied by themselves. */
const MOST_PIECE = 32 * 1024;
/** Between two pieces of a chunk. What lies in the gap is new memory, whose bytes are nobody's yet. */
const MOST_GAP = 4 * 1024;

interface Chunk {
  readonly start: number;
  end: number;
  pieces: number;
  buffer: Uint8Array | null;
}

export class Coalescing {
  readonly #chunks: Chunk[] = [];
  #inOrder = true;

  /** A piece that will be written, at an offset in the block. */
  announce(offset: number, bytes: number): void {
    if (bytes === 0 || bytes > MOST_PIECE || !this.#inOrder) return;
    const last = this.#chunks[this.#chunks.length - 1];
    if (last !== undefined && offset < last.end) {
      this.#inOrder = false;
    } else if (last !== undefined && offset < last.end + MOST_GAP) {
      last.end = offset + bytes;
      last.pieces++;
    } else {
      // A chunk of one piece would be one copy anyway.
      if (last?.pieces === 1) this.#chunks.pop();
      this.#chunks.push({ start: offset, end: offset + bytes, pieces: 1, buffer: null });
    }
  }

  /** No more pieces are announced. */
  seal(): void {
    if (!this.#inOrder) this.#chunks.length = 0;
    if (this.#chunks[this.#chunks.length - 1]?.pieces === 1) this.#chunks.pop();
  }

  /** Whether the piece has been taken; else it is copied by itself. */
  write(offset: number, bytes: Uint8Array): boolean {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((chunks[middle] as Chunk).end <= offset) low = middle + 1;
      else high = middle;
    }
    const chunk = chunks[low];
    if (chunk === undefined || offset < chunk.start || offset + bytes.length > chunk.end) return false;
    chunk.buffer ??= new Uint8Array(chunk.end - chunk.start);
    chunk.buffer.set(bytes, offset - chunk.start);
    return true;
  }

  /** Copies what has been taken. */
  flush(copy: (offset: number, bytes: Uint8Array) => void): void {
    for (const { start, buffer } of this.#chunks) if (buffer !== null) copy(start, buffer);
  }
}
