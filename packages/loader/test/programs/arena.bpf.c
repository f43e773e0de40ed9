/* SPDX-License-Identifier: MIT */
/* Variables that lie in an arena. */
#include "bpf.h"

#define __arena __attribute__((address_space(1)))

enum { BPF_MAP_TYPE_ARENA = 33, BPF_F_MMAPABLE = 0x400 };

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
} arena SEC(".maps");

int __arena first = 5;
__u64 __arena second = 7;

SEC("syscall")
int sum(void *ctx)
{
	first += 1;
	return first + second;
}

char _license[] SEC("license") = "GPL";
