import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A row of the table as gcc has it: numbers, texts, arrays of structures in hex without the zeros at the end. */
export interface DumpedRow {
  readonly texts: Readonly<Record<string, string>>
  readonly numbers: readonly number[]
  readonly hex: Readonly<Record<string, string>>
  readonly kfuncs: readonly (readonly [name: string, pc: number])[]
  /** Of a program that a function makes. */
  readonly length?: number
}

/** Members of `numbers`, in order. */
export const NUMBERS = [
  'insn_processed',
  'result',
  'result_unpriv',
  'prog_type',
  'flags',
  'runs',
  'expected_attach_type',
  'func_info_cnt',
] as const
export const TEXTS = ['descr', 'errstr', 'errstr_unpriv', 'kfunc'] as const
export const HEX = [
  'insns',
  'expected_insns',
  'unexpected_insns',
  'retvals',
  'func_info',
  'btf_strings',
  'btf_types',
] as const

const FOLDER = 'tools/testing/selftests/bpf'
/** Headers of the C library's architecture, which those of the tree would look for elsewhere in the tree. */
const HOST_HEADERS = ['errno', 'types', 'posix_types', 'byteorder']
const ASM_FOLDERS = ['/usr/include/x86_64-linux-gnu/asm', '/usr/include/aarch64-linux-gnu/asm', '/usr/include/asm']
const MOST_BYTES = 1 << 30

const DUMP = `
static void put_hex(const char *name, const void *bytes, int length)
{
	const unsigned char *at = bytes;

	while (length > 0 && !at[length - 1])
		length--;
	printf(",\\"%s\\":\\"", name);
	for (int i = 0; i < length; i++)
		printf("%02x", at[i]);
	putchar('"');
}

static void put_text(const char *name, const char *text)
{
	printf(",\\"%s\\":\\"", name);
	for (; text && *text; text++)
		printf("%02x", (unsigned char)*text);
	putchar('"');
}

static void put_program(struct bpf_test *test)
{
	if (!test->fill_helper) {
		put_hex("insns", test->insns, sizeof(test->insns));
		return;
	}
	srand(1);
	test->fill_insns = calloc(MAX_TEST_INSNS, sizeof(struct bpf_insn));
	test->fill_helper(test);
	printf(",\\"length\\":%d", test->prog_len);
	put_hex("insns", test->fill_insns, test->prog_len * sizeof(struct bpf_insn));
	free(test->fill_insns);
}

int main(void)
{
	for (int i = 0; i < ARRAY_SIZE(tests); i++) {
		struct bpf_test *test = &tests[i];
		const struct kfunc_btf_id_pair *pair = test->fixup_kfunc_btf_id;

		printf("{\\"numbers\\":[${NUMBERS.map(() => '%lld').join(',')}]", ${NUMBERS.map((name) => `(long long)test->${name}`).join(', ')});
${TEXTS.map((name) => `\t\tput_text("${name}", test->${name});`).join('\n')}
		put_program(test);
${HEX.slice(1)
  .map((name) => `\t\tput_hex("${name}", test->${name}, sizeof(test->${name}));`)
  .join('\n')}
		put_hex("fixups", test->fixup_map_hash_8b, (char *)test->fixup_kfunc_btf_id - (char *)test->fixup_map_hash_8b);
		printf(",\\"kfuncs\\":[");
		for (int k = 0; k < MAX_FIXUPS && pair[k].kfunc; k++)
			printf("%s[\\"%s\\",%d]", k ? "," : "", pair[k].kfunc, pair[k].insn_idx);
		printf("]}\\n");
	}
	return 0;
}
`

/** Why rows can't be dumped here; undefined when they can. */
export function dumpMissing(tree: string): string | undefined {
  if (spawnSync('gcc', ['--version']).error !== undefined) return 'no gcc'
  if (!ASM_FOLDERS.some((folder) => existsSync(folder))) return 'no headers of a C library'
  return existsSync(join(tree, FOLDER, 'test_verifier.c')) ? undefined : 'the tree lacks test_verifier.c'
}

/** The whole table, file after file, compiled with gcc as the kernel's build does and printed row by row. */
export function dumpTable(tree: string): readonly DumpedRow[] {
  const folder = mkdtempSync(join(tmpdir(), 'verifier-table-'))
  try {
    return compileAndRun(tree, folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function compileAndRun(tree: string, folder: string): readonly DumpedRow[] {
  const suite = join(tree, FOLDER)
  mkdirSync(join(folder, 'verifier'))
  const files = readdirSync(join(suite, 'verifier')).filter((name) => name.endsWith('.c'))
  const list = files.sort().map((name) => `#include "${join(suite, 'verifier', name)}"`)
  writeFileSync(join(folder, 'verifier/tests.h'), `#ifdef FILL_ARRAY\n${list.join('\n')}\n#endif\n`)
  mkdirSync(join(folder, 'asm'))
  const host = ASM_FOLDERS.find((path) => existsSync(path)) as string
  for (const name of HOST_HEADERS) {
    if (existsSync(join(host, `${name}.h`))) symlinkSync(join(host, `${name}.h`), join(folder, `asm/${name}.h`))
  }
  const runner = readFileSync(join(suite, 'test_verifier.c'), 'utf8')
  const table = runner.slice(0, runner.indexOf('static int probe_filter_length'))
  writeFileSync(join(folder, 'dump.c'), table + DUMP)
  const paths = [folder, suite, ...['tools/include', 'tools/include/uapi', 'tools/lib'].map((path) => join(tree, path))]
  const program = join(folder, 'dump')
  execFileSync('gcc', ['-w', '-o', program, ...paths.map((path) => `-I${path}`), join(folder, 'dump.c')])
  const lines = execFileSync(program, { encoding: 'utf8', maxBuffer: MOST_BYTES }).trim().split('\n')
  return lines.map(dumpedRow)
}

function dumpedRow(line: string): DumpedRow {
  const { numbers, kfuncs, length, ...hex } = JSON.parse(line)
  const texts = Object.fromEntries(TEXTS.map((name) => [name, Buffer.from(hex[name], 'hex').toString('utf8')]))
  return { numbers, kfuncs, texts, hex, ...(length === undefined ? {} : { length }) }
}
