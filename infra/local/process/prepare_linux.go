package process

import (
	"os/exec"
	"syscall"
)

// prepare puts cmd in a group of its own, so that Ctrl-C reaches only the parent, which decides
// in which order things end. It asks the kernel to send cmd SIGTERM when the parent dies first.
func prepare(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}
