package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/devhost"
	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
)

// keys of the local document, by tenant.
var keys = map[string]string{entrasim.Contoso: "local-dev-key", entrasim.Fabrikam: "local-dev-key-2"}

// world is everything that runs.
type world struct {
	dir     string
	azurite *azurite.Instance
	clients account.Clients
	tenant  *tenant.Server
	sim     *http.Server
	simURL  string
	api     string
	steps   *stepLog
	host    chan error
	stop    context.CancelFunc
	http    *http.Client
}

func open(ctx context.Context, o options) (_ *world, err error) {
	w := &world{steps: newStepLog(o.Verbose), host: make(chan error, 1), http: &http.Client{Timeout: 60 * time.Second}}
	if w.dir, err = os.MkdirTemp("", "rightsdesk-e2e-"); err != nil {
		return nil, err
	}
	if w.azurite, err = azurite.Start(ctx, azurite.Options{Dir: filepath.Join(w.dir, "azurite")}); err != nil {
		return nil, err
	}
	if w.clients, err = account.ConnectString(w.azurite.ConnectionString, account.ClientOptions(nil)); err != nil {
		return nil, err
	}
	if err := w.openTenant(); err != nil {
		return nil, err
	}
	return w, w.openHost(ctx, o)
}

func (w *world) openTenant() (err error) {
	if w.tenant, err = tenant.New(tenant.Options{Wall: time.Now}); err != nil {
		return err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w.simURL = "http://" + l.Addr().String()
	w.sim = &http.Server{Handler: w.tenant, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = w.sim.Serve(l) }()
	return nil
}

func (w *world) openHost(ctx context.Context, o options) error {
	document, err := filepath.Abs("infra/local/rightsdesk.yaml")
	if err != nil {
		return err
	}
	ready := make(chan string, 1)
	ctx, w.stop = context.WithCancel(ctx)
	go func() {
		w.host <- devhost.Run(ctx, devhost.Options{
			App: o.App, Workers: o.Workers, Storage: w.azurite.ConnectionString, RestartHost: true,
			Log: slog.New(w.steps), Ready: ready,
			Env: []string{
				"FUNCTIONS_WORKER_RUNTIME=custom", "RIGHTSDESK_CONFIG=" + document, "RIGHTSDESK_KEYS=" + filepath.Join(w.dir, "keys.json"),
				"RIGHTSDESK_GRAPH=" + w.simURL, "RIGHTSDESK_CLOCK=" + w.simURL + "/clock",
			},
		})
	}()
	select {
	case w.api = <-ready:
		// Every call but liveness waits until containers and queues exist. Without them the
		// uploads that follow would fail.
		_, _, err := w.insist(ctx, "GET", "/api/openapi.json", "", nil, nil)
		return err
	case err := <-w.host:
		return fmt.Errorf("dev host: %w", err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *world) close() {
	w.stop()
	<-w.host
	_ = w.sim.Close()
	w.azurite.Stop()
	_ = os.RemoveAll(w.dir)
}

// faults lets Graph fail a share of all calls, evenly by 429, 503 and cut bodies.
func (w *world) faults(rate float64) error {
	return w.tenant.Graph().SetFaults(graphsim.Faults{Seed: 7, Rules: []graphsim.FaultRule{{
		Throttle: rate / 4, RetryAfter: "0.05", ThrottleSilent: rate / 4, Unavailable: rate / 4, CutBody: rate / 4,
	}}})
}

// restartAzurite stops Azurite by a signal to its own process and starts it again on the same
// ports and folder.
func (w *world) restartAzurite(ctx context.Context) error {
	began := time.Now()
	if err := w.azurite.Restart(ctx); err != nil {
		return fmt.Errorf("restart Azurite: %w", err)
	}
	say("Azurite restarted by SIGTERM in %s", time.Since(began).Round(time.Millisecond))
	return nil
}

// call sends one API call. Only answers below 500 count; the caller repeats a call that a
// killed handler answered.
func (w *world) call(ctx context.Context, method, path, key string, header map[string]string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, w.api+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("X-Api-Key", key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// insist repeats a call until the answer is below 500, as a client with an idempotency key
// does.
func (w *world) insist(ctx context.Context, method, path, key string, header map[string]string, body []byte) (int, []byte, error) {
	for {
		status, b, err := w.call(ctx, method, path, key, header, body)
		if err == nil && status < 500 {
			return status, b, nil
		}
		if ctx.Err() != nil {
			return status, b, fmt.Errorf("%s %s: %d %w", method, path, status, ctx.Err())
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// get reads a JSON answer of status 200.
func get[T any](ctx context.Context, w *world, path, key string) (T, error) {
	var out T
	status, b, err := w.insist(ctx, http.MethodGet, path, key, nil, nil)
	if err != nil {
		return out, err
	}
	if status != http.StatusOK {
		return out, fmt.Errorf("GET %s: %d %s", path, status, b)
	}
	return out, json.Unmarshal(b, &out)
}

// options are the size of the run.
type options struct {
	App     string
	Bulk    int
	Single  int
	Kills   int
	PerStep int
	Workers int
	Seed    uint64
	Limit   time.Duration
	Verbose bool
}

func say(format string, args ...any) { fmt.Printf("e2e: "+format+"\n", args...) }
