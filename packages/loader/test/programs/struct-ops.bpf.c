/* SPDX-License-Identifier: MIT */
/* Programs that stand in for functions of the kernel's congestion control, and of a structure that it has for tests. */
#include "bpf.h"

struct sock {
	unsigned short family;
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
	unsigned int (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(struct sock *sk);
	char name[16];
};

struct bpf_dummy_ops___mine {
	int (*test_1)(void *state);
};

SEC("struct_ops/ssthresh")
unsigned int threshold(unsigned long long *ctx)
{
	return 10;
}

SEC("struct_ops/cong_avoid")
void avoid(unsigned long long *ctx)
{
}

/* In a member of another name than the section says: the structure counts. */
SEC("struct_ops/undo")
unsigned int undo(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/test_1")
int dummy(unsigned long long *ctx)
{
	return 0;
}

SEC("struct_ops/set_state")
void nowhere(unsigned long long *ctx)
{
}

SEC("struct_ops/ssthresh")
unsigned int absent(unsigned long long *ctx)
{
	return 0;
}

SEC(".struct_ops")
struct tcp_congestion_ops first = {
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)avoid,
	.undo_cwnd = (void *)undo,
	.name = "first",
};

SEC(".struct_ops.link")
struct tcp_congestion_ops second = {
	.ssthresh = (void *)threshold,
	.name = "second",
};

SEC(".struct_ops.link")
struct bpf_dummy_ops___mine third = {
	.test_1 = (void *)dummy,
};

struct no_such_ops {
	unsigned int (*ssthresh)(struct sock *sk);
};

SEC(".struct_ops")
struct no_such_ops fourth = {
	.ssthresh = (void *)absent,
};

LICENSE("GPL");
