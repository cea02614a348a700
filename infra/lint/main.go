// Command lint checks what a compiler does not: format, suspicious constructs, and what must not be
// in a public repository.
//
//	go run ./infra/lint              every check
//	go run ./infra/lint -text PATH   only the text of files: of those under some paths, or of all
//	go run ./infra/lint -list-free   print the packages that do not depend on the Graph SDK
//	go run ./infra/lint -numbers     print the size and shape of the code; -at REV compares
//
// The Graph SDK is the reason for not using golangci-lint: with its 15,000 types, every analyser
// that wants facts about dependencies takes many minutes and gigabytes. So packages are split in
// two, see packages.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rightsdesk/rightsdesk/infra/local/progress"
)

// localVet are the analysers of go vet that look at one package alone. Importers of the SDK get
// these only: the others (printf, lostcancel, …) would first have to collect facts about all of it.
var localVet = []string{
	"-appends", "-assign", "-atomic", "-bools", "-buildtag", "-copylocks", "-defers", "-directive", "-errorsas", "-httpresponse",
	"-ifaceassert", "-loopclosure", "-nilfunc", "-shift", "-sigchanyzer", "-stdmethods", "-stringintconv", "-structtag",
	"-testinggoroutine", "-tests", "-timeformat", "-unmarshal", "-unreachable", "-unusedresult", "-waitgroup",
}

// staticChecks are all checks of staticcheck but three: the comment of an exported function, type
// or variable says what it means, and need not begin with the name if a sentence reads better
// otherwise.
const staticChecks = "all,-ST1020,-ST1021,-ST1022"

// options are the command line.
type options struct {
	listFree, text, numbers, json bool
	at, tools                     string
	under                         []string
}

func main() {
	var o options
	flag.BoolVar(&o.listFree, "list-free", false, "print the packages that do not depend on the Microsoft Graph SDK")
	flag.BoolVar(&o.text, "text", false, "check the text of files only, of those under the paths that follow or of all")
	flag.BoolVar(&o.numbers, "numbers", false, "print the size and shape of the code")
	flag.BoolVar(&o.json, "json", false, "with -numbers: as JSON, each field and circle with its place")
	flag.StringVar(&o.at, "at", "", "with -numbers: a commit to compare with, such as HEAD~5")
	flag.StringVar(&o.tools, "tools", filepath.Join("dist", "tools"), "the folder of gofumpt and staticcheck")
	flag.Parse()
	o.under = flag.Args()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	switch {
	case o.listFree:
		p, err := packages()
		for _, path := range p.free {
			fmt.Println(path)
		}
		return err
	case o.numbers:
		return printNumbers(os.Stdout, o.at, o.json)
	case o.text:
		files, err := sources()
		if err != nil {
			return err
		}
		return checkText(below(files, o.under))
	}
	return lint(o.tools, progress.Standard())
}

// lint runs every check, also after one has failed, so that one run shows everything.
func lint(tools string, show progress.Display) error {
	files, err := sources()
	if err != nil {
		return err
	}
	p, err := packages()
	if err != nil {
		return err
	}
	var failed []error
	check := func(name, hint string, do func() error) { failed = append(failed, show.Run(name, hint, do)) }
	check("text: no paths of a machine, no registry hosts, no loose ends, no wide comments", "", func() error {
		return errors.Join(checkTop(files), checkText(files))
	})
	check("gofumpt", "", func() error { return gofumpt(tools) })
	check(fmt.Sprintf("go vet: %d packages", len(p.free)), "", func() error {
		return tool("go", append([]string{"vet"}, p.free...)...)
	})
	check(fmt.Sprintf("go vet, analysers of one package: %d packages that import the Graph SDK", len(p.bound)), sdkHint, func() error {
		if len(p.bound) == 0 {
			return nil
		}
		return tool("go", append(append([]string{"vet"}, localVet...), p.bound...)...)
	})
	check(fmt.Sprintf("staticcheck: %d packages", len(p.free)), "", func() error {
		return tool(filepath.Join(tools, "staticcheck"), append([]string{"-checks", staticChecks}, p.free...)...)
	})
	return errors.Join(failed...)
}

const sdkHint = "the first time go vet reads the whole Microsoft Graph SDK: about 3 minutes on two cores, cached after"

// gofumpt names the files that are not formatted.
func gofumpt(tools string) error {
	// Given folders, gofumpt leaves generated files as their generator wrote them.
	out, err := exec.Command(filepath.Join(tools, "gofumpt"), "-l", "functions", "infra", "shared").CombinedOutput()
	if err != nil {
		return fmt.Errorf("gofumpt: %w: %s", err, out)
	}
	if len(out) > 0 {
		return fmt.Errorf("not formatted, run `make format`:\n%s", out)
	}
	return nil
}

// tool runs a program whose findings go to the terminal.
func tool(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}
