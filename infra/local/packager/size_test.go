package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	maxBinary = 30_000_000 // bytes
	maxZip    = 10_000_000
)

// The linker names each function that looks methods up by a name that it does not know. One of them
// in the product makes it keep every exported method of the Graph SDK: 140 MB instead of 25.
func TestTheBinaryLooksUpNoMethodByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, binaryName)
	cmd := buildCommand("../../..", target{"linux", "amd64"}, "-s -w -dumpdep", binary)
	dump, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines, found := 0, map[string]bool{}
	s := bufio.NewScanner(dump)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		lines++
		for _, name := range strings.Split(s.Text(), " -> ") {
			if f, ok := strings.CutSuffix(name, " <ReflectMethod>"); ok {
				found[f] = true
			}
		}
	}
	require.NoError(t, s.Err())
	require.NoError(t, cmd.Wait())
	require.Greater(t, lines, 10_000, "the linker printed what depends on what")
	require.Empty(t, found, "these functions look methods up by name: see infra/decisions/binary-size.md")

	info, err := os.Stat(binary)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(maxBinary))
	t.Logf("binary: %.1f MB", float64(info.Size())/1e6)
	app := filepath.Join(dir, "app")
	require.NoError(t, stage("../../..", binary, app))
	zipped := filepath.Join(dir, "app.zip")
	require.NoError(t, archive(app, binary, zipped))
	info, err = os.Stat(zipped)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(maxZip))
	t.Logf("app.zip: %.1f MB", float64(info.Size())/1e6)
}
