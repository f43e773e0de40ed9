{
	"no such constant",
	.insns = { MOV64_IMM(0, NO_SUCH_CONSTANT), EXIT() },
},
{
	"as good as any",
	.insns = { EXIT() },
},
