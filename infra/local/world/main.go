// Command world starts the local world, streams its logs in one place and stops it as a whole.
//
// The local world is Azurite, the simulated tenant, and the dev host with the handler. The
// Makefile builds these programs and runs this one in the project's folder. Of the environment
// it reads PORT, the port of the API (7071), RESET=1, which starts with empty state, and
// HOST=func, which takes Azure Functions Core Tools instead of the dev host.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	endWithParent()
	// SIGHUP too: a closed terminal must not leave the world running.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	s, err := settingsOf(os.Getenv)
	if err == nil {
		err = newWorld(s, os.Stdout).run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "make run:", err)
		os.Exit(1)
	}
}
