/* SPDX-License-Identifier: MIT */
/* Map definitions of every form, with initial contents. */
#include "bpf.h"

enum { BPF_MAP_TYPE_ARRAY_OF_MAPS = 12, BPF_MAP_TYPE_HASH_OF_MAPS = 13, BPF_MAP_TYPE_BLOOM_FILTER = 30 };
enum { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*tail_call)(void *ctx, void *map, __u32 index) = (void *)12;

struct key { __be32 address; __u16 port; };
struct value { __u64 packets, bytes; };

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
};

struct inner inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_NONE);
	__type(key, struct key);
	__type(value, struct value);
} typed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 12);
	__uint(value_size, sizeof(struct value));
} sized SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [1] = &inner_two, [3] = &inner_one } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 16);
		__type(key, __u64);
		__type(value, __u8);
	});
} outer_hash SEC(".maps");

SEC("xdp")
int last(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int middle(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(struct xdp_md *));
} jumps SEC(".maps") = { .values = { [0] = (void *)&middle, [2] = (void *)&last } };

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 3);
	__uint(numa_node, 0);
	__type(value, __u32);
} seen SEC(".maps");

SEC("xdp")
int middle(struct xdp_md *ctx)
{
	tail_call(ctx, &jumps, 2);
	return XDP_DROP;
}

SEC("xdp")
int start(struct xdp_md *ctx)
{
	struct key key = {};
	__u32 slot = 1;
	void *map = lookup(&outer, &slot);

	if (map && lookup(map, &slot))
		return XDP_TX;
	if (lookup(&typed, &key) || lookup(&outer_hash, &slot))
		return XDP_PASS;
	tail_call(ctx, &jumps, 0);
	return XDP_ABORTED;
}

LICENSE("GPL");
