/**
 * The plugin that libgomp finds in this process. libgomp loads its plugins once and keeps what they have answered, so there is one, from
 * the first call to the process's end.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../../errors.js";
import { addon } from "../../hsa/addon.js";
import { CAPABILITY, GcnPlugin, type OffloadPlugin } from "../../plugin/index.js";
import { pluginLibrary } from "../plugin_library.js";
import { PluginServer } from "./plugin_server.js";

const NEEDED = CAPABILITY.OPENMP_400 | CAPABILITY.SHARED_MEM;

let served: OffloadPlugin | undefined;

/** The one that answers already; null where there is none. */
export const servedPlugin = (): OffloadPlugin | null => served ?? null;

/** Where kernels print: behind what C code in this process has printed. */
const cStdout = { write: (text: string): void => addon().printText(text) };

/**
 * Has `plugin` answer for libgomp, in this thread; by default a GcnPlugin of its own, whose kernels print where C code does. Answers the
 * one that does.
 *
 * @throws OffloadError `ERR_OFFLOAD_PLUGIN` where another does already, in this thread or another, and for a plugin whose devices share the
 * host's memory; HsaError as `open`.
 */
export function servePlugin(plugin?: OffloadPlugin): OffloadPlugin {
  if (served !== undefined) {
    if (plugin === undefined || plugin === served) return served;
    throw new OffloadError("ERR_OFFLOAD_PLUGIN", "libgomp has another plugin in this process already, and keeps it");
  }
  if (plugin !== undefined && (plugin.capabilities & NEEDED) !== CAPABILITY.OPENMP_400) {
    throw new OffloadError(
      "ERR_OFFLOAD_PLUGIN",
      `libgomp is told of devices with memory of their own that run target regions, and ${plugin.name} has none`,
    );
  }
  const own = plugin === undefined ? GcnPlugin.open({ output: cStdout }) : null;
  const answering = plugin ?? (own as GcnPlugin);
  let ending = false;
  const server = new PluginServer(answering, {
    libraryFor: pluginLibrary,
    // What Node does when it ends by itself; the process waits until it is done.
    ended(status) {
      ending = true;
      process.exitCode = status;
      process.emit("exit", status);
    },
  });
  try {
    server.open();
  } catch (error) {
    own?.dispose();
    throw error;
  }
  process.once("exit", () => {
    // What a program under way has in the device's hands may not end.
    const leaves = !ending && server.close();
    if (!leaves) own?.dispose();
  });
  served = answering;
  return answering;
}

/**
 * `servePlugin` for a libgomp that this process opens by itself: it finds this package's plugin library in place of GCC's.
 *
 * @param libgomp - its file.
 */
export function servePluginTo(libgomp: string, plugin?: OffloadPlugin): OffloadPlugin {
  const answering = servePlugin(plugin);
  addon().openPluginLibrary(pluginLibrary(libgomp));
  return answering;
}
