#include "debug/process_memory.h"

#include <sys/uio.h>
#include <unistd.h>

namespace softgpu {

// The kernel copies, and answers an error where an ordinary load would end the process.
bool readProcess(uint64_t address, void* to, size_t bytes) {
  auto* out = static_cast<uint8_t*>(to);
  while (bytes != 0) {
    iovec local{out, bytes}, remote{reinterpret_cast<void*>(address), bytes};
    const ssize_t count = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (count <= 0) return false;
    out += count;
    address += static_cast<uint64_t>(count);
    bytes -= static_cast<size_t>(count);
  }
  return true;
}

}  // namespace softgpu
