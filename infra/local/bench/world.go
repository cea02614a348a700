package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/devhost"
	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
)

// storage starts an Azurite for one part, so that no part's leftovers slow another part down.
// With onDisk it keeps its state in a folder, as in make run; otherwise in memory.
func (b *bench) storage(ctx context.Context, onDisk bool) (*azurite.Instance, func(), error) {
	var o azurite.Options
	if onDisk {
		dir, err := os.MkdirTemp(b.dir, "azurite-")
		if err != nil {
			return nil, nil, err
		}
		o.Dir = dir
	}
	a, err := azurite.Start(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	// The state is deleted anyway, so Azurite need not write it at its end.
	return a, func() { a.Kill(); _ = os.RemoveAll(o.Dir) }, nil
}

// simulate serves the simulated tenant.
func simulate() (*tenant.Server, string, func(), error) {
	s, err := tenant.New(tenant.Options{Wall: time.Now})
	if err != nil {
		return nil, "", nil, err
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return s, "http://" + l.Addr().String(), func() { _ = server.Close() }, nil
}

// stage is what a part needs that measures the handler. stop ends it.
type stage struct {
	storage  *azurite.Instance
	graph    string            // URL of the simulated tenant
	settings map[string]string // app settings
	stop     func()
}

// stage starts storage of its own for a part, and the simulated tenant.
func (b *bench) stage(ctx context.Context) (stage, error) {
	storage, stopStorage, err := b.storage(ctx, false)
	if err != nil {
		return stage{}, err
	}
	_, graph, stopTenant, err := simulate()
	if err != nil {
		stopStorage()
		return stage{}, err
	}
	s := stage{storage: storage, graph: graph, stop: func() { stopTenant(); stopStorage() }}
	if s.settings, err = b.settings(storage.ConnectionString, graph); err != nil {
		s.stop()
	}
	return s, err
}

// host runs an app folder under the dev host, with one handler, until stop is called.
func (b *bench) host(ctx context.Context, app, connection string, env []string) (api string, stop func(), err error) {
	return b.hosts(ctx, 1, app, connection, env)
}

// hosts runs an app folder under so many dev hosts, with one handler each, until stop is called.
func (b *bench) hosts(ctx context.Context, count int, app, connection string, env []string) (api string, stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	log := appenv.Log(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}), ctx)
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- devhost.Run(ctx, devhost.Options{
			App: app, Workers: count, Storage: connection, Env: env,
			Log: log, Ready: ready,
		})
	}()
	select {
	case api = <-ready:
		return api, func() { cancel(); <-ended }, nil
	case err = <-ended:
	case <-time.After(time.Minute):
		err = fmt.Errorf("the handler did not answer within a minute")
	}
	cancel()
	return "", nil, fmt.Errorf("dev host of %s: %w", app, err)
}

// settings are the app settings of the product's handler, as in make run but without the
// movable clock, since the product is measured.
func (b *bench) settings(connection, graph string) (map[string]string, error) {
	document, err := filepath.Abs("infra/local/rightsdesk.yaml")
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"AzureWebJobsStorage": connection, "FUNCTIONS_WORKER_RUNTIME": "custom", "GOGC": "400", "GOMEMLIMIT": "256MiB", "RIGHTSDESK_CONFIG": document,
		"RIGHTSDESK_KEYS": filepath.Join(b.dir, "keys.json"), "RIGHTSDESK_GRAPH": graph, "RIGHTSDESK_LOG": "warn",
	}, nil
}
