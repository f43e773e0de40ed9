/* SPDX-License-Identifier: MIT */
/* The half of a program that has the entry: what it calls and uses is in link-library.bpf.c. */
#include "bpf.h"

struct totals { __u64 packets; struct details *more; };

extern int classify(int bytes);
extern int replaced(int bytes) __attribute__((weak));
extern const volatile int limit;
extern int seen;
extern struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct totals); } counts __attribute__((section(".maps")));

static void *(*lookup)(void *map, const void *key) = (void *)1;

static volatile int own = 3;

__attribute__((weak)) __noinline int fallback(int bytes)
{
	return bytes + own;
}

static __noinline int same_name(int bytes)
{
	return bytes * 3 + own;
}

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	__u32 key = 1, bytes = ctx->data_end - ctx->data;
	struct totals *totals = lookup(&counts, &key);

	if (totals)
		totals->packets++;
	seen++;
	if (bytes > limit)
		return XDP_DROP;
	return classify(same_name(bytes)) + replaced(1) + fallback(1);
}

LICENSE("GPL");
