/* What the assembler's way can't read, beside what it can. Written for these tests. */
#include <linux/bpf.h>
#include "sample_macros.h"

extern int elsewhere;
int odd = (int)(long)&elsewhere * 3;

SEC("tc")
__naked int mnemonic(void)
{
	asm volatile ("r0 = 1;"
		      "frobnicate r0;"
		      "exit;" ::: __clobber_all);
}

SEC("tc")
__naked int operand(void)
{
	asm volatile ("r0 = %[missing]; exit;" ::: __clobber_all);
}

SEC("tc")
__naked int unknown_type(void)
{
	asm volatile ("r0 = %[size]; exit;" :: __imm_const(size, sizeof(struct unheard_of)) : __clobber_all);
}

SEC("tc")
__naked int variable(void)
{
	asm volatile ("r1 = %[odd] ll; r0 = 0; exit;" :: __imm_addr(odd) : __clobber_all);
}

SEC("tc")
__naked int memory(void)
{
	asm volatile ("r0 = *(u32 *)%[odd]; exit;" :: [odd]"m"(odd) : __clobber_all);
}

SEC("tc")
__naked int readable(void)
{
	asm volatile ("r0 = 1; exit;" ::: __clobber_all);
}
