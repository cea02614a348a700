// Command e2e proves that no accepted request is lost and nothing happens twice. It sends
// people's requests through dist/app under the dev host. Meanwhile it kills handlers, restarts
// Azurite and lets the simulated Graph fail. Then it compares every package with what the
// simulator stores. It prints counts and exits 1 on the first claim that does not hold.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.App, "app", "dist/app", "the app folder (make package)")
	flag.IntVar(&o.Bulk, "bulk", 500, "people in the bulk file")
	flag.IntVar(&o.Single, "single", 50, "requests sent one by one, in two tenants")
	flag.IntVar(&o.Kills, "kills", 20, "handlers to kill while they work")
	flag.IntVar(&o.PerStep, "per-step", 2, "kills that must hit each of bulk, discover, fulfil and deliver, as far as there are as many kills")
	flag.IntVar(&o.Workers, "workers", 2, "hosts with one handler each")
	flag.Uint64Var(&o.Seed, "seed", 1, "of the random choices")
	flag.DurationVar(&o.Limit, "limit", 25*time.Minute, "time after which the run fails")
	flag.BoolVar(&o.Verbose, "v", false, "show the handlers' logs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: FAILED:", err)
		os.Exit(1)
	}
}

// run does everything in order.
func run(ctx context.Context, o options) error {
	began := time.Now()
	w, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer w.close()
	say("world is up: %d workers, Azurite, the simulated tenant", o.Workers)

	// 1. Submit everything while Graph answers one call in ten with 429, 503 or a cut body and
	// handlers are killed.
	if err := w.faults(0.10); err != nil {
		return err
	}
	killing, stopKilling := context.WithCancel(ctx)
	defer stopKilling()
	kills := w.startKilling(killing, o)
	reqs, err := w.submit(ctx, o)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	say("accepted: %d requests (%d of a bulk file) in %s", len(reqs), o.Bulk, since(began))

	// 2. Restart Azurite once, in the middle.
	if err := w.restartAzurite(ctx); err != nil {
		return err
	}

	// 3. Every request ends. A small run may end before enough handlers were hit; then more
	// requests are sent.
	if err := w.await(ctx, reqs); err != nil {
		return err
	}
	for n := 2; n <= maxWaves && kills.count() < o.Kills; n++ {
		more, err := w.wave(ctx, o, n)
		if err != nil {
			return fmt.Errorf("submit: %w", err)
		}
		reqs = append(reqs, more...)
	}
	stopKilling()
	if err := kills.report(o); err != nil {
		return err
	}
	say("completed: %d requests in %s", len(reqs), since(began))

	// 4. Every package equals the simulator's data, no message is in poison, and the tenants
	// cannot see each other.
	if err := w.faults(0); err != nil {
		return err
	}
	if err := w.verify(ctx, reqs); err != nil {
		return err
	}
	if err := w.poisonEmpty(ctx); err != nil {
		return err
	}
	if err := w.wall(ctx, reqs); err != nil {
		return err
	}

	// 5. 31 days later the purge, killed once in its middle, deletes everything.
	if err := w.purge(ctx, reqs); err != nil {
		return err
	}
	say("finished in %s", since(began))
	fmt.Printf("%d passed, 0 failed\n", len(reqs))
	return nil
}

// maxWaves is the number of bulk files after which the run stops trying to kill more.
const maxWaves = 8

func since(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }
