/**
 * The plugin whose devices a program uses: the caller's own, or a GcnPlugin that is opened for the program and ends with it.
 *
 * @packageDocumentation
 */
import { OffloadError } from "../errors.js";
import { GcnPlugin, type LoadedImage, type OffloadPlugin } from "../plugin/index.js";
import { invalidType, invalidValue } from "../validate.js";

export interface PluginOptions {
  /**
   * Whose devices are used; by default those of a GcnPlugin of the program's own. A plugin that is handed over stays its owner's: disposal
   * unloads the program's images there and leaves it open, with what is still allocated or mapped.
   */
  readonly plugin?: OffloadPlugin;
  /** In place of `GCN_OFFLOAD_DEVICE`. Not beside `plugin`. */
  readonly device?: string;
  /** In place of the process's. `GCN_…` not beside `plugin`. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Gets what kernels print. By default `process.stdout`. Not beside `plugin`. */
  readonly output?: { write(text: string): unknown };
}

/** What GcnPlugin reads when it is opened. */
const PLUGINS_OWN = /^(?:GOMP_)?GCN_/;

export class ProgramPlugin {
  private constructor(
    readonly plugin: OffloadPlugin,
    readonly isOwn: boolean,
  ) {}

  /**
   * @param caller - whose options they are, for messages.
   * @throws HsaError where no runtime can be opened; TypeError `ERR_INVALID_ARG_VALUE` for options that the caller's plugin cannot follow.
   */
  static open(caller: string, options: PluginOptions): ProgramPlugin {
    const { plugin, device, environment, output } = options;
    if (output !== undefined && typeof output?.write !== "function") {
      throw invalidType(`${caller}: output`, "a stream, or an object with write()", output);
    }
    if (plugin !== undefined) return new ProgramPlugin(mustStandAlone(caller, plugin, options), false);
    const opened = GcnPlugin.open({
      ...(environment === undefined ? {} : { environment }),
      ...(device === undefined ? {} : { device }),
      ...(output === undefined ? {} : { output }),
    });
    return new ProgramPlugin(opened, true);
  }

  /** @param images - the program's. */
  dispose(images: Iterable<LoadedImage>): void {
    if (this.isOwn) {
      (this.plugin as GcnPlugin).dispose();
      return;
    }
    for (const image of images) {
      try {
        this.plugin.unloadImage(image);
      } catch (error) {
        // The plugin's owner was first.
        if (!(error instanceof OffloadError) || !GONE.has(error.code)) throw error;
      }
    }
  }
}

const GONE: ReadonlySet<string> = new Set(["ERR_OFFLOAD_DISPOSED", "ERR_OFFLOAD_NO_DEVICE", "ERR_OFFLOAD_IMAGE"]);

function mustStandAlone(
  caller: string,
  plugin: OffloadPlugin,
  { device, environment = {}, output }: PluginOptions,
): OffloadPlugin {
  if (typeof plugin?.initDevice !== "function" || typeof plugin.loadImage !== "function") {
    throw invalidType(`${caller}: plugin`, "an OffloadPlugin", plugin);
  }
  const refuse = (option: string, why: string): Error =>
    invalidValue(`${caller}: ${option} cannot stand beside plugin: ${why}`);
  if (device !== undefined) throw refuse("device", "the plugin was opened with its devices. Name them there");
  if (output !== undefined) {
    throw refuse(
      "output",
      "where kernels print to was settled when the plugin was opened. Say it there, if it can be told",
    );
  }
  const own = Object.keys(environment).find((name) => PLUGINS_OWN.test(name) && environment[name] !== undefined);
  if (own !== undefined) {
    throw refuse(`environment.${own}`, "a plugin reads it when it is opened, which has been done. Set it there");
  }
  return plugin;
}
