#include "command/statistics.h"

namespace softgpu {

Statistics& statistics() {
  static Statistics& counts = *new Statistics;  // never destroyed: workers count while the process exits
  return counts;
}

}  // namespace softgpu
