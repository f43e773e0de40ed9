/* SPDX-License-Identifier: MIT */
/* For each section name of standard input: program type and expected attach type as libbpf has them; -1 for none. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[256];

	libbpf_set_print(NULL);
	while (fgets(line, sizeof(line), stdin)) {
		enum bpf_prog_type type = 0;
		enum bpf_attach_type attach = 0;

		line[strcspn(line, "\n")] = 0;
		if (libbpf_prog_type_by_name(line, &type, &attach))
			printf("%s -1 -1\n", line);
		else
			printf("%s %d %d\n", line, type, attach);
	}
	return 0;
}
