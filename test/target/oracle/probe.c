// The image of the differential test: a kernel that tells what a target region sees of its mapped variables.
#include "gcn.h"
#include "probe.h"

// Run when an image is loaded and unloaded.
kernel _init_array(const global void* table) { (void)table; }
kernel _fini_array(const global void* table) { (void)table; }

// Where GCC 12's plugin puts the device's number.
visible int __gomp_device_num;

static u32 wordAt(const global u8* at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }

// Halves of pointers stay as they are: their bytes are not the same wherever the test runs. All else is marked in the topmost byte, or small.
static int isData(u32 value) { return value < 0x100 || value >> 24 == 0xa5 || value >> 24 == 0x5a; }

kernel probe(const global u64* table) {
  if (global_x() != 0 || local_y() != 0 || local_z() != 0 || group_y() != 0 || group_z() != 0) return;
  global ProbeControl* control = (global ProbeControl*)table[0];
  const u64 begin = control->begin, end = control->end;
  for (u32 i = 0; i < control->count; i++) {
    const global ProbeItem* item = &control->items[i];
    global ProbeResult* result = &control->results[i];
    const u64 word = table[i + 1];
    result->word = word;
    result->looked = result->followed = 0;
    if (item->look == 0 || (!item->trust && (word < begin || word + item->look > end))) continue;
    global u8* at = (global u8*)word;
    for (u32 k = 0; k < item->look; k++) result->bytes[k] = at[k];
    result->looked = item->look;
    if (item->look >= 8) {
      const u64 pointer = (wordAt(at) | (u64)wordAt(at + 4) << 32) + item->bias;
      if (pointer >= begin && pointer + 4 <= end) {
        result->followed = 1;
        result->target = wordAt((const global u8*)pointer);
      }
    }
    if (item->change != 0 && item->look >= 4 && isData(wordAt(at))) at[0] += item->change;
  }
  control->ran = 1;
}
