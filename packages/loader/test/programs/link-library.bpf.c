/* SPDX-License-Identifier: MIT */
/* What link-app.bpf.c needs. */
#include "bpf.h"

struct details { int more; };
struct totals { __u64 packets; struct details *more; };

const volatile int limit = 100;
int seen = 7;
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, struct totals); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u64); } others SEC(".maps");

static void *(*lookup)(void *map, const void *key) = (void *)1;

static volatile int own = 5;
struct details known_details = { 1 };
static const char word[] = "word";

static __noinline int same_name(int bytes)
{
	return bytes * 5 + own + word[bytes & 3];
}

__attribute__((visibility("hidden"))) __noinline int classify(int bytes)
{
	__u32 key = bytes;
	__u64 *known = lookup(&others, &key);

	return known ? *known + same_name(bytes) : same_name(bytes);
}

__attribute__((weak)) __noinline int replaced(int bytes)
{
	return bytes + 1000;
}

__noinline int fallback(int bytes)
{
	return bytes + 2000;
}

SEC("xdp")
int other_entry(struct xdp_md *ctx)
{
	return classify(ctx->data_end - ctx->data) & 1 ? XDP_DROP : XDP_PASS;
}

LICENSE("GPL");
