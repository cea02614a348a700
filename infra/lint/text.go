package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// rule is something that no committed line may hold.
type rule struct {
	what    string
	in      func(file string) bool
	pattern *regexp.Regexp
}

func anywhere(string) bool { return true }

func named(names ...string) func(string) bool {
	return func(file string) bool { return slices.Contains(names, filepath.Base(file)) }
}

func code(file string) bool {
	return slices.Contains([]string{".go", ".sh", ".yaml", ".yml", ""}, filepath.Ext(file)) && !strings.Contains(file, "testdata/")
}

var rules = []rule{
	{
		"a path of somebody's machine", anywhere,
		regexp.MustCompile("(?:^|[\"'`(=: ])/(?:work|root|home|Users)/[A-Za-z0-9]"),
	},
	{
		"a registry's host in a lock file (install with infra/local/.npmrc)", named("package-lock.json", "npm-shrinkwrap.json"),
		regexp.MustCompile(`"resolved":\s*"https?:`),
	},
	{
		"a registry's address", named(".npmrc", "package.json"),
		regexp.MustCompile(`(?i)\bregistry["\s]*[=:]`),
	},
	{
		"an open end without an issue's number", code,
		regexp.MustCompile(`(?://|#).*\b(?:TO` + `DO|FIX` + `ME)\b(?:[^(]|$)`),
	},
}

// checkText reads every file once and names each line that breaks a rule.
func checkText(files []string) error {
	var broken []error
	for _, f := range files {
		b, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and the deletion not committed yet
		}
		if err != nil {
			return fmt.Errorf("text: %w", err)
		}
		broken = append(broken, checkFile(f, b)...)
	}
	return errors.Join(broken...)
}

func checkFile(file string, content []byte) (broken []error) {
	if bytes.IndexByte(content, 0) >= 0 {
		return nil // not text
	}
	n := 0
	for line := range bytes.Lines(content) {
		n++
		for _, r := range rules {
			if r.in(file) && r.pattern.Match(line) {
				broken = append(broken, fmt.Errorf("%s:%d: %s", file, n, r.what))
			}
		}
	}
	return broken
}

// sources are the files that are committed or could be: what git knows or, without git, what lies here.
func sources() ([]string, error) {
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return walk(".")
	}
	files := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	return slices.DeleteFunc(files, func(f string) bool { info, err := os.Lstat(f); return err == nil && !info.Mode().IsRegular() }), nil
}

// walk lists every file under root but those that a build or git made.
func walk(root string) (files []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".local", "dist", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular():
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return files, nil
}
