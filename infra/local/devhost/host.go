package devhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"sync"
	"time"
)

// state is what a host's handler is doing.
type state string

const (
	starting state = "starting" // invocations wait
	running  state = "running"
	dangling state = "dangling" // the handler exited with 0 and is not started again
	stopped  state = "stopped"
)

var (
	errStopped  = errors.New("the host has stopped")
	errDangling = errors.New("the handler has exited with 0, and the host does not start it again")
)

// Invocation is one call that a handler has not answered yet.
type Invocation struct {
	ID       string    `json:"id"`
	Function string    `json:"function"`
	Since    time.Time `json:"since"`
}

// host is one Functions host: one handler process at a time, and what runs on it.
type host struct {
	number int
	app    *app
	tune   *tuning
	log    *slog.Logger
	public string // address of the public port
	port   int    // of the handler, the same after a restart

	mu       sync.Mutex
	state    state
	handler  *handler
	changed  chan struct{} // closed when state or handler changes
	inflight map[string]Invocation
	crashes  []time.Time // within the window; emptied by a pause
}

func newHost(number int, a *app, tune *tuning, log *slog.Logger, public string) *host {
	return &host{
		number: number, app: a, tune: tune, log: log.With("worker", number), public: public,
		state: starting, changed: make(chan struct{}), inflight: map[string]Invocation{},
	}
}

func (h *host) set(s state, worker *handler) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state, h.handler = s, worker
	close(h.changed)
	h.changed = make(chan struct{})
}

// now returns the state, the handler if there is one, and a channel that the next change closes.
func (h *host) now() (state, *handler, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.handler, h.changed
}

// await waits until the state and the handler are as asked for, or until ctx ends.
func (h *host) await(ctx context.Context, asked func(state, *handler) bool) error {
	for {
		s, worker, changed := h.now()
		if asked(s, worker) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ready waits for a handler that answers, as invocations do while one is started.
func (h *host) ready(ctx context.Context) (*handler, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.tune.readyWait, errors.New("initialization timed out"))
	defer cancel()
	var s state
	var worker *handler
	err := h.await(ctx, func(now state, at *handler) bool { s, worker = now, at; return s != starting })
	switch {
	case err != nil:
		return nil, context.Cause(ctx)
	case s == dangling:
		return nil, errDangling
	case s == stopped:
		return nil, errStopped
	}
	return worker, nil
}

// awaitEnd waits a moment for the end of a process whose connection broke, so that the next
// attempt finds its successor.
func (h *host) awaitEnd(ctx context.Context, worker *handler) {
	ctx, cancel := context.WithTimeout(ctx, 250*time.Millisecond)
	defer cancel()
	_ = h.await(ctx, func(s state, at *handler) bool { return s != running || at != worker })
}

// life runs the host from its start until ctx ends (nil), or until its handler has crashed three
// times (errStopped).
func (h *host) life(ctx context.Context) error {
	var err error
	if h.port, err = freePort(); err != nil {
		return err
	}
	defer h.set(stopped, nil)
	for {
		worker, err := startHandler(h.app, h.port, h.public, h.log)
		if err != nil {
			return err
		}
		h.supervise(ctx, worker)
		if ctx.Err() != nil {
			return nil
		}
		if worker.wanted.Load() {
			continue
		}
		if err := h.afterExit(ctx, worker.process.Err()); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// supervise returns when the process has ended.
func (h *host) supervise(ctx context.Context, worker *handler) {
	defer worker.transport.CloseIdleConnections()
	if err := worker.awaitAnswer(ctx, h.app.host.CustomHandler.InitializationTimeout.Duration); err != nil {
		if ctx.Err() == nil {
			h.log.Error("Initializing HttpWorker failed", "reason", err.Error())
		}
		worker.process.Kill()
		return
	}
	h.log.Info("Worker process started and initialized.", "pid", worker.process.Pid())
	h.set(running, worker)
	select {
	case <-worker.process.Done():
	case <-ctx.Done():
		worker.interruptAndKill()
	}
	if ctx.Err() == nil {
		h.set(starting, nil)
	}
}

// afterExit decides what follows an exit that the host did not ask for. Nil starts the handler
// again.
func (h *host) afterExit(ctx context.Context, exit error) error {
	var failed *exec.ExitError
	if !errors.As(exit, &failed) {
		h.log.Error("The handler exited with 0: the host leaves it dead, and every later invocation fails. A handler has to exit with 1.")
		h.set(dangling, nil)
		<-ctx.Done()
		return nil
	}
	now := time.Now()
	if n := len(h.crashes); n > 0 && now.Sub(h.crashes[n-1]) > h.tune.crashWindow {
		h.crashes = nil
	}
	h.crashes = append(h.crashes, now)
	h.log.Error("The handler exited.", "reason", failed.Error(), "crash", len(h.crashes))
	if len(h.crashes) >= 3 {
		h.log.Error("Exceeded http worker restart retry count. Shutting down Functions Host.")
		return fmt.Errorf("handler crashed %d times: %w", len(h.crashes), errStopped)
	}
	return nil
}
