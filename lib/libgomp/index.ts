/** The real libgomp with this package's plugin: programs that run under it in this process. */
export { type HostProgramOptions, runHostProgram } from "./host_program.js";
export { familyOf, libgompOf, type PluginFamily, pluginLibrary } from "./plugin_library.js";
export { servePlugin, servePluginTo } from "./served_plugin.js";
