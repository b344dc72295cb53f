#include "command/transfer.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>

#include "command/statistics.h"
#include "memory/address_space.h"

#ifdef __SANITIZE_THREAD__
extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif

namespace softgpu {
namespace {

// While one lives, ThreadSanitizer leaves out what this thread loads and stores. The program hands its memory over and
// takes it back by way of ROCr's signals and doorbells, which ThreadSanitizer does not see; to suppress a report for
// each word of a copy would take minutes.
class HandedOver {
 public:
#ifdef __SANITIZE_THREAD__
  HandedOver() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~HandedOver() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  HandedOver() {}
#endif
  HandedOver(const HandedOver&) = delete;
  HandedOver& operator=(const HandedOver&) = delete;
};

// Some 50 us of copying: a good deal less than a slice, and much more than taking it costs.
constexpr uint64_t kPieceBytes = 256 << 10;

std::optional<MemoryFault> check(uint64_t address, uint64_t bytes, unsigned agent, bool write) {
  const AddressSpace& space = AddressSpace::instance();
  for (uint64_t done = 0; done < bytes;) {
    uint64_t at = address + done;
    auto range = at < address ? std::nullopt : space.find(at, agent);
    if (!range) {
      auto near = space.nearest(at);
      return MemoryFault{agent, at, write, near && near->holds(at, 1)};
    }
    done += range->end - at;
  }
  return std::nullopt;
}

// From here on a copy's destination goes past the caches: it would not stay in them anyway, and need not be read first.
constexpr uint64_t kStreamingBytes = 4 << 20;

uint8_t* host(uint64_t address) {
  return reinterpret_cast<uint8_t*>(address);
}

// Bytes up to where `to` is aligned for a vector store.
uint64_t unalignedHead(const uint8_t* to, uint64_t bytes) {
  return std::min<uint64_t>(-reinterpret_cast<uint64_t>(to) % sizeof(__m128i), bytes);
}

void streamCopy(uint8_t* to, const uint8_t* from, uint64_t bytes) {
  const uint64_t head = unalignedHead(to, bytes);
  std::memcpy(to, from, head);
  uint64_t at = head;
  for (; at + 4 * sizeof(__m128i) <= bytes; at += 4 * sizeof(__m128i)) {
    __m128i line[4];
    for (unsigned i = 0; i < 4; ++i) line[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at) + i);
    for (unsigned i = 0; i < 4; ++i) _mm_stream_si128(reinterpret_cast<__m128i*>(to + at) + i, line[i]);
  }
  _mm_sfence();
  std::memcpy(to + at, from + at, bytes - at);
}

void copy(uint64_t destination, uint64_t source, uint64_t bytes, bool streaming) {
  const HandedOver unseen;
  const bool apart = destination + bytes <= source || source + bytes <= destination;
  if (streaming && apart) {
    streamCopy(host(destination), host(source), bytes);
  } else {
    // Overlapping sides are the caller's mistake on hardware; here they at least stay defined.
    std::memmove(host(destination), host(source), bytes);
  }
}

void fill(uint64_t destination, uint64_t bytes, uint32_t pattern, unsigned patternBytes) {
  const HandedOver unseen;
  uint8_t* to = host(destination);
  if (patternBytes == 1) pattern = (pattern & 0xff) * 0x01010101u;
  if (patternBytes == 2) pattern = (pattern & 0xffff) * 0x00010001u;
  if (pattern == (pattern & 0xff) * 0x01010101u) {
    std::memset(to, static_cast<int>(pattern & 0xff), bytes);
    return;
  }
  const uint64_t doubled = pattern | static_cast<uint64_t>(pattern) << 32;
  uint64_t at = 0;
  for (; at + sizeof doubled <= bytes; at += sizeof doubled) std::memcpy(to + at, &doubled, sizeof doubled);
  std::memcpy(to + at, &doubled, bytes - at);
}

std::optional<MemoryFault> runPiece(const Transfer& transfer, unsigned agent, uint64_t destination, uint64_t source,
                                    uint64_t bytes) {
  if (bytes == 0) return std::nullopt;
  if (auto fault = check(destination, bytes, agent, true)) return fault;
  if (transfer.kind == Transfer::Kind::Fill) {
    fill(destination, bytes, transfer.pattern, transfer.patternBytes);
  } else {
    if (auto fault = check(source, bytes, agent, false)) return fault;
    copy(destination, source, bytes, transfer.bytes() >= kStreamingBytes);
  }
  statistics().copiedBytes.fetch_add(bytes, std::memory_order_relaxed);
  return std::nullopt;
}

uint64_t rowAt(uint64_t row, uint32_t rows, uint64_t base, uint64_t pitch, uint64_t slice) {
  return base + row / rows * slice + row % rows * pitch;
}

}  // namespace

TransferWork::TransferWork(const Transfer& transfer, unsigned agent, std::function<void(const TransferResult&)> done)
    : transfer_(transfer), agent_(agent), done_(std::move(done)) {
  const uint64_t rows = static_cast<uint64_t>(transfer.rows) * transfer.slices;
  piecesPerRow_ = std::max<uint64_t>(1, (transfer.rowBytes + kPieceBytes - 1) / kPieceBytes);
  rowsPerUnit_ = transfer.rowBytes == 0 ? rows : std::max<uint64_t>(1, kPieceBytes / transfer.rowBytes);
  units_ = piecesPerRow_ > 1 ? rows * piecesPerRow_ : (rows + rowsPerUnit_ - 1) / rowsPerUnit_;
  units_ = std::max<uint64_t>(1, units_);  // an empty transfer is done by doing its one empty unit
  pending_.store(units_, std::memory_order_relaxed);
}

void TransferWork::runUnit(uint64_t unit) {
  const uint64_t rows = static_cast<uint64_t>(transfer_.rows) * transfer_.slices;
  uint64_t firstRow = unit * rowsPerUnit_, lastRow = std::min(rows, firstRow + rowsPerUnit_);
  uint64_t offset = 0, bytes = transfer_.rowBytes;
  if (piecesPerRow_ > 1) {
    firstRow = unit / piecesPerRow_;
    lastRow = firstRow + 1;
    offset = unit % piecesPerRow_ * kPieceBytes;  // a multiple of every pattern's size
    bytes = std::min(kPieceBytes, transfer_.rowBytes - offset);
  }
  AddressSpace::ReadSection section;
  for (uint64_t row = firstRow; row < lastRow; ++row) {
    uint64_t to =
        rowAt(row, transfer_.rows, transfer_.destination, transfer_.destinationPitch, transfer_.destinationSlice);
    uint64_t from = rowAt(row, transfer_.rows, transfer_.source, transfer_.sourcePitch, transfer_.sourceSlice);
    if (auto fault = runPiece(transfer_, agent_, to + offset, from + offset, bytes)) {
      // Units are taken in order: those before this one are done or in other workers' hands, and may fault yet.
      std::lock_guard lock(mutex_);
      if (!result_.fault || unit < faultUnit_) {
        result_.fault = fault;
        faultUnit_ = unit;
      }
      stopped_.store(true, std::memory_order_relaxed);
      return;
    }
  }
}

bool TransferWork::advance() {
  // Once it has stopped, all that is left is taken at once: there may be millions of units.
  const bool stopped = stopped_.load(std::memory_order_relaxed);
  uint64_t unit = next_.load(std::memory_order_relaxed), count = 0;
  do {
    if (unit >= units_) return false;
    count = stopped ? units_ - unit : 1;
  } while (!next_.compare_exchange_weak(unit, unit + count, std::memory_order_relaxed));
  if (!stopped) runUnit(unit);
  if (pending_.fetch_sub(count, std::memory_order_acq_rel) == count) {
    result_.cancelled = stopped_.load(std::memory_order_relaxed) && !result_.fault;
    done_(result_);
  }
  return true;
}

unsigned TransferWork::parallelism() const {
  uint64_t next = next_.load(std::memory_order_relaxed);
  return static_cast<unsigned>(std::min<uint64_t>(units_ - std::min(next, units_), 256));
}

std::optional<MemoryFault> runTransfer(const Transfer& transfer, unsigned agent) {
  const uint64_t rows = static_cast<uint64_t>(transfer.rows) * transfer.slices;
  for (uint64_t row = 0; row < rows; ++row) {
    uint64_t to = rowAt(row, transfer.rows, transfer.destination, transfer.destinationPitch, transfer.destinationSlice);
    uint64_t from = rowAt(row, transfer.rows, transfer.source, transfer.sourcePitch, transfer.sourceSlice);
    if (auto fault = runPiece(transfer, agent, to, from, transfer.rowBytes)) return fault;
  }
  return std::nullopt;
}

}  // namespace softgpu
