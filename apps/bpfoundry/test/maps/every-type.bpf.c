// Maps and variables of every kind of type that bpftool prints; compiled by map-commands.test.ts.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef char letter;

#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

enum small { A, B = 5, C = -1 };
enum without_sign { U0, U1 = 0x80000001u };
enum wide { WIDE = 0x123456789abcdefULL, SEVEN = 7 };
enum __attribute__((packed)) tiny { T0, T1 = 200 };

struct bits {
  unsigned a : 3;
  unsigned b : 7;
  int c : 5;
  __u64 d : 40;
  _Bool e : 1;
  unsigned f : 8;
};

struct inner {
  __u8 x;
  __u16 y;
  union {
    __u32 z;
    char text[4];
  };
  struct {
    int q;
  } named;
};

struct every {
  char c;
  signed char sc;
  unsigned char uc;
  short s;
  unsigned short us;
  int i;
  unsigned ui;
  long l;
  unsigned long ul;
  __int128 i128;
  unsigned __int128 u128;
  _Bool b;
  enum small small;
  enum without_sign without_sign;
  enum wide wide;
  enum tiny tiny;
  char text[8];
  letter letters[4];
  unsigned char bytes[3];
  const char ctext[5];
  char texts[2][4];
  void *pointer;
  int (*function)(int);
  struct bits bits;
  struct inner inner[2];
  int table[2][2];
  volatile const __u64 qualified;
};

struct with_float {
  int before;
  double number;
  int after;
};

struct key {
  __u32 a;
  __u16 b : 9, c : 7;
  __u16 d;
};

#define MAP(name, kind, key_type, value_type, entries, flags) \
  struct {                                                    \
    __uint(type, kind);                                       \
    __type(key, key_type);                                    \
    __type(value, value_type);                                \
    __uint(max_entries, entries);                             \
    __uint(map_flags, flags);                                 \
  } name SEC(".maps")

#define UNTYPED(name, kind, key_bytes, value_bytes, entries, flags) \
  struct {                                                          \
    __uint(type, kind);                                             \
    __uint(key_size, key_bytes);                                    \
    __uint(value_size, value_bytes);                                \
    __uint(max_entries, entries);                                   \
    __uint(map_flags, flags);                                       \
  } name SEC(".maps")

enum { HASH = 1, ARRAY = 2, PERF_EVENT_ARRAY = 4, PERCPU_HASH = 5, PERCPU_ARRAY = 6, LPM_TRIE = 11, RINGBUF = 27 };
enum { NO_PREALLOC = 1, ZERO_SEED = 64 };

MAP(every, ARRAY, __u32, struct every, 5, 0);
MAP(floats, ARRAY, __u32, struct with_float, 1, 0);
MAP(hashed, HASH, struct key, struct bits, 16, ZERO_SEED);
MAP(percpu, PERCPU_ARRAY, __u32, struct bits, 2, 0);
MAP(by_enum, ARRAY, enum small, int, 2, 0);
MAP(characters, ARRAY, __u32, char, 24, 0);
MAP(enums, ARRAY, __u32, enum without_sign, 4, 0);
MAP(texts, ARRAY, __u32, char[6], 8, 0);
UNTYPED(bytes, ARRAY, 4, 20, 2, 0);
UNTYPED(prefixes, LPM_TRIE, 8, 8, 3, NO_PREALLOC);
UNTYPED(percpu_bytes, PERCPU_HASH, 20, 17, 3, ZERO_SEED);
UNTYPED(events, PERF_EVENT_ARRAY, 4, 4, 2, 0);

struct {
  __uint(type, RINGBUF);
  __uint(max_entries, 4096);
} records SEC(".maps");

const volatile struct every constant = {
  .c = 'x',
  .text = "hello",
  .i = -5,
  .i128 = ((__int128)5 << 70) + 3,
  .wide = WIDE,
  .bits = {.a = 5, .d = 0x1234567890},
  .ctext = "a\"b",
};
struct every variable = {.c = '"', .ul = -1UL, .tiny = T1, .without_sign = U1};
static int counter;
struct with_float zero;

static void *(*const lookup)(void *map, const void *key) = (void *)1;

SEC("xdp")
int count(void *ctx)
{
  counter += constant.i + variable.i + zero.before;
  zero.before = counter;
  variable.c = counter;
  long key[3] = {};
  lookup(&every, key);
  lookup(&floats, key);
  lookup(&hashed, key);
  lookup(&percpu, key);
  lookup(&by_enum, key);
  lookup(&characters, key);
  lookup(&enums, key);
  lookup(&texts, key);
  lookup(&bytes, key);
  lookup(&prefixes, key);
  lookup(&percpu_bytes, key);
  return 2;
}

char _license[] SEC("license") = "GPL";
