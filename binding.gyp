{
  # node-gyp configure -- -Dsanitize=address,undefined, then node-gyp build
  "variables": {
    "sanitize%": ""
  },
  "targets": [
    {
      "target_name": "gcn_offload",
      "sources": [
        "native/addon/addon.cc",
        "native/addon/agent.cc",
        "native/addon/arguments.cc",
        "native/addon/code_object_reader.cc",
        "native/addon/completion.cc",
        "native/addon/environment.cc",
        "native/addon/error.cc",
        "native/addon/executable.cc",
        "native/addon/foreign_claim.cc",
        "native/addon/foreign_end.cc",
        "native/addon/foreign_image.cc",
        "native/addon/foreign_launches.cc",
        "native/addon/foreign_library.cc",
        "native/addon/foreign_openacc.cc",
        "native/addon/foreign_plugin.cc",
        "native/addon/foreign_queues.cc",
        "native/addon/foreign_runs.cc",
        "native/addon/handle.cc",
        "native/addon/image_arguments.cc",
        "native/addon/late_promise.cc",
        "native/addon/launcher.cc",
        "native/addon/libgomp.cc",
        "native/addon/libgomp_functions.cc",
        "native/addon/libgomp_image.cc",
        "native/addon/libgomp_library.cc",
        "native/addon/libgomp_port.cc",
        "native/addon/libgomp_thread.cc",
        "native/addon/loop_watch.cc",
        "native/addon/mailbox.cc",
        "native/addon/memory.cc",
        "native/addon/host_memory.cc",
        "native/addon/host_program.cc",
        "native/addon/memory_calls.cc",
        "native/addon/memory_state.cc",
        "native/addon/native_calls.cc",
        "native/addon/packet.cc",
        "native/addon/plugin_bridge.cc",
        "native/addon/pool.cc",
        "native/addon/program_end.cc",
        "native/addon/queue.cc",
        "native/addon/queue_state.cc",
        "native/addon/region.cc",
        "native/addon/runtime.cc",
        "native/addon/signal.cc",
        "native/addon/signal_state.cc",
        "native/addon/software_gpu.cc",
        "native/addon/stats.cc",
        "native/addon/submit.cc",
        "native/addon/system_event.cc",
        "native/hsa/entry_points.cc",
        "native/hsa/library.cc",
        "native/hsa/loader.cc",
        "native/hsa/runtime.cc",
        "native/hsa/software_gpu.cc",
        "native/hsa/status.cc"
      ],
      # A worker that is being terminated takes no exceptions any more: they end with it.
      "defines": [
        "NAPI_VERSION=9", "NAPI_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS", "LITTLEENDIAN_CPU"
      ],
      # Not ours: kept out of the warnings. A path that is not there does no harm.
      "cflags": [
        "-isystem", "<!(echo ${ROCM_PATH:-/opt/rocm})/include",
        "-isystem", "<!(node -p \"require('path').dirname(require.resolve('node-addon-api'))\")"
      ],
      "cflags_cc!": ["-fno-exceptions", "-std=gnu++14", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-fexceptions", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
      "libraries": ["-ldl", "-lpthread"],
      "conditions": [
        ["sanitize!=''", {
          "cflags": ["-fsanitize=<(sanitize)", "-fno-omit-frame-pointer", "-O1", "-g"],
          "ldflags": ["-fsanitize=<(sanitize)"]
        }]
      ]
    },
    # libgomp's GCN plugin, for each family of its releases: the first of them.
    {
      "target_name": "libgomp_plugin_12",
      "type": "shared_library",
      "product_name": "libgomp-plugin-gcn-12",
      "defines": ["GCN_LIBGOMP=12"],
      "includes": ["native/libgomp_plugin/plugin.gypi"]
    },
    {
      "target_name": "libgomp_plugin_13",
      "type": "shared_library",
      "product_name": "libgomp-plugin-gcn-13",
      "defines": ["GCN_LIBGOMP=13"],
      "includes": ["native/libgomp_plugin/plugin.gypi"]
    },
    {
      "target_name": "libgomp_plugin_14",
      "type": "shared_library",
      "product_name": "libgomp-plugin-gcn-14",
      "defines": ["GCN_LIBGOMP=14"],
      "includes": ["native/libgomp_plugin/plugin.gypi"]
    },
    {
      "target_name": "libgomp_plugin_16",
      "type": "shared_library",
      "product_name": "libgomp-plugin-gcn-16",
      "defines": ["GCN_LIBGOMP=16"],
      "includes": ["native/libgomp_plugin/plugin.gypi"]
    },
    {
      "target_name": "libgomp_plugin_17",
      "type": "shared_library",
      "product_name": "libgomp-plugin-gcn-17",
      "defines": ["GCN_LIBGOMP=17"],
      "includes": ["native/libgomp_plugin/plugin.gypi"]
    }
  ]
}
