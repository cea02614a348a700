//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// prepare puts cmd in a group of its own, so that Ctrl-C reaches only the parent, which decides
// in which order things end. Only Linux can also end cmd when the parent is killed.
func prepare(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}
