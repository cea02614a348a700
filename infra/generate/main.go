// Command generate writes the Go code of each template: x_templ.go beside x.templ.
//
//	go run ./infra/generate [-root .]
//
// The code is committed, so that a plain build needs no generator. This package's test
// compares it with its sources.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/a-h/templ"
	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
)

func main() {
	root := flag.String("root", ".", "the project's folder")
	flag.Parse()
	if err := run(*root); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	all, err := sources(root)
	if err != nil {
		return err
	}
	for _, s := range all {
		code, err := generate(s)
		if err == nil {
			err = os.WriteFile(target(s), code, 0o644) //nolint:gosec // source code
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sources are the templates of the project.
func sources(root string) (out []string, err error) {
	for _, dir := range []string{"functions", "shared", "infra"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				return err
			case err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata"):
				return fs.SkipDir
			case err == nil && filepath.Ext(p) == ".templ":
				out = append(out, p)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// target is the file of a template's code.
func target(source string) string { return strings.TrimSuffix(source, ".templ") + "_templ.go" }

// generate returns the code of a template, as templ's own command writes it.
func generate(source string) ([]byte, error) {
	text, err := os.ReadFile(source)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.ParseString(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	var code bytes.Buffer
	_, err = generator.Generate(parsed, &code, generator.WithVersion(templ.Version()), generator.WithFileName(filepath.Base(source)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	out, err := format.Source(code.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: the code of the template is not Go: %w", source, err)
	}
	return out, nil
}
