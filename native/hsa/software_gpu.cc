#include "software_gpu.h"

#include "error.h"

namespace gcn::hsa {
namespace {

constexpr char kThunkName[] = "libhsakmt.so.1";
constexpr char kThunkEntry[] = "hsaKmtOpenKFD";

// A function that the thunk exports, or null.
template <typename Function>
Function* Exported(const Library& library, const char* name) {
  return library ? reinterpret_cast<Function*>(library.Symbol(name)) : nullptr;
}

}  // namespace

SoftwareGpu SoftwareGpu::Open(const std::string& name, const std::string& config) {
  const Library resident = Library::Loaded(kThunkName);
  const std::string resident_file = resident ? Library::FileOf(resident.Symbol(kThunkEntry)) : std::string();

  SoftwareGpu gpu;
  gpu.config_ = config;
  try {
    gpu.library_ = Library::Open(name);
  } catch (const std::runtime_error& error) {
    OpenError failure("ERR_HSA_LIBRARY_NOT_FOUND",
                      "The software GPU's thunk cannot be opened: " + std::string(error.what()));
    failure.tried.push_back({name, error.what()});
    throw failure;
  }

  gpu.file_ = Library::FileOf(gpu.library_.Symbol(kThunkEntry));
  if (resident && resident_file != gpu.file_) {
    throw OpenError(
        "ERR_HSA_ALREADY_OPEN",
        "This process has already loaded " + resident_file + ", the driver's own thunk (an earlier start of the HSA " +
            "runtime left it there), so that the software GPU cannot take its place. Start a new process, with "
            "GCN_OFFLOAD_DEVICE=software.");
  }

  const auto configure = Exported<decltype(gcn_softgpu_configure)>(gpu.library_, "gcn_softgpu_configure");
  if (configure == nullptr) {
    OpenError failure("ERR_HSA_VERSION", name + " is not this package's software GPU: it lacks gcn_softgpu_configure");
    failure.missing.emplace_back("gcn_softgpu_configure");
    throw failure;
  }
  if (configure(config.c_str()) != 0) {
    const auto last_error = Exported<decltype(gcn_softgpu_last_error)>(gpu.library_, "gcn_softgpu_last_error");
    throw OpenError("ERR_HSA_DEVICE_SETTING",
                    "The software GPU refuses \"" + config + "\"" +
                        (last_error != nullptr ? std::string(": ") + last_error() : std::string()));
  }
  return gpu;
}

std::optional<gcn_softgpu_fault> SoftwareGpu::LastFault(uint64_t queue) const {
  const auto last_fault = Exported<decltype(gcn_softgpu_last_fault)>(library_, "gcn_softgpu_last_fault");
  gcn_softgpu_fault fault{};
  fault.size = sizeof fault;
  if (last_fault == nullptr || last_fault(queue, &fault) != 0) return std::nullopt;
  return fault;
}

std::optional<std::vector<std::pair<const char*, uint64_t>>> SoftwareGpu::Statistics() const {
  const auto statistics = Exported<decltype(gcn_softgpu_statistics)>(library_, "gcn_softgpu_statistics");
  gcn_softgpu_counts counts{};
  counts.size = sizeof counts;
  if (statistics == nullptr || statistics(&counts) != 0) return std::nullopt;
  return {{{"waveInstructions", counts.wave_instructions},
           {"dispatches", counts.dispatches},
           {"dispatchNanoseconds", counts.dispatch_nanoseconds},
           {"nativeBlits", counts.native_blits},
           {"copiedBytes", counts.copied_bytes},
           {"packets", counts.packets},
           {"faults", counts.faults}}};
}

std::vector<gcn_softgpu_instruction> SoftwareGpu::Instructions(const std::string& library, const std::string& target) {
  // It stays loaded: the texts are its own.
  static std::vector<Library>& loaded = *new std::vector<Library>;
  const Library& thunk = loaded.emplace_back(Library::Open(library));
  const auto list = Exported<decltype(gcn_softgpu_instructions)>(thunk, "gcn_softgpu_instructions");
  if (list == nullptr) return {};
  std::vector<gcn_softgpu_instruction> instructions(list(target.c_str(), nullptr, 0));
  list(target.c_str(), instructions.data(), instructions.size());
  return instructions;
}

}  // namespace gcn::hsa
