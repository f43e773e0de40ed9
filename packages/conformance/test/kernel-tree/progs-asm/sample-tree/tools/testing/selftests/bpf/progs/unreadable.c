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
__naked int modifier(void)
{
	asm volatile ("%w[one] = 1; exit;" :: __imm_const(one, 1) : __clobber_all);
}

SEC("tc")
__naked int position(void)
{
	asm volatile ("r0 = %0; r0 = %1; exit;" :: "i"(1) : __clobber_all);
}

SEC("tc")
__naked int percent(void)
{
	asm volatile ("r0 % 3; exit;" ::: __clobber_all);
}

SEC("tc")
__naked int registers(void)
{
	asm volatile ("r0 = %[odd]; exit;" :: __imm_ptr(odd) : __clobber_all, "r0");
}

SEC("tc")
__naked int nowhere(void)
{
	asm volatile ("call nothing_of_this_name; exit;" ::: __clobber_all);
}

char huge[1 << 30];

SEC("tc")
__naked int large(void)
{
	asm volatile ("r1 = %[huge] ll; r0 = 0; exit;" :: __imm_addr(huge) : __clobber_all);
}

SEC("tc")
__naked int readable(void)
{
	asm volatile ("r0 = 1; exit;" ::: __clobber_all);
}
