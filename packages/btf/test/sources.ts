/** C that makes clang write every kind of type. */
export const EVERY_KIND = `
#define SEC(name) __attribute__((section(name), used))
#define tag(text) __attribute__((btf_type_tag(text)))
#define declaration(text) __attribute__((btf_decl_tag(text)))
typedef unsigned char u8; typedef unsigned int u32; typedef unsigned long long u64; typedef signed char s8;
struct ahead; union later;
enum colour { RED, GREEN = 7, BLUE = 4294967295u };
enum sign { MINUS = -3, PLUS = 3 };
enum wide { HUGE = 0x123456789abcdefULL, SMALL = 1 };
enum signed_wide { LOWEST = -0x123456789abcdefLL };
struct bits { u32 a : 3, b : 7; u64 c : 33; u8 : 2; s8 d : 5; enum colour e : 4; _Bool f : 1; };
struct nested { int first; struct { int x; union { u64 y; float z; }; }; union { struct { u8 deep[3][4]; }; double w; }; };
struct list { struct list *next, *prev; const volatile struct ahead *fwd; union later *uni; int (*call)(int, ...); };
struct declared { int plain; int tagged declaration("member"); } declaration("whole");
typedef int (*function)(const struct list *, u8[4], enum wide);
struct pointers { int tag("user") *p; const int tag("rcu") *q; char *const *volatile r; void *v; int *restrict s; };
struct flexible { u32 count; u64 items[]; };
int counter declaration("global");
static volatile u64 hidden = 3;
const struct nested constant = { 4 };
extern const int outside __attribute__((section(".ksyms")));
struct { int (*type)[1]; u32 *key; struct bits *value; int (*max_entries)[64]; } table SEC(".maps");
struct everything { struct bits b; struct nested n; struct list l; struct declared d; struct pointers p; struct flexible *f;
  enum colour c; enum sign s; enum wide w; enum signed_wide sw; function fn; long double ld; __int128 i; };
struct everything *use;
static __attribute__((noinline)) int helper(struct everything *e, int n declaration("parameter")) { return e->b.b + n + (int)hidden; }
__attribute__((noinline)) int global_function(int n) { return n * 3 + constant.first; }
SEC("xdp") int entry(void *ctx) { counter++; return helper(use, counter) + global_function(2) + outside + (int)(long)&table; }
char _license[] SEC("license") = "GPL";
`
