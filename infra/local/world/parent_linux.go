package main

import "syscall"

// endWithParent asks the kernel to send us SIGTERM when make is killed, so that nothing is left
// running.
func endWithParent() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)
}
