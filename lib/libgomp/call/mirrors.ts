/** This process's buffers as libgomp's process knows them: by numbers, each with a mirror there. */
import { addressOf, bytesAt } from "../../target/host_memory.js";
import { type HostPlace, isPlace, type Pointer, type Section, type Word } from "./driver.js";
import type { MirrorBytes, MirrorPlace, MirrorPointer, MirrorSection, MirrorWord } from "./isolated_messages.js";

export class Mirrors {
  readonly #numbers = new WeakMap<ArrayBufferLike, number>();
  readonly #buffers = new Map<number, WeakRef<ArrayBufferLike>>();
  readonly #registry: FinalizationRegistry<number>;
  #next = 0;
  #closed = false;

  /** @param forget - told of buffers that are gone. */
  constructor(forget: (buffer: number) => void) {
    this.#registry = new FinalizationRegistry((number) => {
      this.#buffers.delete(number);
      if (!this.#closed) forget(number);
    });
  }
  close(): void {
    this.#closed = true;
  }

  #number(buffer: ArrayBufferLike): number {
    const known = this.#numbers.get(buffer);
    if (known !== undefined) return known;
    const number = this.#next++;
    this.#numbers.set(buffer, number);
    this.#buffers.set(number, new WeakRef(buffer));
    this.#registry.register(buffer, number);
    return number;
  }

  place({ owner, address }: HostPlace): MirrorPlace {
    const size = owner.byteLength;
    return { buffer: this.#number(owner), size, offset: size === 0 ? 0 : address - addressOf(owner) };
  }
  section(section: Section): MirrorSection {
    return { ...this.place(section), bytes: section.bytes };
  }
  word(word: Word): MirrorWord {
    if (isPlace(word)) return this.place(word);
    if (word === null || typeof word === "number" || ArrayBuffer.isView(word)) return word;
    return word.map((pointer) => this.#pointer(pointer));
  }
  #pointer(pointer: Pointer): MirrorPointer {
    return typeof pointer === "number" ? pointer : this.place(pointer);
  }

  /** The bytes as they are now. */
  contents(sections: readonly Section[]): MirrorBytes[] {
    return sections.map((section) => ({
      ...this.place(section),
      content: bytesAt(section.owner, section.address, section.bytes).slice(),
    }));
  }
  /** Puts bytes of mirrors where they belong. */
  store(contents: readonly MirrorBytes[]): void {
    for (const { buffer, offset, content } of contents) {
      const owner = this.#buffers.get(buffer)?.deref();
      if (owner !== undefined) new Uint8Array(owner, offset, content.length).set(content);
    }
  }
}
