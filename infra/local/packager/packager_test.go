package main

import (
	"archive/zip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/progress"
)

// project is a small project of the same shape. It is a module of its own, so that nothing big is
// compiled.
func project(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                            "module example.test/app\n\ngo 1.26\n",
		"host.json":                         `{"version":"2.0"}`,
		"local.settings.sample.json":        `{"Values":{}}`,
		"functions/main.go":                 "package main\n\nfunc main() {}\n",
		"functions/requests/function.json":  `{"bindings":[]}`,
		"functions/wake/function.json":      `{"bindings":[{}]}`,
		"functions/wake/notes.md":           "not part of the app",
		"dist/app/gone/function.json":       `{}`,
		"dist/app/local.settings.json":      `{}`,
		"dist/app.next/halfway/leftover.js": ``,
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return root
}

func pack(t *testing.T, root string) {
	t.Helper()
	require.NoError(t, run(root, filepath.Join(root, "dist", "app"), false, progress.Display{Out: io.Discard, Quiet: time.Minute}))
}

func TestAppFolderHoldsWhatAHostSees(t *testing.T) {
	t.Parallel()
	root := project(t)
	pack(t, root)
	want := map[string]fs.FileMode{
		"rightsdesk": 0o755, "host.json": 0o644, "local.settings.sample.json": 0o644,
		"requests/function.json": 0o644, "wake/function.json": 0o644,
	}
	got := map[string]fs.FileMode{}
	app := filepath.Join(root, "dist", "app")
	require.NoError(t, filepath.WalkDir(app, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		require.NoError(t, err)
		rel, err := filepath.Rel(app, path)
		require.NoError(t, err)
		got[rel] = info.Mode()
		return nil
	}))
	require.Equal(t, want, got)
	require.NoDirExists(t, filepath.Join(root, "dist", "app.next"))
}

func TestZipIsReproducibleWithRunBits(t *testing.T) {
	t.Parallel()
	var zips [2][]byte
	for n := range zips {
		root := project(t) // another folder and another time, and neither may show
		require.NoError(t, os.Chtimes(filepath.Join(root, "host.json"), time.Unix(int64(n), 0), time.Unix(int64(n), 0)))
		pack(t, root)
		b, err := os.ReadFile(filepath.Join(root, "dist", "app.zip"))
		require.NoError(t, err)
		zips[n] = b
		if n == 0 {
			checkMembers(t, filepath.Join(root, "dist", "app.zip"))
		}
	}
	require.True(t, string(zips[0]) == string(zips[1]), "the same source gives the same bytes")
}

func checkMembers(t *testing.T, path string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, z.Close()) }()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
		mode := fs.FileMode(0o644)
		if f.Name == binaryName {
			mode = 0o755
			require.Equal(t, "\x7fELF", head(t, f), "built for Linux")
		}
		require.Equal(t, mode, f.Mode(), f.Name)
		require.True(t, stamped.Equal(f.Modified), f.Name)
	}
	require.Equal(t, []string{"host.json", "requests/function.json", "rightsdesk", "wake/function.json"}, names)
}

func head(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	b := make([]byte, 4)
	_, err = io.ReadFull(r, b)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(b)
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ remove, want string }{
		"no functions": {"functions/*/function.json", "no functions/*/function.json"},
		"no host.json": {"host.json", "host.json"},
		"no main":      {"functions/main.go", "go build ./functions"},
		"no sample":    {"local.settings.sample.json", "local.settings.sample.json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := project(t)
			paths, err := filepath.Glob(filepath.Join(root, c.remove))
			require.NoError(t, err)
			require.NotEmpty(t, paths)
			for _, p := range paths {
				require.NoError(t, os.Remove(p))
			}
			require.ErrorContains(t, run(root, filepath.Join(root, "dist", "app"), false, progress.Display{Out: io.Discard, Quiet: time.Minute}), c.want)
		})
	}
}
