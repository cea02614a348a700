package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// The bench starts itself again in the role that these variables name: as the bare handler, or
// to measure memory from a clean start.
const (
	roleVariable  = "RIGHTSDESK_BENCH_ROLE"
	taskVariable  = "RIGHTSDESK_BENCH_TASK"
	roleHandler   = "handler"
	roleProduct   = "product"
	roleUpload    = "upload"
	roleSink      = "sink"
	roleCopy      = "copy"
	rolePack      = "pack"
	roleGraphSink = "graph-sink"
	rolePerson    = "person"
)

// delegate lets another process of this program play a role and returns what it prints.
func delegate[T any](ctx context.Context, role string, task any) (T, error) {
	var out T
	text, err := json.Marshal(task)
	if err != nil {
		return out, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	var stdout bytes.Buffer
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, taskVariable+"="+string(text))
	cmd.Stdout, cmd.Stderr = &stdout, os.Stderr
	p, err := process.Start(cmd)
	if err != nil {
		return out, err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return out, ctx.Err()
	}
	if err := p.Err(); err != nil {
		return out, fmt.Errorf("role %s: %w", role, err)
	}
	return out, json.Unmarshal(stdout.Bytes(), &out)
}

// taskInput reads the task that the parent process gave.
func taskInput[T any]() (T, error) {
	var t T
	err := json.Unmarshal([]byte(os.Getenv(taskVariable)), &t)
	return t, err
}
