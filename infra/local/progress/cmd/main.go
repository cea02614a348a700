// Command progress runs a program as one step and shows how long it takes.
//
//	go run ./infra/local/progress/cmd [-hint text] name program arguments…
//
// It ends with the program's exit status.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/rightsdesk/rightsdesk/infra/local/progress"
)

func main() {
	hint := flag.String("hint", "", "why the step may take long")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: [-hint text] name program arguments…")
		os.Exit(2)
	}
	args := flag.Args()
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := progress.Standard().Run(args[0], *hint, cmd.Run)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
