import type { SysctlName } from '@bpfoundry/kernel-abi'
import type { Availability, FeatureReport, TypeHelpers } from './feature-report.ts'

/** What bpftool says of a setting that it can't read, of each value, and of one that it does not know. */
interface SettingWords {
  readonly unread: string
  readonly values: readonly string[]
  readonly other: (value: number) => string
}

/** @see tools/bpf/bpftool/feature.c */
const SETTINGS: Readonly<Record<SysctlName, SettingWords>> = {
  unprivileged_bpf_disabled: {
    unread: 'Unable to retrieve required privileges for bpf() syscall',
    values: [
      'bpf() syscall for unprivileged users is enabled',
      'bpf() syscall restricted to privileged users (without recovery)',
      'bpf() syscall restricted to privileged users (admin can change)',
    ],
    other: (value) => `bpf() syscall restriction has unknown value ${value}`,
  },
  bpf_jit_enable: {
    unread: 'Unable to retrieve JIT-compiler status',
    values: [
      'JIT compiler is disabled',
      'JIT compiler is enabled',
      'JIT compiler is enabled with debugging traces in kernel logs',
    ],
    other: (value) => `JIT-compiler status has unknown value ${value}`,
  },
  bpf_jit_harden: {
    unread: 'Unable to retrieve JIT hardening status',
    values: [
      'JIT compiler hardening is disabled',
      'JIT compiler hardening is enabled for unprivileged users',
      'JIT compiler hardening is enabled for all users',
    ],
    other: (value) => `JIT hardening status has unknown value ${value}`,
  },
  bpf_jit_kallsyms: {
    unread: 'Unable to retrieve JIT kallsyms export status',
    values: ['JIT compiler kallsyms exports are disabled', 'JIT compiler kallsyms exports are enabled for root'],
    other: (value) => `JIT kallsyms exports status has unknown value ${value}`,
  },
  bpf_jit_limit: {
    unread: 'Unable to retrieve global memory limit for JIT compiler for unprivileged users',
    values: [],
    other: (value) => `Global memory limit for JIT compiler for unprivileged users is ${value} bytes`,
  },
}

/** The one option that C code has a use for. */
const MACRO_OPTION = 'CONFIG_HZ'

function settingText([name, value]: readonly [SysctlName, number]): string {
  const { unread, values, other } = SETTINGS[name]
  return value === -1 ? unread : (values[value] ?? other(value))
}

const told = (what: string, { available }: { readonly available: boolean }): string =>
  `${what} is ${available ? '' : 'NOT '}available`

function helperLines({ programType, available, helpers }: TypeHelpers): readonly string[] {
  const granted = helpers.filter((helper) => helper.available).map(({ name }) => `\t- ${name}`)
  const none = available ? 'Could not determine which helpers are available' : 'Program type not supported'
  return [`eBPF helpers supported for program type ${programType}:`, ...(granted.length > 0 ? granted : [`\t${none}`])]
}

/** What `bpftool feature probe` prints. */
export function featureLines(report: FeatureReport): readonly string[] {
  return [
    ...configurationLines(report),
    'Scanning system call availability...',
    told('bpf() syscall', { available: true }),
    '',
    'Scanning eBPF program types...',
    ...report.programTypes.map((type) => told(`eBPF program_type ${type.name}`, type)),
    '',
    'Scanning eBPF map types...',
    ...report.mapTypes.map((type) => told(`eBPF map_type ${type.name}`, type)),
    '',
    'Scanning eBPF helper functions...',
    ...report.helpers.flatMap(helperLines),
    '',
    'Scanning miscellaneous eBPF features...',
    ...report.misc.map((feature) => told(feature.text, feature)),
    '',
  ]
}

function configurationLines({ sysctls, options }: FeatureReport): readonly string[] {
  if (options.length === 0) return []
  const set = options.map(({ name, value }) =>
    value === undefined ? `${name} is not set` : `${name} is set to ${value}`,
  )
  return ['Scanning system configuration...', ...[...sysctls].map(settingText), ...set, '']
}

/** What `bpftool -j feature probe` prints. */
export function featureJson(report: FeatureReport): object {
  const flags = (features: readonly Availability[], kind: string): object =>
    Object.fromEntries(features.map(({ name, available }) => [`have_${name}${kind}`, available]))
  const options = Object.fromEntries(report.options.map(({ name, value }) => [name, value ?? null]))
  return {
    ...(report.options.length === 0 ? {} : { system_config: { ...Object.fromEntries(report.sysctls), ...options } }),
    syscall_config: { have_bpf_syscall: true },
    program_types: flags(report.programTypes, '_prog_type'),
    map_types: flags(report.mapTypes, '_map_type'),
    helpers: Object.fromEntries(
      report.helpers.map(({ programType, helpers }) => [
        `${programType}_available_helpers`,
        helpers.filter(({ available }) => available).map(({ name }) => name),
      ]),
    ),
    misc: flags(report.misc, ''),
  }
}

/** What `bpftool feature probe macros prefix PREFIX` prints: a header for C. */
export function featureMacros(report: FeatureReport, prefix: string): readonly string[] {
  const define = ({ name, available }: Availability, kind: string): string =>
    `#define ${prefix}${available ? '' : 'NO_'}HAVE_${`${name}${kind}`.toUpperCase()}`
  const options = report.options.filter(({ name }) => name === MACRO_OPTION)
  const items = options.map(({ name, value }) =>
    value === undefined ? `/* ${prefix}${name} is not set */` : `#define ${prefix}${name} ${value}`,
  )
  return [
    ...(items.length === 0 ? [] : ['/*** Misc kernel config items ***/', ...items, '']),
    '/*** System call availability ***/',
    define({ name: 'bpf_syscall', available: true }, ''),
    '',
    '/*** eBPF program types ***/',
    ...report.programTypes.map((type) => define(type, '_prog_type')),
    '',
    '/*** eBPF map types ***/',
    ...report.mapTypes.map((type) => define(type, '_map_type')),
    '',
    '/*** eBPF helper functions ***/',
    ...howToAsk(prefix),
    ...report.helpers.flatMap(({ programType, helpers }) =>
      helpers.map(
        ({ name, available }) =>
          `#define ${prefix}BPF__PROG_TYPE_${programType}__HELPER_${name} ${available ? '1' : '0'}`,
      ),
    ),
    '',
    '/*** eBPF misc features ***/',
    ...report.misc.map((feature) => define(feature, '')),
    '',
  ]
}

/** The comment and the macro by which C code asks for a helper. */
function howToAsk(prefix: string): readonly string[] {
  return [
    '/*',
    ` * Use ${prefix}HAVE_PROG_TYPE_HELPER(prog_type_name, helper_name)`,
    ' * to determine if <helper_name> is available for <prog_type_name>,',
    ' * e.g.',
    ` *	#if ${prefix}HAVE_PROG_TYPE_HELPER(xdp, bpf_redirect)`,
    ' *		// do stuff with this helper',
    ' *	#elif',
    ' *		// use a workaround',
    ' *	#endif',
    ' */',
    `#define ${prefix}HAVE_PROG_TYPE_HELPER(prog_type, helper)	\\`,
    `	${prefix}BPF__PROG_TYPE_ ## prog_type ## __HELPER_ ## helper`,
  ]
}
