// Command bench measures Rightsdesk against raw storage calls of the same kind, number and
// size. Both sides run in one run on the same Azurite. It prints a table. A missed goal is
// reported there and does not fail the run.
//
//	go run ./infra/local/bench [--only a,b,…,i] [--small] [--app dist/app] [--profile folder]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/replay"
)

// section is one letter of the list of goals.
type section struct {
	name, what string
	run        func(context.Context, *bench) error
}

var parts = []section{
	{"a", "POST /api/requests through dev host and handler", benchPost},
	{"b", "bulk import", benchBulk},
	{"c", "export of ready records, and the package", benchExport},
	{"d", "a run of the wake timer", benchWakes},
	{"e", "start of the handler", benchStart},
	{"f", "one access request by hand", benchHand},
	{"i", "people of very different size", benchPersons},
	{"g", "access requests from POST to completed", benchRate},
	{"h", "each step of a request with a long history", benchSteps},
}

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
	var o options
	flag.StringVar(&o.App, "app", "dist/app", "the app folder (make package)")
	only := flag.String("only", "", "letters of the parts to run, such as a,c (default: all)")
	flag.BoolVar(&o.Small, "small", false, "a tenth of the size, to see that everything works")
	flag.StringVar(&o.Profile, "profile", "", "`folder` for CPU profiles of the own side of b, c and g")
	flag.Parse()
	o.Only = strings.FieldsFunc(*only, func(r rune) bool { return r == ',' })
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench: FAILED:", err)
		os.Exit(1)
	}
}

// play plays a role and returns the exit code.
func play(role string) int {
	ctx := context.Background()
	var err error
	switch role {
	case roleHandler:
		err = replay.Serve(os.Getenv(taskVariable), os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"))
	case roleProduct:
		err = serveProfiled(ctx)
	case roleUpload, roleSink, roleCopy, rolePack, roleGraphSink:
		err = playExport(ctx, role)
	case rolePerson:
		err = playPerson(ctx)
	default:
		err = fmt.Errorf("there is no such role")
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: role %s: %v\n", role, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, o options) error {
	for _, name := range o.Only {
		if !slices.ContainsFunc(parts, func(p section) bool { return p.name == name }) {
			return fmt.Errorf("--only: there is no part %q; the parts are a to i", name)
		}
	}
	dir, err := os.MkdirTemp("", "rightsdesk-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{options: o, dir: dir}
	began := time.Now()
	fmt.Printf("%s, %d cores, %s/%s; Azurite, simulators, dev host, both sides of every comparison and the load share them\n",
		runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	if o.Small {
		fmt.Println("a small run: it shows that everything works, but its numbers are not comparable")
	}
	var errs []error
	for _, p := range parts {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		say("(%s) %s", p.name, p.what)
		if err := p.run(ctx, b); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			errs = append(errs, fmt.Errorf("(%s): %w", p.name, err))
			b.table.Fail(p.name, p.what, err)
		}
	}
	if len(o.Only) == 0 && !o.Small {
		b.table.AtMost("the whole of make bench", "%.0f min", time.Since(began).Minutes(), 40)
	}
	b.table.Print(os.Stdout)
	fmt.Printf("finished in %s\n", time.Since(began).Round(time.Second))
	return errors.Join(errs...)
}
