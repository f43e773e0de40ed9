/* SPDX-License-Identifier: MIT */
/* For each blob of standard input (a u32 of its length, then its bytes): 0 when BPF_BTF_LOAD takes it, else the errno. */
#include <linux/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char blob[1 << 20];

int main(void)
{
	uint32_t length;

	while (fread(&length, sizeof(length), 1, stdin) == 1 && length <= sizeof(blob) && fread(blob, 1, length, stdin) == length) {
		union bpf_attr attr;
		long fd;

		memset(&attr, 0, sizeof(attr));
		attr.btf = (uint64_t)(uintptr_t)blob;
		attr.btf_size = length;
		fd = syscall(__NR_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
		printf("%d\n", fd < 0 ? errno : 0);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}
