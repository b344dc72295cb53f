/* Every device by its number, at once and with data that stays: prints what each of them says. */
#include <omp.h>
#include <stdio.h>

enum { N = 1000 };

static int data[4][N];
#pragma omp declare target
static int on_device = 5;
#pragma omp end declare target

int main(void) {
  const int devices = omp_get_num_devices();
  printf("devices: %d\n", devices);
  for (int d = 0; d < devices; d++) {
    for (int i = 0; i < N; i++) data[d][i] = d + i;
#pragma omp target enter data map(to : data[d]) device(d)
  }
  /* A variable of the device's own: each device has its. */
  for (int d = 0; d < devices; d++) {
#pragma omp target device(d)
    on_device += d;
#pragma omp target update from(on_device) device(d)
    printf("device %d: %d\n", d, on_device);
    on_device = 5;
  }
#pragma omp parallel num_threads(4)
#pragma omp for
  for (int d = 0; d < devices; d++) {
    for (int k = 0; k < 5; k++) {
#pragma omp target teams distribute parallel for device(d) map(tofrom : data[d])
      for (int i = 0; i < N; i++) data[d][i] = data[d][i] * 3 + d;
    }
  }
#pragma omp parallel for num_threads(2)
  for (int d = 0; d < devices; d++) {
    int self = -1;
#pragma omp target device(d) map(from : self)
    self = omp_get_device_num();
    if (self != d) printf("device %d thinks it is %d\n", d, self);
  }
  for (int d = 0; d < devices; d++) {
#pragma omp target exit data map(from : data[d]) device(d)
    long sum = 0;
    for (int i = 0; i < N; i++) sum += data[d][i];
    printf("device %d: %ld\n", d, sum);
  }
  return 0;
}
