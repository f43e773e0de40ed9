/* SPDX-License-Identifier: MIT */
/* Prints the instructions of one program of an object as libbpf relocates them to the types of a file. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct bpf_object_open_opts options = { .sz = sizeof(options) };
	struct bpf_program *program, *wanted = NULL;
	struct bpf_object *object;

	if (argc != 4)
		return 1;
	options.btf_custom_path = argv[2];
	libbpf_set_print(NULL);
	object = bpf_object__open_file(argv[1], &options);
	if (!object)
		return 2;
	bpf_object__for_each_program(program, object) {
		int is_wanted = !strcmp(bpf_program__name(program), argv[3]);

		bpf_program__set_autoload(program, is_wanted);
		if (is_wanted)
			wanted = program;
	}
	if (!wanted)
		return 3;
	/* Whether the kernel takes it is none of the matter. */
	bpf_object__load(object);
	for (size_t i = 0; i < bpf_program__insn_cnt(wanted); i++) {
		const struct bpf_insn *insn = &bpf_program__insns(wanted)[i];

		printf("%d %d %d %d %d\n", insn->code, insn->dst_reg, insn->src_reg, insn->off, insn->imm);
	}
	return 0;
}
