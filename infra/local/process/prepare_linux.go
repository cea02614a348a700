package process

import (
	"os/exec"
	"syscall"
)

// prepare puts cmd in its own group (so that Ctrl-C reaches us alone and we decide the order of ending) and asks the kernel to
// send it SIGTERM when we die without having stopped it.
func prepare(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
}
