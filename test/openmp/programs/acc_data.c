/* options: -fopenacc
   OpenACC's data: regions, presence, updates, dynamic counts, structures with pointers, device pointers, declared
   variables. */
#include <openacc.h>

#include "check.h"

enum { N = 128 };

static int constants[4] = {3, 5, 7, 11};
#pragma acc declare copyin(constants)

struct list {
  int count;
  int* values;
};

int main(void) {
  int a[N], b[N], host = 1;
  for (int i = 0; i < N; i++) a[i] = i;
#pragma acc parallel copyout(host)
  host = acc_on_device(acc_device_host);
  check_device("parallel", host);

#pragma acc data copy(a) create(b)
  {
    check_int("present", 0, acc_is_present(a, sizeof a), 1);
#pragma acc parallel loop present(a, b)
    for (int i = 0; i < N; i++) b[i] = a[i] * constants[i & 3];
#pragma acc update self(b[0 : 64])
    for (int i = 0; i < 64; i++) check_int("update", i, b[i], i * constants[i & 3]);
    for (int i = 0; i < N; i++) b[i] = 1;
#pragma acc update device(b[32 : 32])
#pragma acc parallel loop present(a, b)
    for (int i = 0; i < N; i++) a[i] += b[i];
    check_int("not yet", 0, a[5], 5);
  }
  for (int i = 0; i < N; i++) check_int("copy", i, a[i], i + (i / 32 == 1 ? 1 : i * constants[i & 3]));
  check_int("absent", 0, acc_is_present(a, sizeof a), 0);

  int* p = malloc(N * sizeof *p);
  for (int i = 0; i < N; i++) p[i] = i;
  acc_copyin(p, N * sizeof *p);
  acc_copyin(p, N * sizeof *p);
#pragma acc parallel loop present(p[0 : N])
  for (int i = 0; i < N; i++) p[i] = -i;
  acc_copyout(p, N * sizeof *p);
  check_int("counted", 0, p[9], 9);
  acc_copyout(p, N * sizeof *p);
  check_int("copied out", 0, p[9], -9);

  struct list list = {N, p};
#pragma acc enter data copyin(list)
#pragma acc enter data copyin(list.values[0 : N])
#pragma acc parallel loop present(list)
  for (int i = 0; i < N; i++) list.values[i] += list.count;
#pragma acc exit data copyout(list.values[0 : N])
#pragma acc exit data delete (list)
  for (int i = 0; i < N; i++) check_int("member", i, p[i], N - i);

  int* device = acc_malloc(N * sizeof *device);
  acc_memcpy_to_device(device, p, N * sizeof *p);
#pragma acc parallel loop deviceptr(device)
  for (int i = 0; i < N; i++) device[i] *= 2;
  acc_memcpy_from_device(a, device, N * sizeof *device);
  for (int i = 0; i < N; i++) check_int("device pointer", i, a[i], 2 * (N - i));
  acc_free(device);

#pragma acc data copyin(a)
  {
    int *there = acc_deviceptr(a), *inside = NULL;
#pragma acc host_data use_device(a)
    inside = a;
    check_int("host_data", 0, inside == there, 1);
    check_int("hostptr", 0, acc_hostptr(there) == a, 1);
  }

  int first = 5, own = 0;
#pragma acc parallel loop firstprivate(first) private(own) copyout(b)
  for (int i = 0; i < N; i++) {
    own = first + i;
    b[i] = own * 2;
  }
  for (int i = 0; i < N; i++) check_int("private", i, b[i], 2 * (5 + i));
  free(p);
  return finish();
}
