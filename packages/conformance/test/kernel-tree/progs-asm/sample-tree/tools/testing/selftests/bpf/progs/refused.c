/* A map that loaders refuse: nothing of such a file can be loaded. Written for these tests. */
#include <linux/bpf.h>
#include "sample_macros.h"

struct {
	__uint(max_entries, 1);
} typeless SEC(".maps");

SEC("tc")
__naked int program(void)
{
	asm volatile ("r0 = 1; exit;" ::: __clobber_all);
}
