// Package process runs a program that never outlives the one that started it.
//
// The program runs in a process group of its own. It is stopped politely and then firmly. On
// Linux the kernel ends it when its parent is killed.
package process

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is one running program.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // valid once done is closed
}

// Start starts cmd, which must not have been started, at the head of a new process group. The
// caller sets everything else on cmd, such as Env, Dir and the outputs.
func Start(cmd *exec.Cmd) (*Process, error) {
	prepare(cmd)
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// Linux sends the parent-death signal when the starting *thread* ends. So that thread is
		// kept until the process has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// Pid is the process id, which is also the id of its group.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended and its outputs were read to their end.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended: nil for exit status 0. It waits for that end.
func (p *Process) Err() error {
	<-p.done
	return p.err
}

// Stop sends SIGTERM to the process alone, which ends its own children. It waits up to grace and
// then kills what is left of the group. It returns when the process has ended, and does nothing
// when it had ended before.
func (p *Process) Stop(grace time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(grace):
	}
	p.Kill()
}

// Kill sends SIGKILL to the whole group and returns when the process has ended.
func (p *Process) Kill() {
	// ESRCH means that the group is empty: all its processes had ended before.
	if err := syscall.Kill(-p.Pid(), syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = p.cmd.Process.Kill()
	}
	<-p.done
}
