#include "wave/kernel_state.h"

#include <algorithm>

#include "memory/address_space.h"

namespace softgpu {
namespace {

// Byte offsets in the 64-byte descriptor.
constexpr unsigned kEntryOffset = 16, kResources3 = 44, kResources1 = 48, kResources2 = 52, kProperties = 56;
constexpr unsigned kDescriptorBytes = 64;

// kernel_code_properties, in the order in which the SGPRs are laid out. Bits 7 to 9 exist in amd_kernel_code_t alone.
enum Property : uint32_t {
  kPrivateSegmentBuffer = 1 << 0,
  kDispatchPacket = 1 << 1,
  kQueue = 1 << 2,
  kKernarg = 1 << 3,
  kDispatchId = 1 << 4,
  kFlatScratchInit = 1 << 5,
  kPrivateSegmentSize = 1 << 6,
  kGroupCountX = 1 << 7,
};

constexpr uint32_t field(uint32_t word, unsigned low, unsigned bits) {
  return word >> low & ((1u << bits) - 1);
}

template <class T>
T load(uint64_t address) {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
  return value;
}

uint32_t groupsAlong(const Launch& launch, unsigned axis) {
  return launch.workgroup[axis] ? (launch.grid[axis] + launch.workgroup[axis] - 1) / launch.workgroup[axis] : 0;
}

// Writes user SGPRs one after the other.
class SgprWriter {
 public:
  explicit SgprWriter(Wave& wave) : wave_(wave) {}
  void put(uint32_t value) { wave_.sgpr[at_++] = value; }
  void put64(uint64_t value) {
    put(static_cast<uint32_t>(value));
    put(static_cast<uint32_t>(value >> 32));
  }
  void goTo(unsigned sgpr) { at_ = sgpr; }

 private:
  Wave& wave_;
  unsigned at_ = 0;
};

void putUserSgprs(SgprWriter& sgprs, const Launch& launch, const KernelState& state, Target target) {
  if (state.properties & kPrivateSegmentBuffer) {
    for (uint32_t word : launch.scratchDescriptor) sgprs.put(word);
  }
  if (state.properties & kDispatchPacket) sgprs.put64(launch.dispatchPacket);
  if (state.properties & kQueue) sgprs.put64(launch.queue);
  if (state.properties & kKernarg) sgprs.put64(launch.kernarg);
  if (state.properties & kDispatchId) sgprs.put64(launch.dispatchId);
  if (state.properties & kFlatScratchInit) {
    if (target == Target::gfx803) {
      // An offset from the hidden private base, here the beginning of the queue's scratch, and one work-item's share.
      sgprs.put(0);
      sgprs.put(launch.privateSegment);
    } else {
      sgprs.put64(launch.scratchBase);
    }
  }
  if (state.properties & kPrivateSegmentSize) sgprs.put(launch.privateSegment);
  for (unsigned axis = 0; axis < 3; ++axis) {
    if (state.properties & kGroupCountX << axis) sgprs.put(groupsAlong(launch, axis));
  }
}

void putSystemSgprs(SgprWriter& sgprs, const KernelState& state, const Workgroup& group, const GroupShape& shape,
                    unsigned waveInGroup, uint64_t scratchOffset) {
  sgprs.goTo(state.userSgprs);
  for (unsigned axis = 0; axis < 3; ++axis) {
    if (state.groupId[axis]) sgprs.put(group.id[axis]);
  }
  if (state.groupInfo) sgprs.put((waveInGroup == 0 ? 1u << 31 : 0) | shape.waves());
  if (state.scratchOffset) sgprs.put(static_cast<uint32_t>(scratchOffset));
}

// Work-items fill the lanes in the order x, y, z: runs of one y and z.
void putWorkItemIds(Wave& wave, const KernelState& state, const GroupShape& shape, unsigned waveInGroup) {
  const uint32_t first = waveInGroup * kLanes;
  uint32_t x = first % shape.size[0], row = first / shape.size[0];
  const bool packed = wave.target == Target::gfx90a;
  for (unsigned lane = 0; lane < kLanes; x = 0, ++row) {
    const uint32_t y = row % shape.size[1], z = row / shape.size[1];
    const unsigned end = std::min(lane + (shape.size[0] - x), kLanes);
    const uint32_t base = packed ? y << 10 | z << 20 : 0;
    for (unsigned i = lane; i < end; ++i) wave.row(0)[i] = base + x + (i - lane);
    if (!packed && state.workItemIds >= 1) std::fill(wave.row(1) + lane, wave.row(1) + end, y);
    if (!packed && state.workItemIds >= 2) std::fill(wave.row(2) + lane, wave.row(2) + end, z);
    lane = end;
  }
}

}  // namespace

bool readKernelState(const Launch& launch, KernelState& state) {
  const AgentModel& agent = *launch.agent;
  auto range = AddressSpace::instance().find(launch.kernelObject, agent.index);
  if (!range || !range->holds(launch.kernelObject, kDescriptorBytes)) return false;
  const uint64_t object = launch.kernelObject;
  const uint32_t rsrc1 = load<uint32_t>(object + kResources1), rsrc2 = load<uint32_t>(object + kResources2);
  const uint32_t rsrc3 = load<uint32_t>(object + kResources3);
  const bool unified = agent.target == Target::gfx90a;

  state.entry = object + load<uint64_t>(object + kEntryOffset);
  state.rows = (field(rsrc1, 0, 6) + 1) * (unified ? 8 : 4);
  state.accumOffset = unified ? (field(rsrc3, 0, 6) + 1) * 4 : 0;
  state.vgprs = unified ? std::min(state.rows, 256u) : state.rows;
  state.sgprs = (field(rsrc1, 6, 4) + 1) * 8;
  state.mode = field(rsrc1, 12, 8) | (field(rsrc1, 21, 1) ? mode::kDx10Clamp : 0) |
               (field(rsrc1, 23, 1) ? mode::kIeee : 0) |
               (agent.target != Target::gfx803 && field(rsrc1, 26, 1) ? mode::kFp16Overflow : 0);
  state.scratchOffset = field(rsrc2, 0, 1);
  state.userSgprs = field(rsrc2, 1, 5);
  for (unsigned axis = 0; axis < 3; ++axis) state.groupId[axis] = field(rsrc2, 7 + axis, 1);
  state.groupInfo = field(rsrc2, 10, 1);
  state.workItemIds = field(rsrc2, 11, 2);
  state.properties = load<uint16_t>(object + kProperties);
  return true;
}

GroupShape shapeOf(const Launch& launch, const uint32_t (&id)[3]) {
  GroupShape shape;
  for (unsigned axis = 0; axis < 3; ++axis) {
    const uint32_t begin = id[axis] * launch.workgroup[axis];
    shape.size[axis] = std::min<uint32_t>(launch.workgroup[axis], launch.grid[axis] - begin);
  }
  return shape;
}

void enterKernel(Wave& wave, const Launch& launch, const KernelState& state, const Workgroup& group,
                 const GroupShape& shape, unsigned waveInGroup, uint64_t scratchOffset) {
  const AgentModel& agent = *launch.agent;
  wave.target = agent.target;
  wave.agent = agent.index;
  wave.waveInGroup = static_cast<uint8_t>(waveInGroup);
  wave.vgprCount = state.vgprs;
  wave.sgprCount = state.sgprs;
  if (agent.target == Target::gfx90a) wave.accVgpr = wave.vgpr + state.accumOffset * kLanes;
  std::memset(wave.sgpr, 0, sizeof wave.sgpr);
  wave.scc = false;
  wave.mode = state.mode;
  wave.status = wave.trapStatus = 0;
  // WAVE_ID 3:0, SIMD_ID 5:4: waves go round the four SIMDs of a compute unit.
  wave.hardwareId = waveInGroup / 4 | (waveInGroup & 3) << 4;
  wave.executed = 0;
  wave.stepping = false;
  wave.lds = group.lds;
  wave.ldsBytes = group.ldsBytes;
  wave.sharedAperture = agent.sharedAperture;
  wave.privateAperture = agent.privateAperture;
  wave.scratch = launch.scratchBase && launch.scratchWaveBytes ? launch.scratchBase + scratchOffset : 0;
  wave.scratchPerLane = wave.scratch ? launch.scratchWaveBytes / kLanes : 0;
  if (wave.fault.kind != FaultKind::None) wave.fault = {};

  SgprWriter sgprs(wave);
  putUserSgprs(sgprs, launch, state, agent.target);
  putSystemSgprs(sgprs, state, group, shape, waveInGroup, scratchOffset);
  putWorkItemIds(wave, state, shape, waveInGroup);

  const uint32_t lanes = std::min(shape.workItems() - waveInGroup * kLanes, kLanes);
  wave.setExec(lanes == kLanes ? ~uint64_t{0} : (uint64_t{1} << lanes) - 1);
}

}  // namespace softgpu
