/** What libgomp's plugin library asks, by its numbers: native/libgomp_plugin/bridge.h has what each of them carries. */
export const OPERATION = {
  numDevices: 0,
  initDevice: 1,
  finiDevice: 2,
  loadImage: 3,
  unloadImage: 4,
  alloc: 5,
  free: 6,
  hostToDevice: 7,
  deviceToHost: 8,
  deviceToDevice: 9,
  memset: 10,
  canRun: 11,
  run: 12,
  asyncRun: 13,
  exec: 14,
  asyncExec: 15,
  queueConstruct: 16,
  queueDestruct: 17,
  queueTest: 18,
  queueSynchronize: 19,
  queueSerialize: 20,
  queueCallback: 21,
  queueHostToDevice: 22,
  queueDeviceToHost: 23,
  property: 24,
  dimensions: 25,
  sessionTable: 26,
  uid: 27,
  end: 28,
  libgomp: 29,
  queueDeviceToDevice: 30,
} as const;

export type OperationName = keyof typeof OPERATION;

/** What a call carries; as many as an operation has, and zeros behind them. */
export type Words = readonly number[];
