#include "command/doorbells.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif

namespace softgpu {
namespace {

bool pollingWanted() {
  const char* way = std::getenv("GCN_SOFTGPU_DOORBELL");
  return way && std::string_view(way) == "poll";
}

// A userfaultfd that reports writes to [pages, pages + bytes), or -1 where the kernel or a container refuses.
int openUserfault(void* pages, uint64_t bytes) {
  const int fd = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY));
  if (fd < 0) return -1;
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP;
  uffdio_register range{};
  range.range = {reinterpret_cast<uint64_t>(pages), bytes};
  range.mode = UFFDIO_REGISTER_MODE_WP;
  const uint64_t writeProtect = 1ull << _UFFDIO_WRITEPROTECT;
  if (ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &range) == 0 && range.ioctls & writeProtect)
    return fd;
  close(fd);
  return -1;
}

}  // namespace

Doorbells::Doorbells(uint32_t agents) : agents_(agents), taken_(agents), next_(agents) {
  const uint64_t bytes = agents * kBytesPerAgent;
  // Aligned to an agent's share, since ROCr counts doorbells from such an address.
  void* raw = mmap(nullptr, bytes + kBytesPerAgent, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) throw std::bad_alloc();
  uint64_t aligned = (reinterpret_cast<uint64_t>(raw) + kBytesPerAgent - 1) / kBytesPerAgent * kBytesPerAgent;
  pages_ = reinterpret_cast<uint8_t*>(aligned);
  madvise(pages_, bytes, MADV_NOHUGEPAGE);
  // Present pages: only those can be write-protected. ~0, because the first value that is rung is 0.
  std::memset(pages_, 0xff, bytes);
  kick_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (kick_ < 0) throw std::bad_alloc();
  if (!pollingWanted()) userfault_ = openUserfault(pages_, bytes);
}

Doorbells::~Doorbells() {
  disarm();
  if (userfault_ >= 0) close(userfault_);
  close(kick_);
  munmap(pages_, agents_ * kBytesPerAgent);
}

uint64_t Doorbells::take(uint32_t agent) {
  std::lock_guard lock(mutex_);
  for (uint32_t tried = 0; tried < kPerAgent; ++tried) {
    const uint32_t slot = next_[agent];
    next_[agent] = (slot + 1) % kPerAgent;
    if (taken_[agent][slot]) continue;
    taken_[agent][slot] = true;
    return reinterpret_cast<uint64_t>(pages_) + agent * kBytesPerAgent + slot * 8;
  }
  return 0;
}

void Doorbells::give(uint64_t address) {
  const uint64_t offset = address - reinterpret_cast<uint64_t>(pages_);
  std::lock_guard lock(mutex_);
  taken_[offset / kBytesPerAgent][offset % kBytesPerAgent / 8] = false;
}

void Doorbells::protect(bool on) {
  uffdio_writeprotect change{};
  change.range = {reinterpret_cast<uint64_t>(pages_), agents_ * kBytesPerAgent};
  change.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0;  // taking it away also wakes the writers that wait
  while (ioctl(userfault_, UFFDIO_WRITEPROTECT, &change) != 0 && errno == EAGAIN) {
  }
}

void Doorbells::arm() {
  if (armed_ || userfault_ < 0) return;
  armed_ = true;
  protect(true);
}

void Doorbells::disarm() {
  if (!armed_) return;
  armed_ = false;
  protect(false);
}

void Doorbells::sleep(std::optional<std::chrono::nanoseconds> timeout) {
  pollfd files[2] = {{kick_, POLLIN, 0}, {userfault_, POLLIN, 0}};
  timespec limit{};
  if (timeout) {
    limit.tv_sec = timeout->count() / 1'000'000'000;
    limit.tv_nsec = timeout->count() % 1'000'000'000;
  }
  if (!kicked_.load(std::memory_order_seq_cst))
    ppoll(files, userfault_ >= 0 ? 2 : 1, timeout ? &limit : nullptr, nullptr);
  if (kicked_.exchange(false, std::memory_order_seq_cst)) {
    uint64_t count = 0;
    [[maybe_unused]] ssize_t n = read(kick_, &count, sizeof count);
  }
  if (userfault_ < 0) return;
  // The messages say only which pages: all of them are released by `disarm`.
  uffd_msg message;
  while (read(userfault_, &message, sizeof message) == static_cast<ssize_t>(sizeof message)) {
  }
}

void Doorbells::kick() {
  if (kicked_.exchange(true, std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(kick_, &one, sizeof one);
}

}  // namespace softgpu
