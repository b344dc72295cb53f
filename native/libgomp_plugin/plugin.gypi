{
  "product_prefix": "",
  "sources": [
    "call.cc",
    "openacc.cc",
    "plugin.cc",
    "profiling.cc",
    "runtime.cc",
    "sessions.cc"
  ],
  "cflags_cc!": ["-std=gnu++14", "-std=gnu++17", "-std=gnu++20"],
  "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
  # The name by which libgomp looks for its plugin, whatever the file's. Here, since the last one on the line counts.
  "libraries": ["-ldl", "-lpthread", "-Wl,-soname,libgomp-plugin-gcn.so.1"]
}
