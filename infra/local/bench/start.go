package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/report"
	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// benchStart is part (e): from the start of the process to its first answer.
func benchStart(ctx context.Context, b *bench) error {
	binary := filepath.Join(b.App, "rightsdesk")
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("make package makes the app: %w", err)
	}
	s, err := b.stage(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	const runs = 10
	first := 0.0
	var took []float64
	for n := range runs + 1 {
		ms, err := startOnce(ctx, binary, s.settings)
		if err != nil {
			return err
		}
		if n == 0 { // makes tables, containers, queues and keys, and reads the binary from disk
			first = ms
			continue
		}
		took = append(took, ms)
	}
	b.table.AtMost("(e) start to the first answer on /api/health", "%.0f ms", report.Median(took), 25)
	if err := b.resident(ctx, binary, s.settings); err != nil {
		return err
	}
	b.table.Note("(e) median of %d starts, storage set up; the very first start, which makes tables, containers and queues, took %.0f ms.", runs, first)
	return nil
}

// resident measures the memory of a handler that has nothing to do.
func (b *bench) resident(ctx context.Context, binary string, settings map[string]string) error {
	p, _, err := startHandler(ctx, binary, settings)
	if err != nil {
		return err
	}
	defer p.Kill()
	before := gauge.Resident(p.Pid())
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return ctx.Err()
	}
	b.table.Add(report.Line{
		What: "(e) resident memory, idle",
		Ours: fmt.Sprintf("%.0f MiB, after %s %.0f MiB", float64(before)/mib, idleFor, float64(gauge.Resident(p.Pid()))/mib),
	})
	b.table.Note("(e) resident memory: VmRSS after the first answer, and when the storage is set up and nothing was asked for %s.", idleFor)
	return nil
}

// idleFor is how long a handler has nothing to do before its memory is read.
const idleFor = 10 * time.Second

// startOnce measures one start.
func startOnce(ctx context.Context, binary string, settings map[string]string) (ms float64, err error) {
	p, ms, err := startHandler(ctx, binary, settings)
	if err == nil {
		p.Kill()
	}
	return ms, err
}

// startHandler starts the handler as the host does and asks for its health until it answers.
func startHandler(ctx context.Context, binary string, settings map[string]string) (running *process.Process, ms float64, err error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, 0, err
	}
	cmd := exec.Command(path)
	cmd.Dir = filepath.Dir(path)
	cmd.Env = append(append(os.Environ(), appenv.Pairs(settings)...), "FUNCTIONS_CUSTOMHANDLER_PORT="+port)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	began := time.Now()
	p, err := process.Start(cmd)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			p.Kill()
		}
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
	for {
		select {
		case <-p.Done():
			return nil, 0, fmt.Errorf("the handler ended while it started: %w", p.Err())
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-time.After(500 * time.Microsecond):
		}
		if time.Since(began) > time.Minute {
			return nil, 0, fmt.Errorf("the handler did not answer within a minute")
		}
		resp, err := client.Get("http://127.0.0.1:" + port + "/api/health")
		if err != nil {
			continue // nothing listens yet
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, 0, fmt.Errorf("/api/health answers %d", resp.StatusCode)
		}
		return p, float64(time.Since(began).Microseconds()) / 1000, nil
	}
}
