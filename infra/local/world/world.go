package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// stopGrace is how long a process may take to end by itself. The handler needs none: its host
// kills it.
const stopGrace = 5 * time.Second

// world is the running local world.
type world struct {
	settings
	logs *logs
	died chan string // gets the name of what has ended by itself
	stop []func()    // in the order of starting
}

func newWorld(s settings, out io.Writer) *world {
	return &world{settings: s, logs: newLogs(out), died: make(chan string, 3)}
}

// run starts everything, says when it is ready and waits until ctx ends, which is no error.
// Whatever happens, nothing that it has started is left running.
func (w *world) run(ctx context.Context) error {
	if err := w.prepare(); err != nil {
		return err
	}
	defer func() {
		for _, stop := range slices.Backward(w.stop) {
			stop()
		}
		w.logs.say("stopped")
	}()
	begin := time.Now()
	if err := w.startAll(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped by hand while starting
		}
		return err
	}
	w.welcome(time.Since(begin))
	select {
	case <-ctx.Done():
		w.logs.say("stopping")
		return nil
	case name := <-w.died:
		return fmt.Errorf("%s ended unexpectedly, so everything was stopped; its last lines are above", name)
	}
}

// prepare checks what can be checked before anything runs.
func (w *world) prepare() error {
	if w.coreTools {
		if _, err := exec.LookPath("func"); err != nil {
			return errors.New("HOST=func needs Azure Functions Core Tools v4 (func), which is not on PATH; install it or leave HOST out")
		}
	}
	if err := freePorts(w.listeners()); err != nil {
		return err
	}
	if w.reset {
		if err := os.RemoveAll(w.state); err != nil {
			return fmt.Errorf("RESET=1: %w", err)
		}
	}
	if err := os.MkdirAll(w.state, 0o700); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if w.coreTools {
		return writeLocalSettings(w.hostDir, w.values())
	}
	return nil
}

// startAll starts the three in the order in which they need each other.
func (w *world) startAll(ctx context.Context) error {
	opts := w.azurite
	opts.Log = w.logs.output("azurite", cyan)
	storage, err := azurite.Start(ctx, opts)
	if err != nil {
		return err
	}
	w.stop = append(w.stop, storage.Stop)
	go w.watch("azurite", storage.Done())
	if w.storage == "" {
		w.storage = storage.ConnectionString
	}

	if err := w.start("tenant", magenta, w.root, w.tenant, nil); err != nil {
		return err
	}
	if err := w.await(ctx, "the simulated tenant", "http://"+w.tenantAddr+"/", anyAnswer); err != nil {
		return err
	}
	var env []string
	if !w.coreTools { // Core Tools read them from local.settings.json
		for k, v := range w.values() {
			env = append(env, k+"="+v)
		}
	}
	if err := w.start("host", green, w.hostDir, w.host, env); err != nil {
		return err
	}
	// Unlike health, the contract is answered only when the storage is set up. From then on a
	// message finds its queue.
	return w.await(ctx, "the API", w.api()+"/api/openapi.json", func(status int) bool { return status == http.StatusOK })
}

// start starts one process whose lines are shown under its name.
func (w *world) start(name string, c colour, dir string, args, env []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	out := w.logs.output(name, c)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), env...)
	process, err := process.Start(cmd)
	if err != nil {
		return err
	}
	w.stop = append(w.stop, func() { process.Stop(stopGrace) })
	go w.watch(name, process.Done())
	return nil
}

func (w *world) watch(name string, done <-chan struct{}) {
	<-done
	w.died <- name // there is room for each of the three
}

func anyAnswer(int) bool { return true }

// await polls url until its status is good.
func (w *world) await(ctx context.Context, what, url string, good func(status int) bool) error {
	limit := time.NewTimer(w.readyLimit)
	defer limit.Stop()
	client := &http.Client{Timeout: 2 * time.Second}
	for {
		if status, err := get(ctx, client, url); err == nil && good(status) {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case name := <-w.died:
			return fmt.Errorf("%s ended before %s answered, so everything was stopped; its last lines are above", name, what)
		case <-limit.C:
			return fmt.Errorf("%s did not answer on %s within %s; what it printed is above", what, url, w.readyLimit)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func get(ctx context.Context, client *http.Client, url string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
