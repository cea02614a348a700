package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	t.Parallel()
	open := "TO" + "DO"
	for name, c := range map[string]struct {
		file, text, want string
	}{
		"a clean file":               {"a.go", "package a\n", ""},
		"a machine's path":           {"a.md", "see\n`/ro" + "ot/notes`\n", "a.md:2: a path of somebody's machine"},
		"a path at the line's begin": {"a.txt", "/ho" + "me/somebody/x", "a.txt:1: a path of somebody's machine"},
		"a folder of ours":           {"a.md", "functions/work/function.json", ""},
		"a function's path":          {"a.go", `post("/work")`, ""},
		"a binary file":              {"a.bin", "\x00 /ro" + "ot/notes", ""},
		"a registry in a lock file":  {"x/package-lock.json", `"resolved": "https://registry.example.test/a.tgz"`, "x/package-lock.json:1: a registry's host"},
		"a link in a lock file":      {"x/package-lock.json", `"url": "https://example.test"`, ""},
		"a registry in settings":     {".npmrc", "registry=https://example.test", ".npmrc:1: a registry's address"},
		"an open end":                {"a.go", "x() // " + open + ": later\n", "a.go:1: an open end"},
		"an open end with an issue":  {"a.go", "x() // " + open + "(#12): later\n", ""},
		"a word in test data":        {"testdata/a.go", "// " + open, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := errors.Join(checkFile(c.file, []byte(c.text))...)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWalkLeavesOutWhatABuildMade(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, f := range []string{"a.go", ".git/config", "dist/app/x", "infra/node_modules/y", ".local/z", "b/c.md"} {
		path := filepath.Join(root, f)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	files, err := walk(root)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "a.go"), filepath.Join(root, "b", "c.md")}, files)
}

func TestPackagesAreSplitByTheSDK(t *testing.T) {
	t.Parallel()
	out := `
{"ImportPath":"m/pure","Deps":["fmt"]}
{"ImportPath":"m/core","Deps":["` + sdk + `-core"]}
{"ImportPath":"m/direct","Deps":["` + sdk + `/models"]}
{"ImportPath":"m/bytests","Deps":["fmt"]}
{"ImportPath":"m/bytests.test","Deps":["fmt"]}
{"ImportPath":"m/bytests_test [m/bytests.test]","ForTest":"m/bytests","Deps":["` + sdk + `"]}
`
	got, err := splitUp(strings.NewReader(out))
	require.NoError(t, err)
	want := split{free: []string{"m/core", "m/pure"}, bound: []string{"m/bytests", "m/direct"}}
	require.Empty(t, cmp.Diff(want, got, cmp.AllowUnexported(split{})))
}
