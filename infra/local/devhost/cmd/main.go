// Command devhost runs an app folder as the Azure Functions host would.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/rightsdesk/rightsdesk/infra/local/devhost"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "devhost:", err)
		os.Exit(1)
	}
}

func run() error {
	var opts devhost.Options
	flags := flag.NewFlagSet("devhost", flag.ContinueOnError)
	flags.StringVar(&opts.App, "app", "dist/app", "the app `folder`, with host.json")
	flags.IntVar(&opts.Port, "port", 7071, "the public `port` on 127.0.0.1, 0 for a free one")
	flags.IntVar(&opts.Workers, "workers", 1, "hosts with one handler each, on the same storage")
	flags.StringVar(&opts.Storage, "storage", "", "connection `string` of AzureWebJobsStorage, if not from the environment or local.settings.json")
	flags.BoolVar(&opts.RestartHost, "restart-host", false, "restart a host that stopped after three crashes, as the platform does")
	asJSON := flags.Bool("log-json", false, "write the log as JSON")
	if err := flags.Parse(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	opts.Log = slog.New(devhost.NewTextLog(os.Stdout, slog.LevelInfo))
	if *asJSON {
		opts.Log = telemetry.NewLog(os.Stdout, slog.LevelInfo)
	}
	ready := make(chan string, 1)
	opts.Ready = ready
	go func() { opts.Log.Info("ready", "address", <-ready) }()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return devhost.Run(ctx, opts)
}
