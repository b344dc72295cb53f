// What lies between libgomp's plugin library and whoever answers for it: one request for each call of libgomp's,
// answered by JavaScript (lib/libgomp/serve/plugin_server.ts), whose numbers for the operations are these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace gcn::libgomp {

enum class Operation : uint32_t {
  kNumDevices = 0,         // requires
  kInitDevice = 1,         // device
  kFiniDevice = 2,         // device
  kLoadImage = 3,          // device, version, data, pairs, their count, host's indirect functions, libgomp's family
  kUnloadImage = 4,        // device, data
  kAlloc = 5,              // device, bytes
  kFree = 6,               // device, address
  kHostToDevice = 7,       // device, destination, source, bytes
  kDeviceToHost = 8,       // device, destination, source, bytes
  kDeviceToDevice = 9,     // device, destination, source, bytes
  kMemset = 10,            // device, address, value, bytes
  kCanRun = 11,            // function
  kRun = 12,               // device, function, table, arguments, their count, session
  kAsyncRun = 13,          // device, function, table, arguments, their count, session, callback, its data
  kExec = 14,              // function, dimensions, table, session, count, host and device addresses in place of a table
  kAsyncExec = 15,         // the same, queue
  kQueueConstruct = 16,    // device
  kQueueDestruct = 17,     // queue
  kQueueTest = 18,         // queue
  kQueueSynchronize = 19,  // queue
  kQueueSerialize = 20,    // earlier, later
  kQueueCallback = 21,     // queue, function, its data
  kQueueHostToDevice = 22,    // queue, destination, source, bytes
  kQueueDeviceToHost = 23,    // queue, destination, source, bytes
  kProperty = 24,             // device, property, text, its room
  kDimensions = 25,           // function, dimensions, which become those of the launch; text, its room
  kSessionTable = 26,         // device, bytes, where the session goes
  kUid = 27,                  // device, text, its room
  kEnd = 28,                  // status: the program has ended, and the process will
  kLibgomp = 29,              // the file of the libgomp in use; text, its room: the plugin library for it
  kQueueDeviceToDevice = 30,  // queue, destination, source, bytes
};

enum class Outcome : uint32_t {
  kDone = 0,
  kFailed = 1,  // `message` says why
  kExit = 2,    // a kernel called exit(value)
  kAbort = 3,   // a kernel called abort()
};

struct Request {
  Operation operation;
  std::array<uint64_t, 8> arguments{};
  Outcome outcome = Outcome::kDone;
  uint64_t value = 0;
  std::array<char, 1024> message{};
};

// Fills the request's answer before it returns, whatever thread calls; false where nobody answers any more.
using Serve = bool (*)(Request& request);

// What each of the plugin libraries exports for that, beside libgomp's own.
inline constexpr char kConnect[] = "gcn_offload_plugin_connect";
using Connect = void (*)(Serve serve);

}  // namespace gcn::libgomp
