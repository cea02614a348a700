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

	"github.com/rightsdesk/rightsdesk/infra/lint/numbers"
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

// prose is what the authors wrote: not what tests compare with, and not a contract of others.
func prose(file string) bool {
	return slices.Contains([]string{".go", ".md"}, filepath.Ext(file)) && !strings.Contains(file, "testdata/")
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
	{
		"a paragraph of a document that is not in this repository: say the rule, or cite infra/decisions", anywhere,
		regexp.MustCompile(`(?i)\bdesign(?:\.md)? ` + `§`),
	},
	{
		"a word that strangers stumble over: name the person, say that something is there, leave \"our\" out", prose,
		regexp.MustCompile(`(?i)\b(?:who` + `ever|stands? (?:twice|once|several times)|of ` + `ours|our ` + `own|nobody` + ` ever)\b`),
	},
}

// top is what may be at the top level, apart from names that begin with a dot: what the Functions
// host and Go look for there, and what a reader does.
var top = []string{
	"functions", "shared", "infra", "docs", "host.json", "local.settings.sample.json", "go.mod", "go.sum", "Makefile",
	"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE",
}

// checkTop names what has come to the top level. Settings of tools belong to what runs the tool.
func checkTop(files []string) error {
	var broken []error
	for _, f := range files {
		first, _, _ := strings.Cut(filepath.ToSlash(f), "/")
		if !strings.HasPrefix(first, ".") && !slices.Contains(top, first) {
			broken = append(broken, fmt.Errorf("%s: may not be at the top level: see infra/lint/text.go", f))
		}
	}
	return errors.Join(broken...)
}

// finding is a line that breaks a rule.
type finding struct {
	file string
	line int
	what string
}

func (f finding) Error() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.what) }

const wideComment = "a comment over 100 columns"

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
		for _, found := range checkFile(f, b) {
			broken = append(broken, found)
		}
	}
	return errors.Join(broken...)
}

func checkFile(file string, content []byte) (broken []finding) {
	if bytes.IndexByte(content, 0) >= 0 {
		return nil // not text
	}
	n := 0
	for line := range bytes.Lines(content) {
		n++
		for _, r := range rules {
			if r.in(file) && r.pattern.Match(line) {
				broken = append(broken, finding{file, n, r.what})
			}
		}
	}
	for _, n := range wideComments(file, content) {
		broken = append(broken, finding{file, n, wideComment})
	}
	return broken
}

// wideComments are the lines whose comment goes over column 100. numbers.Comment.TooWide says which
// may: directives and long words. Documents may have lines of any length, since a reader sees them
// broken.
func wideComments(file string, content []byte) (wide []int) {
	switch {
	case numbers.IsHandWritten(file, content):
		for _, c := range numbers.Comments(content) {
			if c.TooWide() {
				wide = append(wide, c.Line)
			}
		}
	case code(file) && filepath.Ext(file) != ".go" && !strings.HasPrefix(file, derived):
		n := 0
		for line := range strings.Lines(string(content)) {
			n++
			line = strings.TrimRight(line, "\r\n")
			text := strings.TrimLeft(line, "\t ")
			if strings.HasPrefix(text, "#") && numbers.TooWide(numbers.Width(line), text, true) {
				wide = append(wide, n)
			}
		}
	}
	return wide
}

// derived holds a document that was cut out of one that others wrote.
const derived = "shared/connector/msgraph/graphsim/contract/"

// below are the files that are one of the paths or in one of them; without a path all.
func below(files, paths []string) []string {
	if len(paths) == 0 {
		return files
	}
	return slices.DeleteFunc(slices.Clone(files), func(f string) bool {
		return !slices.ContainsFunc(paths, func(p string) bool {
			p = filepath.ToSlash(filepath.Clean(p))
			return p == "." || f == p || strings.HasPrefix(f, p+"/")
		})
	})
}

// sources are the files that are committed or could be: what git knows or, without git, all.
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
