// Every kind of argument: what arrives is written to `out` as it lies in memory, 8 bytes for each scalar.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable

typedef struct {
  char tag;
  double weight;
  int counts[3];
} record;

__attribute__((visibility("protected"))) __kernel void arguments_scalars(
    __global ulong* out, char i8, uchar u8, short i16, ushort u16, int i32, uint u32, long i64, ulong u64, half f16,
    float f32, double f64) {
  out[0] = (ulong)(long)i8;
  out[1] = u8;
  out[2] = (ulong)(long)i16;
  out[3] = u16;
  out[4] = (ulong)(long)i32;
  out[5] = u32;
  out[6] = (ulong)i64;
  out[7] = u64;
  out[8] = __builtin_bit_cast(ushort, f16);
  out[9] = __builtin_bit_cast(uint, f32);
  out[10] = __builtin_bit_cast(ulong, f64);
}

__attribute__((visibility("protected"))) __kernel void arguments_structs(__global double* out, record first, char odd,
                                                                         record second, float4 vector) {
  out[0] = first.tag;
  out[1] = first.weight;
  out[2] = first.counts[0] + 100.0 * first.counts[1] + 10000.0 * first.counts[2];
  out[3] = odd;
  out[4] = second.tag;
  out[5] = second.weight;
  out[6] = second.counts[0] + 100.0 * second.counts[1] + 10000.0 * second.counts[2];
  out[7] = vector.x + 100.0 * vector.y + 10000.0 * vector.z + 1000000.0 * vector.w;
}

// out[i] = constants[i] + inputs[i], by way of two areas of LDS whose sizes the launch says; one work-item per element, one workgroup.
__attribute__((visibility("protected"))) __kernel void arguments_pointers(
    __global int* restrict out, __constant int* constants, __global const volatile int* inputs, __local int* left,
    __local double* right) {
  uint i = __builtin_amdgcn_workitem_id_x();
  left[i] = constants[i];
  right[i] = inputs[i];
  __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
  __builtin_amdgcn_s_barrier();
  __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
  uint other = __builtin_amdgcn_workgroup_size_x() - 1 - i;
  out[other] = left[other] + (int)right[other];
}
