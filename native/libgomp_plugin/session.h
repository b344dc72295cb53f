// Sessions as libgomp has them since GCC 17: memory of its own for each launch, of the size that the plugin asks for.
// A session is nothing to the other half before it has a table, or runs.
#pragma once

#include <cstdint>

namespace gcn::libgomp {

struct Session {
  int64_t device;
  // The other half's, where it has allocated the table; else 0.
  uint64_t number;
  // Where it has been set; null: none.
  void* table;
};

}  // namespace gcn::libgomp
