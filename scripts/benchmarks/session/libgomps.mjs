// The libgomps that there are: the system's, and those of folders into which packages have been unpacked.
import { readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const LOADER = "ld-linux-x86-64.so.2";

/** What a program needs to run with one of them. */
const SYSTEM = { folders: [], loader: null, where: "the system's" };

/** Each folder that has libgomp and its plugin, with the loader and C library of the same place, if it has them. */
function unpacked(place) {
  const files = readdirSync(place, { recursive: true }).map((name) => join(place, name));
  const foldersOf = (name) =>
    files
      .filter((file) => file.endsWith(`/${name}`) && statSync(file, { throwIfNoEntry: false })?.isFile())
      .map(dirname);
  const plugins = new Set(foldersOf("libgomp-plugin-gcn.so.1"));
  const found = foldersOf("libgomp.so.1").filter((folder) => plugins.has(folder));
  if (found.length === 0) throw new Error(`${place} has no libgomp.so.1 with a libgomp-plugin-gcn.so.1 beside it`);
  const [loader] = foldersOf(LOADER);
  const libraries = foldersOf("libc.so.6");
  return found.map((folder) => ({
    folders: [folder, ...libraries],
    loader: loader === undefined ? null : join(loader, LOADER),
    where: folder,
  }));
}

export const libgomps = (places) => [SYSTEM, ...places.flatMap((place) => unpacked(resolve(place)))];
