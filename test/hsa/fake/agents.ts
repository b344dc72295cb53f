/** The agents of the HSA in memory, with their regions and pools. */
import type {
  AgentInfo,
  NativeAgent,
  NativePool,
  NativeRegion,
  PoolInfo,
  RegionInfo,
} from "../../../lib/hsa/native.js";
import { failure } from "./failure.js";
import type { FakeNative } from "./native.js";

const GPU: AgentInfo = {
  name: "gfx906",
  productName: "Fake",
  vendorName: "AMD",
  deviceType: "gpu",
  features: 1,
  profile: "base",
  machineModel: "large",
  defaultFloatRounding: 2,
  fastF16: true,
  wavefrontSize: 64,
  workgroupMaxDim: [1024, 1024, 1024],
  workgroupMaxSize: 1024,
  gridMaxDim: [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1],
  gridMaxSize: 2 ** 32 - 1,
  queuesMax: 128,
  queueMinSize: 64,
  queueMaxSize: 256,
  queueType: "multi",
  node: 1,
  isas: ["amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-"],
  cacheSizes: [16384, 0, 0, 0],
  versionMajor: 1,
  versionMinor: 1,
  chipId: 0x66a0,
  computeUnits: 4,
  maxClockMhz: 1000,
  driverNode: 1,
  maxWavesPerCu: 40,
  simdsPerCu: 4,
  cachelineSize: 64,
  memoryWidth: 4096,
  memoryMaxClockMhz: 1000,
  uuid: "GPU-0",
  bdfid: 0,
};

function pool(owner: FakeNative, info: Partial<PoolInfo>, hostAccessible: boolean): NativePool {
  return {
    info: () => ({
      segment: "global",
      flags: 4,
      size: 64 * 1024 * 1024,
      allocAllowed: true,
      allocGranule: 4096,
      allocAlignment: 4096,
      accessibleByAll: hostAccessible,
      allocMaxSize: 64 * 1024 * 1024,
      ...info,
    }),
    allocate: (bytes) => {
      if (!hostAccessible) {
        if (bytes > owner.deviceBytes)
          throw failure("ERR_HSA_OUT_OF_RESOURCES", { status: 0x1008, call: "hsa_amd_memory_pool_allocate" });
        owner.deviceBytes -= bytes;
      }
      return owner.allocate(bytes, hostAccessible);
    },
    access: () => (hostAccessible ? "allowed-by-default" : "never"),
  };
}

function region(owner: FakeNative, info: Partial<RegionInfo>): NativeRegion {
  return {
    info: () => ({
      segment: "global",
      flags: 3,
      size: 64 * 1024 * 1024,
      allocMaxSize: 64 * 1024 * 1024,
      allocAllowed: true,
      allocGranule: 4096,
      allocAlignment: 4096,
      ...info,
    }),
    allocate: (bytes) => owner.allocate(bytes, true),
  };
}

/** A processor and two GPUs. */
export function fakeAgents(owner: FakeNative): NativeAgent[] {
  const cpu: NativeAgent = {
    index: 0,
    handle: 0x100,
    info: () => ({ ...GPU, name: "cpu", deviceType: "cpu", isas: [] }),
    regions: () => [region(owner, {})],
    pools: () => [pool(owner, { flags: 2 }, true)],
  };
  const gpu = (index: number): NativeAgent => ({
    index,
    handle: 0x100 + index,
    info: () => GPU,
    regions: () => [region(owner, {})],
    pools: () => [
      pool(owner, {}, false),
      pool(owner, { segment: "group", flags: 0, size: 65536, allocAllowed: false }, false),
    ],
  });
  return [cpu, gpu(1), gpu(2)];
}
