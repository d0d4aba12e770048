/*
 * ptrace(2) for user-mode Linux 6.1 on processors whose XSAVE area is larger than the 2696 bytes that it keeps (Intel's with
 * AMX: 11008). The kernel writes as much of the area as there is room for, and takes back nothing but the whole of it
 * (xstateregs_set in arch/x86/kernel/fpu/regset.c: EFAULT), so that user-mode Linux ends with "ptrace set fp regs failed".
 * Here the rest of the area is filled in from what the traced process has; nothing in these machines uses AMX.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define NT_X86_XSTATE 0x202

/* One thread traces, on stacks that are too small for this. */
static char area[1 << 16];

long ptrace(enum __ptrace_request request, ...)
{
	va_list rest;
	long pid, address, result;
	void *data;
	struct iovec *given, whole = { area, sizeof(area) };

	va_start(rest, request);
	pid = va_arg(rest, int);
	address = va_arg(rest, long);
	data = va_arg(rest, void *);
	va_end(rest);
	if (request == PTRACE_SETREGSET && address == NT_X86_XSTATE) {
		given = data;
		if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, address, &whole) == 0 && whole.iov_len > given->iov_len) {
			memcpy(area, given->iov_base, given->iov_len);
			return syscall(SYS_ptrace, request, pid, address, &whole);
		}
	}
	if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
		return syscall(SYS_ptrace, request, pid, address, data);
	/* As the C library has it: the system call stores the word where the last argument points. */
	long word;
	result = syscall(SYS_ptrace, request, pid, address, &word);
	if (result < 0)
		return result;
	errno = 0;
	return word;
}
