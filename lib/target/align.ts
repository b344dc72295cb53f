/** The next multiple of an alignment, in bytes. */
export const alignUp = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment;
