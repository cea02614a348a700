package numbers

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"slices"
	"strings"
)

// Files are the files of one version of the module: the content by the path from the root, with
// slashes.
type Files map[string][]byte

// source is one hand-written Go file.
type source struct {
	path    string
	folder  string
	content []byte
	syntax  *ast.File
	test    bool // a _test.go file
	// other is the test package p_test of folder p, whose names are apart from those of p.
	other bool
}

// module is every hand-written Go file, parsed.
type module struct {
	name  string // the module's path, from go.mod
	set   *token.FileSet
	files []source // by path
}

func parse(files Files) (module, error) {
	m := module{set: token.NewFileSet(), name: modulePath(files["go.mod"])}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		if !IsHandWritten(p, files[p]) {
			continue
		}
		syntax, err := parser.ParseFile(m.set, p, files[p], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return module{}, fmt.Errorf("numbers: %w", err)
		}
		test := strings.HasSuffix(p, "_test.go")
		m.files = append(m.files, source{
			path: p, folder: path.Dir(p), content: files[p], syntax: syntax,
			test: test, other: test && strings.HasSuffix(syntax.Name.Name, "_test"),
		})
	}
	return m, nil
}

// IsHandWritten reports whether a file is Go that somebody wrote for this module: no generated
// code, test data or copy of another module.
func IsHandWritten(file string, content []byte) bool {
	if path.Ext(file) != ".go" {
		return false
	}
	for _, folder := range strings.Split(path.Dir(file), "/") {
		if slices.Contains([]string{"testdata", "vendor", "node_modules", "dist"}, folder) {
			return false
		}
	}
	return !isGenerated(content)
}

// isGenerated looks for the line that the go command defines: see `go help generate`.
func isGenerated(content []byte) bool {
	for line := range bytes.Lines(content) {
		line = bytes.TrimRight(line, "\r\n")
		if bytes.HasPrefix(line, []byte("// Code generated ")) && bytes.HasSuffix(line, []byte(" DO NOT EDIT.")) {
			return true
		}
		if bytes.HasPrefix(line, []byte("package ")) {
			return false
		}
	}
	return false
}

func modulePath(goMod []byte) string {
	for line := range bytes.Lines(goMod) {
		if name, ok := bytes.CutPrefix(line, []byte("module ")); ok {
			return string(bytes.TrimSpace(name))
		}
	}
	return ""
}

// packages are the files that are not tests, by folder.
func (m module) packages() map[string][]source {
	byFolder := map[string][]source{}
	for _, f := range m.files {
		if !f.test {
			byFolder[f.folder] = append(byFolder[f.folder], f)
		}
	}
	return byFolder
}

// lines counts the lines of a text; the last one may have no line end.
func lines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}
