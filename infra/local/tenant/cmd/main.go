// Command tenant serves the simulated tenant of the local world on a loopback address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/tenant"
	"github.com/rightsdesk/rightsdesk/shared/cloud"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tenant:", err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:7080", "loopback address to serve on")
	state := flag.String("state", ".local/tenant", "directory that keeps the clock")
	quiet := flag.Bool("quiet", false, "log faults of the simulator only")
	flag.Parse()
	if err := loopbackOnly(*addr); err != nil {
		return err
	}
	level := slog.LevelInfo
	if *quiet {
		level = slog.LevelError
	}
	server, err := tenant.New(tenant.Options{
		StateDir: *state, Wall: time.Now,
		Log: telemetry.NewLog(os.Stdout, level),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Printf("simulated tenant on http://%s (Graph at /v1.0)\n", listener.Addr())
	return serve(listener, server)
}

// loopbackOnly refuses an address that other machines could reach, because the server gives
// everything to everybody.
func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	if !cloud.Loopback(host) {
		return errors.New("--addr: must be a loopback address, such as 127.0.0.1:7080")
	}
	return nil
}

func serve(listener net.Listener, handler http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bounded, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(bounded); err != nil {
		return srv.Close()
	}
	return nil
}
