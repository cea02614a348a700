package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// walkLimit is how long the walk may take while two cores run other tests.
const walkLimit = 5 * time.Minute

// TestReadmesWalk types what README tells a reader to type, into a local world of its own. Only
// the two addresses are replaced. The folder of the walk has the dist/app that is built from
// this tree.
func TestReadmesWalk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the whole app, which takes minutes where nothing is in Go's cache")
	}
	for _, name := range []string{"sh", "curl", "unzip"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the walk needs %s, which is not on PATH", name)
		}
	}
	b, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	readme := string(b)
	dir := t.TempDir()
	w, out := walkWorld(t, dir)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.run(ctx) }()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "Ctrl-C stops") || len(ended) > 0 }, walkLimit, 50*time.Millisecond)
	said, err := typed(t, w, dir, walkOf(t, readme))
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, err, "the walk:\n%s\nthe world:\n%s", said, out)

	for name, claim := range map[string]string{
		"the request's end":       `"state":"completed"`,
		"the check":               "\nverified: ",
		"the unpacked package":    "\nindex.html\n",
		"no package any more":     fmt.Sprintf("\n%s\n", claimed(t, readme, "the call answers ([0-9]{3})")),
		"the list's counts":       claimed(t, readme, "counts of the list's lines, here `([^`]+)`") + ", 0 failed",
		"no line that is refused": " 0 rejected",
	} {
		require.Contains(t, said, claim, name)
	}
	requireStates(t, readme, claimed(t, readme, `Wait for the end: (\w+(?: → \w+)*)\.`))
	if runtime.GOOS == "linux" {
		require.Empty(t, processesNaming(t, dir), "nothing is left running")
	}
}

// walkOf is the shell of README's walk and of the section on many requests.
func walkOf(t *testing.T, readme string) string {
	t.Helper()
	_, section, found := strings.Cut(readme, "\n## A request, from end to end\n")
	require.True(t, found, "README has no walk any more")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(section, -1)
	require.Len(t, blocks, 2, "the walk, and many at once")
	return blocks[0][1] + blocks[1][1]
}

// claimed is what README says will happen.
func claimed(t *testing.T, readme, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(readme)
	require.NotNil(t, found, "README does not say %s any more", pattern)
	return found[1]
}

// requireStates looks the states of the walk up in the diagram, which another test holds.
func requireStates(t *testing.T, readme, path string) {
	t.Helper()
	states := strings.Split(path, " → ")
	for i, to := range states[1:] {
		require.True(t, strings.Contains(readme, fmt.Sprintf("    %s --> %s: ", states[i], to)), "a request does not go from %s to %s", states[i], to)
	}
}

// walkWorld is a local world in dir, with programs built from this tree and on free ports.
func walkWorld(t *testing.T, dir string) (*world, *transcript) {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	bin, app := filepath.Join(dir, "dist", "bin"), filepath.Join(dir, "dist", "app")
	for _, args := range [][]string{
		{"build", "-o", filepath.Join(bin, "tenant"), "./infra/local/tenant/cmd"},
		{"build", "-o", filepath.Join(bin, "devhost"), "./infra/local/devhost/cmd"},
		{"run", "./infra/local/packager", "-app-only", "-app", app},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = root
		text, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %v: %s", args, text)
	}
	free, err := testSettings(dir, "", "", "")
	require.NoError(t, err)
	s := settings{
		root: root, state: free.state, port: free.port, tenantAddr: free.tenantAddr, azurite: azurite.Options{Dir: free.azurite.Dir},
		readyLimit: time.Minute,
	}
	s.commands(bin, app)
	out := &transcript{}
	return newWorld(s, out), out
}

// typed runs a script in dir as a reader would run it, and stops at its first error.
func typed(t *testing.T, w *world, dir, script string) (said string, err error) {
	t.Helper()
	script = strings.NewReplacer("http://127.0.0.1:7071", w.api(), "http://127.0.0.1:7080", "http://"+w.tenantAddr).Replace(script)
	out := &transcript{}
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "RIGHTSDESK_URL="+w.api())
	shell, err := process.Start(cmd)
	if err != nil {
		return "", err
	}
	defer shell.Stop(time.Second)
	select {
	case <-shell.Done():
	case <-time.After(walkLimit):
		return out.String(), errors.New("the walk does not come to its end")
	}
	if state := cmd.ProcessState; !state.Success() {
		return out.String(), fmt.Errorf("the walk ended with %s", state)
	}
	return out.String(), nil
}
