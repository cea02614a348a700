package app

import (
	"context"
	"io"
	"log/slog"

	"github.com/rightsdesk/rightsdesk/shared/cli"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector/catalog"
	"github.com/rightsdesk/rightsdesk/shared/functionhost"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// Version is the version of this build.
const Version = "0.1.0"

// Serve is the custom handler. It listens at once, so that the host need not ask again, and
// answers when all parts are connected. It returns only with an error.
func Serve(ctx context.Context, port string, env func(string) string, stdout io.Writer) error {
	ln, err := functionhost.Listen(ctx, port)
	if err != nil {
		return err
	}
	defer func() { _ = ln.Close() }()
	s, err := config.Load(env)
	if err != nil {
		return err
	}
	log := telemetry.NewLog(stdout, level(s.LogLevel))
	flush, err := telemetry.Export(ctx, s.OTLP != "")
	if err != nil {
		return err
	}
	defer func() { _ = flush(ctx) }()
	a, err := open(ctx, s, log)
	if err != nil {
		return err
	}
	handler, err := functionhost.Handler(a.Program(), log)
	if err != nil {
		return err
	}
	return functionhost.Serve(ctx, ln, whenReady(a.setUp(ctx), readyWait, handler), a.clocks, log)
}

// open reads the document and wires an App with the real clocks, or with those of the local
// world. It does not set up the storage.
func open(ctx context.Context, s config.Settings, log *slog.Logger) (*App, error) {
	doc, err := readDocument(s, catalog.Entries())
	if err != nil {
		return nil, err
	}
	clocks := RealClocks()
	if s.Clock != "" {
		if clocks, err = LocalClocks(ctx, s.Clock); err != nil {
			return nil, err
		}
	}
	return wire(s, doc, Options{Clocks: clocks, Log: log, Ahead: s.Ahead})
}

// CommandLine runs a command and returns its exit code.
func CommandLine(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) int {
	return cli.Run(ctx, cli.Options{
		Version: Version, Out: stdout, Err: stderr, URL: env("RIGHTSDESK_URL"), Key: env("RIGHTSDESK_API_KEY"), Checker: checker(env),
	}, args)
}

func level(name string) slog.Level {
	var l slog.Level
	if l.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return l
}
