#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define TEXT(x) #x
#define XTEXT(x) TEXT(x)
#define __naked __attribute__((naked))
#define __tag(text) __attribute__((btf_decl_tag("comment:test_" text)))
#define __msg(text) __tag("expect_msg=" XTEXT(__COUNTER__) "=" text)
#define __kptr __attribute__((btf_type_tag("kptr")))
#define __imm(name) [name]"i"(name)
#define __imm_const(name, expr) [name]"i"(expr)
#define __imm_addr(name) [name]"i"(&name)
#define __imm_ptr(name) [name]"r"(&name)
#define __imm_insn(name, expr) [name]"i"(*(long *)&(expr))
#define __clobber_all "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory"
#define __clobber_common "r0", "r1", "r2", "r3", "r4", "r5", "memory"
#define offsetof(type, member) ((unsigned long)&((type *)0)->member)
