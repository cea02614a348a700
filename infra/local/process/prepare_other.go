//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// prepare puts cmd in its own group, so that Ctrl-C reaches us alone and we decide the order of ending. Only Linux can also end
// it when we are killed.
func prepare(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}
