package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/appenv"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/gauge"
	"github.com/rightsdesk/rightsdesk/shared/app"
)

// newAppNamed wires the product under the names that the handlers use. It makes tables, queues and
// containers.
func newAppNamed(ctx context.Context, settings map[string]string) (*app.App, error) {
	s, doc, err := appenv.Load(settings)
	if err != nil {
		return nil, err
	}
	return app.New(ctx, s, doc, app.Options{Clocks: app.RealClocks(), Log: slog.New(slog.DiscardHandler)})
}

// ownApp returns the app folder to be measured: the product's, or one whose program is this one in
// the role of the product under the profiler.
func (b *bench) ownApp() (string, error) {
	if b.Profile == "" {
		return b.App, nil
	}
	folder := filepath.Join(b.dir, "profiled")
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	if err := os.CopyFS(folder, os.DirFS(b.App)); err != nil {
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "rightsdesk")
	if err := os.Remove(program); err != nil {
		return "", err
	}
	profiles, err := filepath.Abs(b.Profile)
	if err != nil {
		return "", err
	}
	// The handlers inherit the environment, and no part with another role follows.
	for name, value := range map[string]string{roleVariable: roleProduct, taskVariable: profiles} {
		if err := os.Setenv(name, value); err != nil {
			return "", err
		}
	}
	return folder, os.Symlink(self, program)
}

// serveProfiled is the product's handler, whose profile is written on SIGUSR1.
func serveProfiled(ctx context.Context) error {
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGUSR1)
	failed := make(chan error, 1)
	go func() { failed <- app.Serve(ctx, os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), os.Getenv, os.Stdout) }()
	name := "handler-" + time.Now().Format("150405.000000")
	err := gauge.Profiled(os.Getenv(taskVariable), name, func() error {
		select {
		case <-over:
			return nil
		case err := <-failed:
			return err
		}
	})
	if err != nil {
		return err
	}
	return <-failed
}

// endProfiles lets the handlers write their profiles, and waits for that.
func endProfiles(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGUSR1)
	}
	time.Sleep(time.Second)
}
