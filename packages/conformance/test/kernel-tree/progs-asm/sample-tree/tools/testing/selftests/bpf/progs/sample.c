/* One of each construct that the assembler's way reads. Written for these tests. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "sample_macros.h"

#define ENTRIES 4

struct leaf {
	int number;
	struct leaf *next;
};

struct value {
	long long count;
	struct leaf __kptr *leaf;
	unsigned int low : 3;
	unsigned int high : 5;
	union {
		char text[ENTRIES];
		enum { RED, GREEN = 5, BLUE } colour;
	};
	bool ready;
};

typedef const volatile unsigned long limit_t;

struct {
	__uint(type, 1);
	__uint(max_entries, ENTRIES);
	__uint(map_flags, 1 << 0);
	__type(key, long long);
	__type(value, struct value);
} hash SEC(".maps");

struct inner {
	__uint(type, 2);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8);
} inner_map SEC(".maps");

struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [1] = (void *)&inner_map },
};

int target(struct __sk_buff *skb);

struct {
	__uint(type, 3);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(pinning, 1);
	__array(values, int (void *));
} jumps SEC(".maps") = {
	.values = { [2] = (void *)&target },
};

limit_t limit = 0x123456789;
int zero;
short filled[] = { 1, -2, [4] = 0x7fff };
char own SEC(".data.own") = 'x';
struct value initial = { .count = -1, .low = 5, .high = 21, .colour = BLUE };
struct value many[2] = { [1] = { .text = "abc", .ready = true } };
char words[2][4] = { "ab", "cdef" };
int *where = &zero;
const struct { char letter; unsigned long long wide; bool flags[3]; } table[] = {
	{ 'a', 1ULL << 63, { 1, 0, 1 } }, { .wide = ~0ULL },
};
enum small { MINUS = -1, HUGE_ = 0x7fffffff } choice = MINUS;
_Bool truth = 7;
unsigned char narrow = 0x1ff;
static int untouched = 3;

static __attribute__((used)) __naked int twice(int x)
{
	asm volatile ("r0 = r1; r0 += r1; exit;" ::: __clobber_all);
}

__naked unsigned long identity(unsigned long x)
{
	asm volatile ("r0 = r1; exit;" ::: __clobber_all);
}

int compiled(int x)
{
	return x * 3;
}

extern int kernel_function(void *p) __attribute__((section(".ksyms")));

SEC("socket")
__tag("description=a \"quoted\" one") __tag("expect_success") __msg("first") __msg("first")
__naked void entry(void)
{
	asm volatile ("					\
	r1 = 0;						\
	*(u64*)(r10 - 8) = r1;				\
	r2 = r10;					\
	r2 += -8;	/* a comment */			\
	r1 = %[hash] ll;				\
	call %[bpf_map_lookup_elem];			\
	if r0 == 0 goto l0_%=;				\
	r0 = *(u8*)(r0 + %[text]);			\
	r0 s%%= 7;					\
	r0 &= %[mask];					\
l0_%=:	exit;						\
"	:
	: __imm(bpf_map_lookup_elem), __imm_addr(hash),
	  __imm_const(text, offsetof(struct value, text)),
	  __imm_const(mask, ~(sizeof(struct value) - 1))
	: __clobber_all);
}

SEC("tc")
__tag("expect_success")
__naked int target(struct __sk_buff *skb)
{
	asm volatile (
		"r1 = 3;"
		"1: r1 -= 1;"
		"if r1 s> 0 goto 1b;"
		"call twice;"
		"r1 = r0;"
		"call identity;"
		"goto 2f;"
		"2: .8byte %[store];"
		"r2 = %[filled_4] ll;"
		"r2 = %[own] ll;"
		"r2 = %[limit] ll;"
		"r2 = %[table] ll;"
		"r2 = %[words] ll;"
		"r2 = %[narrow] ll;"
		"exit;"
		:
		: __imm_insn(store, ((struct bpf_insn) { .code = 0x7a, .dst_reg = 10, .off = -16, .imm = 9 })),
		  __imm_const(filled_4, &filled[4]), __imm_addr(own), __imm_addr(limit),
		  __imm_addr(table), __imm_addr(words), __imm_addr(narrow)
		: __clobber_all);
}

SEC("?xdp")
__naked int registers(void *ctx)
{
	asm volatile (
		"r6 = 0;"
		"r1 = %[zero];"
		"r2 = %[twice];"
		"r3 = 0; r4 = 0; call %[bpf_loop];"
		"exit;"
		:
		: __imm_ptr(zero), __imm_ptr(twice), __imm(bpf_loop)
		: __clobber_common, "r6");
}

SEC("tc")
__naked int kernel(void)
{
	asm volatile ("call %[kernel_function]; exit;" : : __imm(kernel_function) : __clobber_all);
}

SEC("socket")
__naked int statements(void)
{
	asm volatile ("r0 = 1;" ::: "r0");
	asm volatile ("r0 += %[red]; exit;" :: __imm_const(red, GREEN) : "r0");
}

SEC("tc") int plain(struct __sk_buff *skb)
{
	return untouched + zero;
}

SEC("tc") __naked int calls_compiled(void)
{
	asm volatile ("call compiled; exit;" ::: __clobber_all);
}

#ifdef WITH_UNREADABLE
SEC("tc") __naked int unreadable(void)
{
	asm volatile ("r0 = 1; frobnicate r0; exit;" ::: __clobber_all);
}
#endif

char _license[] SEC("license") = "GPL";
