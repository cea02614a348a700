// Package appenv prepares what an app of the bench is started with: settings, functions and log.
package appenv

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
)

// Log returns a logger that drops lines once a context has ended, since a host that is being
// stopped logs errors about its work.
func Log(h slog.Handler, running context.Context) *slog.Logger {
	return slog.New(whileRunning{h, running})
}

type whileRunning struct {
	slog.Handler
	running context.Context
}

// Enabled implements slog.Handler.
func (w whileRunning) Enabled(ctx context.Context, level slog.Level) bool {
	return w.running.Err() == nil && w.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (w whileRunning) WithAttrs(attrs []slog.Attr) slog.Handler {
	return whileRunning{w.Handler.WithAttrs(attrs), w.running}
}

// Pairs returns settings as environment variables.
func Pairs(settings map[string]string) []string {
	var out []string
	for k, v := range settings {
		out = append(out, k+"="+v)
	}
	return out
}

// Load reads settings and document as the handler does.
func Load(settings map[string]string) (config.Settings, *config.Document, error) {
	s, err := config.Load(func(name string) string { return settings[name] })
	if err != nil {
		return s, nil, err
	}
	text, err := os.ReadFile(s.Config)
	if err != nil {
		return s, nil, err
	}
	doc, err := config.Parse(text, config.Deployment{Catalogue: catalog.Entries(), Local: s.Local()})
	return s, doc, err
}

// Disabled switches off all functions of an app folder except those named.
func Disabled(app string, but ...string) ([]string, error) {
	folders, err := filepath.Glob(filepath.Join(app, "*", "function.json"))
	if err != nil || len(folders) == 0 {
		return nil, fmt.Errorf("%s holds no functions: make package makes it (%w)", app, err)
	}
	keep := map[string]bool{}
	for _, name := range but {
		keep[name] = true
	}
	var out []string
	for _, f := range folders {
		if name := filepath.Base(filepath.Dir(f)); !keep[name] {
			out = append(out, "AzureWebJobs."+name+".Disabled=true")
		}
	}
	return out, nil
}
