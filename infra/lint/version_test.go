package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/lint/numbers"
)

func TestFilesOfACommit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed, so there is no commit to read")
	}
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=test", "-c", "user.email=test@example.test"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	write := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	git("init", "-q")
	write("go.mod", "module m\n")
	write("a/a.go", "package a\n")
	write("README.md", "# m\n")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	write("a/a.go", "package a // changed since\n")

	files, err := archived(dir, "HEAD")
	require.NoError(t, err)
	require.Equal(t, numbers.Files{"go.mod": []byte("module m\n"), "a/a.go": []byte("package a\n")}, files)

	_, err = archived(dir, "no-such-commit")
	require.ErrorContains(t, err, "git archive no-such-commit")
}
