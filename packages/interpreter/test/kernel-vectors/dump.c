/*
 * Prints the kernel's tables as JSON Lines. macros.inc and tables.inc are cut from the user's kernel tree before this is
 * compiled; see test-bpf.ts.
 *
 *   dump INSNS.bin [generated]    index on stdout, instructions (8 bytes a slot) in INSNS.bin
 */
#include "shim.h"
#include "macros.inc"
#include "tables.inc"

static FILE *slots_file;
static unsigned long slots_written;

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void put_insns(const void *insns, unsigned int slots)
{
	printf(",\"start\":%lu,\"slots\":%u", slots_written, slots);
	if (fwrite(insns, sizeof(struct bpf_insn), slots, slots_file) != slots)
		abort();
	slots_written += slots;
}

/* As the kernel counts: up to the last slot with a non-zero code or immediate. */
static unsigned int literal_length(const struct bpf_insn *insns)
{
	int at = MAX_INSNS - 1;

	while (at > 0 && !insns[at].code && !insns[at].dst_reg && !insns[at].src_reg && !insns[at].imm)
		at--;
	return at + 1;
}

static unsigned int tail_call_length(const struct bpf_insn *insns)
{
	unsigned int length = 0;

	while (length < MAX_INSNS && insns[length].code)
		length += insns[length].code == (BPF_LD | BPF_DW | BPF_IMM) ? 2 : 1;
	return length;
}

static void dump_test(int id, bool generated)
{
	struct bpf_test *test = &tests[id];
	bool filled = test->fill_helper != NULL;

	printf("{\"id\":%d,\"descr\":", id);
	print_text(test->descr);
	printf(",\"generated\":%s,\"flags\":%u,\"data\":\"", filled ? "true" : "false", test->aux & ~TEST_TYPE_MASK);
	for (int i = 0; i < MAX_DATA; i++)
		printf("%02x", test->data[i]);
	printf("\",\"runs\":[");
	for (int i = 0; i < MAX_SUBTESTS; i++) {
		if (i > 0 && !test->test[i].data_size && !test->test[i].result)
			break;
		printf("%s{\"dataBytes\":%d,\"result\":%u}", i ? "," : "", test->test[i].data_size, test->test[i].result);
	}
	printf("]");
	if (filled && generated) {
		if (test->fill_helper(test))
			abort();
		put_insns(test->u.ptr.insns, test->u.ptr.len);
		free(test->u.ptr.insns);
	} else if (!filled) {
		put_insns(test->u.insns_int, literal_length(test->u.insns_int));
	}
	printf("}\n");
}

static void dump_tail_call_test(int id)
{
	const struct tail_call_test *test = &tail_call_tests[id];

	printf("{\"tailCall\":true,\"id\":%d,\"descr\":", id);
	print_text(test->descr);
	printf(",\"flags\":%d,\"result\":%d", test->flags, test->result);
	put_insns(test->insns, tail_call_length(test->insns));
	printf("}\n");
}

int main(int argc, char **argv)
{
	slots_file = argc > 1 ? fopen(argv[1], "wb") : NULL;
	if (!slots_file)
		return 1;
	for (unsigned int id = 0; id < ARRAY_SIZE(tests); id++)
		if ((tests[id].aux & TEST_TYPE_MASK) == INTERNAL)
			dump_test(id, argc > 2);
	for (unsigned int id = 0; id < ARRAY_SIZE(tail_call_tests); id++)
		dump_tail_call_test(id);
	return fclose(slots_file) ? 1 : 0;
}
