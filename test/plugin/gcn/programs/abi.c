/*
 * What GCC 13 and later put into an image, made with clang: the runtime's symbols, constructors, destructors, and kernels that find the
 * 56-byte block of arguments behind their one pointer. Written from the reference's tables; -D chooses what tells of the release.
 */
typedef unsigned long u64;
typedef unsigned u32;

struct entry {
  int written;
  char message[128];
  int type;
  union {
    long i;
    double d;
    char text[128];
  } value;
};
struct output {
  int return_value;
  u32 next;
  struct entry queue[1024];
  u32 consumed;
};
struct arguments {
  u64 *table;
  u64 spare;
  struct output *output;
  u64 *heap;
  char *arena, *stack;
  int arena_bytes, stack_bytes;
};

#define SHARED __attribute__((visibility("protected"), used))
#define KERNEL SHARED __attribute__((amdgpu_kernel)) void

#ifdef RELEASE
__asm__(".section .comment,\"MS\",@progbits,1\n.asciz \"GCC: (GNU) " RELEASE "\"\n.text");
#endif
#ifdef ICVS
SHARED int __gomp_additional_icvs[4] = {1, 2, 3, 4};
#endif
#ifdef DEVICE_NUM
SHARED int __gomp_device_num = 5;
#endif

SHARED int counter = 7;
SHARED double weights[3] = {1, 2, 3};
/* Set by the constructors; what they find of their own launch. */
SHARED u64 found[4];

SHARED int one(int x) { return x + 1; }
SHARED int two(int x) { return 2 * x; }

#ifndef BARE
SHARED struct {
  void *address;
  u64 size;
} variables[] __asm__(".offload_var_table") = {{&counter, sizeof counter}, {weights, sizeof weights}, {found, sizeof found}};
SHARED void *indirect[] __asm__(".offload_ind_func_table") = {(void *)one, (void *)two};
#endif
SHARED u64 *map __asm__("__gomp_indirect_addr_map");

static struct arguments *arguments(void) { return (struct arguments *)__builtin_amdgcn_kernarg_segment_ptr(); }

static void print(const char *message, int type, u64 value) {
  struct output *output = arguments()->output;
  u32 index = __atomic_fetch_add(&output->next, 1, __ATOMIC_ACQ_REL);
  while (index - __atomic_load_n(&output->consumed, __ATOMIC_ACQUIRE) >= 1024) __builtin_amdgcn_s_sleep(1);
  struct entry *entry = &output->queue[index % 1024];
  int i = 0;
  for (; message[i] != 0; i++) entry->message[i] = message[i];
  entry->message[i] = 0;
  entry->type = type;
  entry->value.i = (long)value;
  entry->value.text[8] = 0;
  __atomic_store_n(&entry->written, 1, __ATOMIC_RELEASE);
}

KERNEL init(u64 *table) __asm__("_init_array");
KERNEL init(u64 *table) {
  if (__builtin_amdgcn_workitem_id_y() != 0) return;
#ifdef FAILING_AT_ONCE
  __builtin_trap();
#endif
  found[0] += 42;
  found[1] = (u64)table;
  found[2] = (u64)arguments()->arena;
  found[3] = (u64)arguments()->stack;
  print("constructed ", 0, (u64)counter);
}

KERNEL fini(u64 *table) __asm__("_fini_array");
KERNEL fini(u64 *table) {
  if (__builtin_amdgcn_workitem_id_y() != 0) return;
#ifdef FAILING
  __builtin_trap();
#endif
  print("destructed ", 0, (u64)counter);
}

/* Sixteen words of each wave: the block's, and its dispatch packet's. It uses its arena and stack from end to end. */
KERNEL look(u64 *table) __asm__("main._omp_fn.0");
KERNEL look(u64 *table) {
  if (__builtin_amdgcn_workitem_id_y() != 0) return;
  struct arguments *own = arguments();
  u32 *packet = (u32 *)__builtin_amdgcn_dispatch_ptr();
  u64 team = __builtin_amdgcn_workgroup_id_x(), thread = __builtin_amdgcn_workitem_id_z(), threads = packet[5];
  u64 wave = team * threads + thread;
  u64 *to = (u64 *)table[0] + 16 * wave;
  to[0] = (u64)own->table;
  to[1] = (u64)own->output - (u64)own;
  to[2] = (u64)own->heap;
  to[3] = own->heap[0];
  to[4] = (u64)own->arena;
  to[5] = (u64)own->stack;
  to[6] = (u64)own->arena_bytes;
  to[7] = (u64)own->stack_bytes;
  to[8] = packet[3];
  to[9] = threads;
  to[10] = packet[7];
  to[11] = table[1];
  to[12] = (u64)counter;
  char *stack = own->stack + wave * (u64)own->stack_bytes;
  *(u64 *)stack = wave;
  *(u64 *)(stack + own->stack_bytes - 8) = wave;
  if (own->arena == 0 || thread != 0) return;
  char *arena = own->arena + team * (u64)own->arena_bytes;
  *(u64 *)arena = team;
  *(u64 *)(arena + own->arena_bytes - 8) = team;
}

KERNEL speak(u64 *table) __asm__("speak._omp_fn.0");
KERNEL speak(u64 *table) {
  if (__builtin_amdgcn_workitem_id_y() != 0) return;
  print("an integer ", 0, table[0]);
  print("a double ", 1, 0x400921fb54442d18);
  print("a line ", 2, 0x6f6c6c6568);
  print("no line ", 3, 0x6f6c6c6568);
  print("", 4, 0);
}

/* The value that the runtime makes of a kernel's end. */
KERNEL end(u64 *table) __asm__("end._omp_fn.0");
KERNEL end(u64 *table) { arguments()->output->return_value = (int)table[0]; }

/* Up to three pairs of the map of indirect functions, behind them where the functions are. */
KERNEL see_map(u64 *table) __asm__("see_map._omp_fn.0");
KERNEL see_map(u64 *table) {
  u64 *to = (u64 *)table[0];
  for (int i = 0; i < 5; i++) to[i] = map == 0 ? 1 : map[i];
  to[5] = (u64)one;
  to[6] = (u64)two;
}
