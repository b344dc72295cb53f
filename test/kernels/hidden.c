// What the launcher hands over besides the arguments.
#include "gcn.h"

// bytes[0..255] = the implicit arguments of code object v5, as they lie in the argument block. One workgroup of 64 or less.
kernel hidden_arguments(global u32* words) {
  const constant u32* implicit = (const constant u32*)__builtin_amdgcn_implicitarg_ptr();
  for (u32 i = local_x(); i < 64; i += packet_size(0)) words[i] = implicit[i];
}

// The 64 bytes of the dispatch packet.
kernel dispatch_packet(global u32* words) {
  const constant u32* packet = (const constant u32*)__builtin_amdgcn_dispatch_ptr();
  for (u32 i = local_x(); i < 16; i += packet_size(0)) words[i] = packet[i];
}

// Twelve words for each work-item, in the order of its linear global id: local, group and global ids, size of its own workgroup.
kernel ids(global u32* out) {
  u32 x = global_x(), y = global_y(), z = global_z();
  global u32* row = out + 12 * (x + grid_x() * (y + grid_y() * z));
  row[0] = local_x(), row[1] = local_y(), row[2] = local_z();
  row[3] = group_x(), row[4] = group_y(), row[5] = group_z();
  row[6] = x, row[7] = y, row[8] = z;
  row[9] = size_x(), row[10] = size_y(), row[11] = size_z();
}
