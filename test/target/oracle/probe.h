// What the probe kernel is told, and what it tells: one layout for the device and for whoever launches it.
// The first word of the target variable table is the address of a ProbeControl in device memory; the words of the items
// under test follow.
#pragma once

enum { kMostItems = 24, kMostBytes = 16 };

typedef struct {
  unsigned look;    // bytes to look at where the word points, at most kMostBytes; 0: the word itself is all
  unsigned trust;   // 1: the word is an address also outside of the range in which device memory is expected
  unsigned change;  // added to the first byte there
  unsigned bias;    // added to a pointer that is found there, before it is followed
} ProbeItem;

typedef struct {
  unsigned long word;
  unsigned char bytes[kMostBytes];
  unsigned looked;  // bytes
  unsigned followed;
  unsigned target;  // four bytes where the pointer found there points
  unsigned unused;
} ProbeResult;

typedef struct {
  unsigned long begin, end;  // device memory
  unsigned long count;
  unsigned long ran;
  ProbeItem items[kMostItems];
  ProbeResult results[kMostItems];
} ProbeControl;
