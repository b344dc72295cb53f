/** Launch attributes in a C program's memory: the list that compiled code hands to GOMP_target_ext. */
import { type KernelAttributes, type LaunchAttributes, readLaunchAttributes } from "../../plugin/index.js";
import { viewAt, wordsAt } from "../raw_memory.js";

/** The number of the devices' kind (GOMP_DEVICE_GCN), which some attributes are for. */
const GCN = 8;
const DEVICE_MASK = 0x7f;
const KERNEL_ATTRIBUTES = 0x100 | GCN;
/** `struct GOMP_kernel_launch_attributes`: the number of dimensions, three of the grid, three of a workgroup. */
const ATTRIBUTE_BYTES = 28;

/** @param count - words, without the null behind them. */
export function attributesAt(address: number, count: number): LaunchAttributes {
  const words: (number | KernelAttributes)[] = Array.from(wordsAt(address, count), Number);
  for (let i = 0; i + 1 < words.length; i++) {
    const word = words[i] as number;
    if ((word & (0xff00 | DEVICE_MASK)) === KERNEL_ATTRIBUTES) words[i + 1] = kernelAttributesAt(words[++i] as number);
  }
  return readLaunchAttributes(words, GCN);
}

function kernelAttributesAt(address: number): KernelAttributes {
  const view = viewAt(address, ATTRIBUTE_BYTES);
  const dimensions = view.getUint32(0, true);
  const three = (at: number): number[] =>
    Array.from({ length: dimensions }, (_, i) => (i < 3 ? view.getUint32(at + 4 * i, true) : 0));
  return { grid: three(4), workgroup: three(16) };
}
