/*
 * Feeds the nfp driver's translator from standard input and prints what it makes: see README.md for the lines.
 */
#include <stdarg.h>

#include "main.h"

#define MAX_INSNS 4096
#define MAX_MAPS 64
#define MAX_LINE 4096

struct loaded_map {
	struct bpf_offloaded_map offloaded;
	struct nfp_bpf_map *driver;
};

/* One program on its way through the driver */
struct session {
	struct nfp_app_bpf bpf;
	struct nfp_prog prog;
	struct nfp_bpf_vnic vnic;
	struct nfp_net net;
	struct net_device device;
	struct bpf_prog_offload offload;
	struct bpf_prog_aux aux;
	struct bpf_prog outer;
	struct bpf_verifier_state state;
	struct bpf_func_state frames[MAX_CALL_FRAMES];
	struct bpf_verifier_env env;
	struct bpf_insn insns[MAX_INSNS];
	struct bpf_insn_aux_data data[MAX_INSNS];
	struct bpf_subprog_info functions[256];
	struct loaded_map maps[MAX_MAPS];
	unsigned int insn_count, map_count, max_words;
	int error;
	bool prepared;
};

static struct session now;
static struct nfp_app app;
static struct nfp_pf card;
static struct pci_dev pci;

void shim_log(const char *format, ...)
{
	va_list rest;

	va_start(rest, format);
	fputs("log ", stdout);
	vprintf(format, rest);
	if (format[strlen(format) - 1] != '\n')
		putchar('\n');
	va_end(rest);
}

void bpf_verifier_log_write(struct bpf_verifier_env *env, const char *format, ...)
{
	va_list rest;

	(void)env;
	va_start(rest, format);
	fputs("vlog ", stdout);
	vprintf(format, rest);
	va_end(rest);
}

static struct nfp_insn_meta *meta_at(unsigned int pc)
{
	struct nfp_insn_meta *meta;

	list_for_each_entry(meta, &now.prog.insns, l)
		if (meta->n == pc)
			return meta;
	fprintf(stderr, "no instruction %u\n", pc);
	exit(2);
}

/* Lines of input */

static void begin(char *line)
{
	unsigned int type, adjust_flags, random, queue, tail;

	memset(&now, 0, sizeof(now));
	pci = (struct pci_dev){ 0 };
	card.pdev = &pci;
	app.pf = &card;
	now.bpf.app = &app;
	if (sscanf(line, "%u %u %u %u %u %u %d %d %d %d %u %u %u %u %u %u %u", &type, &now.max_words, &now.net.stack_chunks,
		   &now.vnic.start_off, &now.vnic.tgt_done, &adjust_flags, &now.bpf.adjust_head.off_min,
		   &now.bpf.adjust_head.off_max, &now.bpf.adjust_head.guaranteed_sub, &now.bpf.adjust_head.guaranteed_add,
		   &now.bpf.helpers.map_lookup, &now.bpf.helpers.map_update, &now.bpf.helpers.map_delete,
		   &now.bpf.helpers.perf_event_output, &random, &queue, &tail) != 17) {
		fprintf(stderr, "bad program line\n");
		exit(2);
	}
	now.bpf.adjust_head.flags = adjust_flags;
	now.bpf.pseudo_random = random;
	now.bpf.queue_select = queue;
	now.bpf.adjust_tail = tail;
	now.device.net = &now.net;
	now.offload = (struct bpf_prog_offload){ .dev_priv = &now.prog, .netdev = &now.device };
	now.aux.offload = &now.offload;
	now.outer.aux = &now.aux;
	for (int i = 0; i < MAX_CALL_FRAMES; i++)
		now.state.frame[i] = &now.frames[i];
	now.env = (struct bpf_verifier_env){
		.prog = &now.outer, .cur_state = &now.state, .insn_aux_data = now.data, .subprog_info = now.functions
	};
	now.prog.bpf = &now.bpf;
	now.prog.type = type;
	list_init(&now.prog.insns);
}

static void add_insn(char *line)
{
	unsigned int code, dst, src;
	int off, imm;

	if (now.insn_count == MAX_INSNS || sscanf(line, "%u %u %u %d %d", &code, &dst, &src, &off, &imm) != 5)
		exit(2);
	now.insns[now.insn_count++] = (struct bpf_insn){ .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };
}

static void add_map(char *line)
{
	struct loaded_map *map = &now.maps[now.map_count++];
	unsigned int id, tid, neutral, value_size;

	if (now.map_count > MAX_MAPS || sscanf(line, "%u %u %u %u", &id, &tid, &neutral, &value_size) != 4)
		exit(2);
	map->driver = calloc(1, sizeof(struct nfp_bpf_map) + (value_size / 4 + 1) * sizeof(struct nfp_bpf_map_word));
	map->driver->tid = tid;
	map->offloaded = (struct bpf_offloaded_map){
		.map = { .id = id, .value_size = value_size, .neutral = neutral }, .dev_priv = map->driver
	};
}

/* What nfp_bpf_verifier_prep does, on memory of ours */
static void prepare(void)
{
	if (now.prepared)
		return;
	now.prepared = true;
	for (unsigned int i = 0; i < now.insn_count; i++) {
		struct nfp_insn_meta *meta = calloc(1, sizeof(*meta));

		meta->insn = now.insns[i];
		meta->n = i;
		if (is_mbpf_alu(meta))
			meta->umin_src = meta->umin_dst = U64_MAX;
		now.data[i].orig_idx = i;
		list_add_tail(&meta->l, &now.prog.insns);
	}
	now.prog.n_insns = now.insn_count;
	nfp_bpf_jit_prepare(&now.prog);
	now.prog.verifier_meta = nfp_prog_first_meta(&now.prog);
}

static void use_map(char *line)
{
	unsigned int pc, index;
	u64 address;

	prepare();
	if (sscanf(line, "%u %u", &pc, &index) != 2 || index >= now.map_count)
		exit(2);
	address = (u64)(uintptr_t)&now.maps[index].offloaded.map;
	meta_at(pc)->insn.imm = (s32)address;
	meta_at(pc + 1)->insn.imm = (s32)(address >> 32);
}

static void set_register(char *line)
{
	unsigned int frame, number, type;
	struct bpf_reg_state state = { 0 };
	int map;

	if (sscanf(line, "%u %u %u %d %llu %llu %llu %llu %u %u %d", &frame, &number, &type,
		   &state.off, &state.var_off.value, &state.var_off.mask, &state.umin_value, &state.umax_value, &state.id,
		   &state.frameno, &map) != 11)
		exit(2);
	state.type = type;
	if (map >= 0)
		state.map_ptr = &now.maps[map].offloaded.map;
	now.frames[frame].regs[number] = state;
}

static void set_zeros(char *line)
{
	struct bpf_func_state *frame;
	char *place = line;
	long number;

	frame = &now.frames[strtol(place, &place, 10)];
	memset(frame->stack, STACK_MISC, sizeof(frame->stack));
	while (*place && *place != '\n') {
		number = -strtol(place, &place, 10) - 1;
		frame->stack[number / BPF_REG_SIZE].slot_type[number % BPF_REG_SIZE] = STACK_ZERO;
	}
}

static void visit(char *line)
{
	unsigned int pc;

	prepare();
	if (sscanf(line, "%u %u", &pc, &now.state.curframe) != 2)
		exit(2);
	if (!now.error)
		now.error = nfp_verify_insn(&now.env, pc, pc);
}

struct fact {
	const char *name;
	void (*set)(struct nfp_insn_meta *meta, s64 value);
};

#define SETTER(name, action)                                                                                          \
	static void set_##name(struct nfp_insn_meta *meta, s64 value) { (void)value; action; }

SETTER(removed, meta->flags |= FLAG_INSN_SKIP_VERIFIER_OPT)
SETTER(callerFrame, meta->flags |= FLAG_INSN_PTR_CALLER_STACK_FRAME)
SETTER(zeroExtend, now.data[meta->n].zext_dst = true)
SETTER(jumpTarget, meta->jmp_dst = meta_at(value); meta->jump_neg_op = false)
SETTER(pointerType, meta->ptr.type = value)
SETTER(pointerOffset, meta->ptr.off = value)
SETTER(pointerVariable, meta->ptr.var_off.value = value)
SETTER(pointerId, meta->ptr.id = value)
SETTER(pointerVaries, meta->ptr_not_const = true)
SETTER(maybe16Bit, meta->xadd_maybe_16bit = value)
SETTER(over16Bit, meta->xadd_over_16bit = value)
SETTER(sourceMin, meta->umin_src = value)
SETTER(sourceMax, meta->umax_src = value)
SETTER(targetMin, meta->umin_dst = value)
SETTER(targetMax, meta->umax_dst = value)
SETTER(helper, meta->func_id = value)
SETTER(keyOffset, meta->arg2.reg.off = value)
SETTER(keyVaries, meta->arg2.var_off = true)
SETTER(eventData, meta->arg1.type = value)

#define ROW(name) { #name, set_##name }
static const struct fact facts[] = {
	ROW(removed), ROW(callerFrame), ROW(zeroExtend), ROW(jumpTarget), ROW(pointerType), ROW(pointerOffset),
	ROW(pointerVariable), ROW(pointerId), ROW(pointerVaries), ROW(maybe16Bit), ROW(over16Bit), ROW(sourceMin),
	ROW(sourceMax), ROW(targetMin), ROW(targetMax), ROW(helper), ROW(keyOffset), ROW(keyVaries), ROW(eventData),
};

static void set_fact(char *line)
{
	char name[32];
	unsigned int pc;
	s64 value;

	prepare();
	if (sscanf(line, "%u %31s %lli", &pc, name, &value) != 3)
		exit(2);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (!strcmp(facts[i].name, name)) {
			facts[i].set(meta_at(pc), value);
			return;
		}
	fprintf(stderr, "no fact %s\n", name);
	exit(2);
}

static void set_adjust_head(char *line)
{
	now.prog.adjust_head_location = strtoul(line, NULL, 10);
}

static void set_depths(char *line)
{
	char *place = line;

	while (*place && *place != '\n')
		now.functions[now.env.subprog_cnt++].stack_depth = strtoul(place, &place, 10);
}

/* Answers */

static void print_words(const char *title, const u64 *words, unsigned int count)
{
	fputs(title, stdout);
	for (unsigned int i = 0; i < count; i++)
		printf(" %llx", words[i]);
	putchar('\n');
}

static void print_facts(void)
{
	struct nfp_insn_meta *meta;

	printf("adjust %u\n", now.prog.adjust_head_location);
	list_for_each_entry(meta, &now.prog.insns, l) {
		if (is_mbpf_load(meta) || is_mbpf_store(meta) || is_mbpf_classic_store(meta) || is_mbpf_atomic(meta))
			printf("access %u %d %d %llu %u %d %d %d %d\n", meta->n, meta->ptr.type, meta->ptr.off,
			       meta->ptr.var_off.value, meta->ptr.id, meta->ptr_not_const,
			       !!(meta->flags & FLAG_INSN_PTR_CALLER_STACK_FRAME), meta->xadd_maybe_16bit,
			       meta->xadd_over_16bit);
		else if (is_mbpf_alu(meta))
			printf("ranges %u %llu %llu %llu %llu\n", meta->n, meta->umin_src,
			       meta->umax_src, meta->umin_dst, meta->umax_dst);
		else if (is_mbpf_helper_call(meta))
			printf("call %u %u %d %d %d\n", meta->n, meta->func_id, meta->arg1.type,
			       (int)(meta->arg2.reg.off + meta->arg2.reg.var_off.value), meta->arg2.var_off);
	}
}

static void print_translation(void)
{
	struct nfp_insn_meta *meta;
	u64 *loaded;

	print_words("words", now.prog.prog, now.prog.prog_len);
	fputs("starts", stdout);
	list_for_each_entry(meta, &now.prog.insns, l)
		printf(" %u", meta->off);
	printf("\nentries %u %u %u %u\n", now.prog.tgt_out, now.prog.tgt_abort, now.prog.tgt_call_push_regs,
	       now.prog.tgt_call_pop_regs);
	loaded = nfp_bpf_relo_for_vnic(&now.prog, &now.vnic);
	if (IS_ERR(loaded)) {
		printf("unplaced %ld\n", PTR_ERR(loaded));
		return;
	}
	print_words("loaded", loaded, now.prog.prog_len);
	free(loaded);
}

static void release(void)
{
	struct nfp_insn_meta *meta;

	while (now.prog.insns.next != &now.prog.insns) {
		meta = nfp_prog_first_meta(&now.prog);
		now.prog.insns.next = meta->l.next;
		free(meta);
	}
	for (unsigned int i = 0; i < now.map_count; i++)
		free(now.maps[i].driver);
	free(now.prog.prog);
	free(now.prog.subprog);
}

static void finish(char *line)
{
	(void)line;
	prepare();
	if (!now.error)
		now.error = nfp_bpf_finalize(&now.env);
	print_facts();
	printf("stack %u\n", now.prog.stack_size);
	if (now.error) {
		printf("unverified %d\n", now.error);
	} else {
		now.prog.__prog_alloc_len = now.max_words * sizeof(u64);
		now.prog.prog = malloc(now.prog.__prog_alloc_len + sizeof(u64));
		now.error = nfp_bpf_jit(&now.prog);
		if (now.error)
			printf("untranslated %d\n", now.error);
		else
			print_translation();
	}
	puts("end");
	release();
}

static const struct command {
	const char *name;
	void (*run)(char *line);
} commands[] = {
	{ "program", begin }, { "insn", add_insn }, { "map", add_map }, { "use", use_map }, { "register", set_register },
	{ "zeros", set_zeros }, { "visit", visit }, { "fact", set_fact }, { "adjust", set_adjust_head },
	{ "depths", set_depths }, { "go", finish },
};

int main(void)
{
	static char line[MAX_LINE];

	while (fgets(line, sizeof(line), stdin)) {
		char *rest = line + strcspn(line, " \n");
		size_t i;

		if (*rest)
			*rest++ = 0;
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			if (!strcmp(commands[i].name, line)) {
				commands[i].run(rest);
				break;
			}
		if (i == ARRAY_SIZE(commands)) {
			fprintf(stderr, "no command %s\n", line);
			return 2;
		}
	}
	return 0;
}
