package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostFiles is how many files somebody has to write by hand to add an action.
const mostFiles = 5

// TestAnActionIsAFewFiles applies a patch that adds an action as CONTRIBUTING says it, counts the
// files that are written by hand, and runs the tests of what was touched. When the patch no longer
// applies, make the change in testdata/action.patch anew: add the action "nothing", which hands
// nothing over, and write `git diff` to that file.
func TestAnActionIsAFewFiles(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it copies the project and compiles it with the change")
	}
	patch, err := os.ReadFile(filepath.Join("testdata", "action.patch"))
	require.NoError(t, err)
	files := written(string(patch))
	require.NotEmpty(t, files)
	require.LessOrEqual(t, len(files), mostFiles, "an action is written in these files: %s", strings.Join(files, ", "))

	copied := copyProject(t)
	path, err := filepath.Abs(filepath.Join("testdata", "action.patch"))
	require.NoError(t, err)
	in(t, copied, "git", "apply", "--whitespace=nowarn", path)
	const tests = "Contract|Document|Words|Row|Pair|Nothing"
	in(t, copied, "go", "test", "-vet=off", "-short", "-run", tests, "./shared/dsr", "./shared/httpapi", "-update")
	in(t, copied, "go", "test", "-vet=off", "-short", "-run", tests,
		"./shared/dsr", "./shared/config", "./shared/httpapi", "./shared/fulfil")
	in(t, copied, "go", "test", "-vet=off", "-short", "./shared/archive", "./shared/connector/example")
}

// written are the files that a patch changes, without those that a test writes by -update.
func written(patch string) []string {
	var out []string
	for line := range strings.Lines(patch) {
		if file, ok := strings.CutPrefix(strings.TrimSpace(line), "+++ b/"); ok && !strings.Contains(file, "testdata/") {
			out = append(out, file)
		}
	}
	return slices.Compact(out)
}

// copyProject copies what git knows into a folder of the test, and links the installed Azurite.
func copyProject(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	to := t.TempDir()
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	for _, f := range strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		b, err := os.ReadFile(filepath.Join(root, f))
		if os.IsNotExist(err) {
			continue // It is deleted and the deletion not committed yet.
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(to, f)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(to, f), b, 0o600))
	}
	require.NoError(t, os.Symlink(filepath.Join(root, "infra/local/node_modules"), filepath.Join(to, "infra/local/node_modules")))
	return to
}

// in runs a program in a folder and fails with what it printed.
func in(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", name, strings.Join(args, " "), out)
}
