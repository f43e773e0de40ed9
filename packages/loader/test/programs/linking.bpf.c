/* SPDX-License-Identifier: MIT */
/* Calls of every kind, several programs in a section, and globals in several sections. */
#include "bpf.h"

static long (*bpf_loop)(__u32 nr_loops, void *callback_fn, void *callback_ctx, __u64 flags) = (void *)181;

const volatile int limit = 5;
const volatile __u8 mode = 1;
static const char text[] = "constant text";
int counter;
static __u64 hits;
static volatile int started = 7;
int table[4] = { 1, 2, 3, 4 };
__u32 seldom SEC(".data.seldom") = 9;
__attribute__((visibility("hidden"))) int own SEC(".bss.own");

static __noinline int scale(int a)
{
	return a * limit + started;
}

static __noinline int deeper(int a)
{
	return scale(a) + text[a & 7];
}

__noinline int shared(int a)
{
	counter++;
	return deeper(a) + table[a & 3];
}

__attribute__((visibility("hidden"))) __noinline int hidden(int a)
{
	return a ^ seldom;
}

static int add(__u32 index, __u64 *sum)
{
	*sum += index + scale(index);
	return 0;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	__u64 sum = mode;

	hits++;
	bpf_loop(4, add, &sum, 0);
	return shared(deeper(ctx->rx_queue_index)) + sum > 100 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	own += hidden(ctx->ingress_ifindex);
	return scale(own) ? XDP_PASS : XDP_TX;
}

SEC("xdp.frags")
int third(struct xdp_md *ctx)
{
	return hits ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int fourth(void *ctx)
{
	return shared(3) & 1;
}

SEC("?socket")
int fifth(void *ctx)
{
	return hidden(1);
}

LICENSE("Dual MIT/GPL");
