// The interface between libgomp and its plugins, as the libgomp of a family of releases has it: GCN_LIBGOMP is 12, 13,
// 14 (and 15), 16 or 17. Declared from the facts of libgomp-plugin.h, target.c and plugin-gcn.c of GCC 12 to 17.
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef GCN_LIBGOMP
#error "GCN_LIBGOMP says which libgomp this is for"
#endif

namespace gcn::libgomp {

// GOMP_OFFLOAD_version's answer, which libgomp compares with its own.
#if GCN_LIBGOMP >= 17
inline constexpr unsigned kVersion = 4;
#elif GCN_LIBGOMP >= 14
inline constexpr unsigned kVersion = 3;
#elif GCN_LIBGOMP >= 13
inline constexpr unsigned kVersion = 2;
#else
inline constexpr unsigned kVersion = 1;
#endif

inline constexpr unsigned kCapabilities = 4 | 8;  // GOMP_OFFLOAD_CAP_OPENMP_400, GOMP_OFFLOAD_CAP_OPENACC_200
inline constexpr int kTypeGcn = 8;                // OFFLOAD_TARGET_TYPE_GCN

// Where a function or variable of an image lies on the device.
struct AddressPair {
  uintptr_t start;
  uintptr_t end;
};

// acc_get_property's values: the name, the vendor and the driver are texts, and have this bit.
inline constexpr int kPropertyIsText = 0x10000;
// Not one of libgomp's: for this library's own use.
inline constexpr int kPropertyComputeUnits = 0x1000;
union PropertyValue {
  const char* text;
  size_t number;
};

using DeviceFunction = void (*)(void*);

// The plugin's own; libgomp only hands it back.
struct AsyncQueue;

// What a launch's list of attributes says (gomp-constants.h): the value is the next word.
inline constexpr uintptr_t kAttributeValueFollows = 0x80;

}  // namespace gcn::libgomp

#define GCN_LIBGOMP_EXPORT extern "C" __attribute__((visibility("default")))
