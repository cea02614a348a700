package devhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// Run plays Workers hosts for an app until ctx ends, and then kills the handlers and returns
// nil. It fails when the app is refused, when the port is taken, or when every host has stopped
// and RestartHost is not set.
func Run(ctx context.Context, opts Options) error {
	opts = opts.withDefaults()
	a, err := loadApp(opts)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(opts.Port)))
	if err != nil {
		return fmt.Errorf("public port: %w", err)
	}
	f := newFront(a, opts.tuning, opts.Workers, opts.Log)
	server := &http.Server{Handler: f, MaxHeaderBytes: 2 * maxHeaders, ErrorLog: slog.NewLogLogger(opts.Log.Handler(), slog.LevelWarn)}
	go func() { _ = server.Serve(ln) }()
	defer shutdown(server)

	r := &runner{app: a, opts: opts, front: f, public: ln.Addr().String()}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if opts.Ready != nil {
		go r.announceReady(ctx)
	}
	var wg sync.WaitGroup
	errs := make([]error, opts.Workers)
	for n := range opts.Workers {
		wg.Go(func() { errs[n] = r.worker(ctx, n) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errs...)
}

// shutdown waits until the last answers have been sent.
func shutdown(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

func (o Options) withDefaults() Options {
	if o.Workers < 1 {
		o.Workers = 1
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.tuning == nil {
		o.tuning = standard()
	}
	return o
}

type runner struct {
	app    *app
	opts   Options
	front  *front
	public string
}

// worker runs one host after another: the platform starts a stopped one again.
func (r *runner) worker(ctx context.Context, n int) error {
	for {
		h := newHost(n, r.app, r.opts.tuning, r.opts.Log, r.public)
		err := r.host(ctx, h)
		if ctx.Err() != nil {
			return nil
		}
		if !r.opts.RestartHost {
			return fmt.Errorf("worker %d: %w", n, err)
		}
		h.log.Warn("The host has stopped; the platform starts it again.", "after", r.opts.tuning.hostRestart.String(), "reason", err.Error())
		_ = clock.Sleep(ctx, r.opts.tuning.hostRestart)
	}
}

// host runs one host with its listeners. It returns when both have ended.
func (r *runner) host(ctx context.Context, h *host) error {
	r.front.put(h)
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	listeners, err := r.listeners(h)
	if err != nil {
		return err
	}
	wg.Go(func() { listen(ctx, h, listeners) })
	return h.life(ctx)
}

type listener interface{ run(ctx context.Context) }

func (r *runner) listeners(h *host) ([]listener, error) {
	var all []listener
	for _, fn := range r.app.functions {
		var l listener
		var err error
		switch fn.kind {
		case kindQueue:
			l, err = newQueueListener(h, fn)
		case kindTimer:
			l, err = newTimerListener(h, fn)
		case kindHTTP:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("function %s: %w", fn.name, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// listen runs the listeners from the first answer of the handler on.
func listen(ctx context.Context, h *host, all []listener) {
	var s state
	err := h.await(ctx, func(now state, _ *handler) bool { s = now; return s != starting })
	if err != nil || s != running {
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, l := range all {
		wg.Go(func() { l.run(ctx) })
	}
}

// announceReady tells the public address once all workers have a handler that answers.
func (r *runner) announceReady(ctx context.Context) {
	for clock.Sleep(ctx, 5*time.Millisecond) == nil {
		ready := 0
		for _, h := range r.front.all() {
			if s, _, _ := h.now(); s == running {
				ready++
			}
		}
		if ready == r.opts.Workers {
			select {
			case r.opts.Ready <- "http://" + r.public:
			case <-ctx.Done():
			}
			return
		}
	}
}
