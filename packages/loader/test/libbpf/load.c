/* SPDX-License-Identifier: MIT */
/* Loads an object with libbpf and prints what it gave to the kernel: maps, then programs with their instructions. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

static const char *map_name(struct bpf_object *object, int fd)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__fd(map) == fd)
			return bpf_map__name(map);
	return "";
}

static void print_program(struct bpf_object *object, const struct bpf_program *program)
{
	const struct bpf_insn *insns = bpf_program__insns(program);
	size_t count = bpf_program__insn_cnt(program);

	printf("prog %s %d %d %zu\n", bpf_program__name(program), bpf_program__type(program),
	       bpf_program__expected_attach_type(program), count);
	for (size_t i = 0; i < count; i++) {
		const struct bpf_insn *insn = &insns[i];
		int names_map = insn->code == 0x18 && (insn->src_reg == 1 || insn->src_reg == 2);

		printf("insn %d %d %d %d %d %s\n", insn->code, insn->dst_reg, insn->src_reg, insn->off,
		       names_map ? 0 : insn->imm, names_map ? map_name(object, insn->imm) : "");
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	struct bpf_map *map;

	libbpf_set_print(NULL);
	object = argc == 2 ? bpf_object__open(argv[1]) : NULL;
	if (!object)
		return 2;
	if (bpf_object__load(object))
		return 3;
	bpf_object__for_each_map(map, object)
		printf("map %s %d %u %u %u %u\n", bpf_map__name(map), bpf_map__type(map), bpf_map__key_size(map),
		       bpf_map__value_size(map), bpf_map__max_entries(map), bpf_map__map_flags(map));
	bpf_object__for_each_program(program, object)
		print_program(object, program);
	return 0;
}
