/** The real libgomp: driven from JavaScript, and with this package's plugin beneath programs that run under it in this process. */
export * from "./call/index.js";
export { familyOf, libgompOf, type PluginFamily, pluginLibrary } from "./plugin_library.js";
export { type HostProgramOptions, runHostProgram } from "./serve/host_program.js";
export { servePlugin, servePluginTo } from "./serve/served_plugin.js";
