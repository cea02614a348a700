package cli_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/cli"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
)

// pack writes a package whose manifest says index, and which holds what.
func pack(t *testing.T, index, what string) string {
	t.Helper()
	return packAs(t, bulkID, index, [2]string{manifest.IndexName, what})
}

// packAs writes a package of a request with further members.
func packAs(t *testing.T, request, index string, members ...[2]string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(index))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m, err := json.Marshal(manifest.Manifest{
		Version: 1, Request: request, Tenant: "11111111-1111-1111-1111-111111111111", Actions: []dsr.Action{dsr.Export}, Regime: dsr.GDPR,
		ReceivedAt: at, CreatedAt: at, Systems: []manifest.System{},
		Files: []manifest.File{{Path: manifest.IndexName, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(index))}},
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "p.zip")
	f, err := os.Create(path)
	require.NoError(t, err)
	z := zip.NewWriter(f)
	for _, member := range append(members, [2]string{manifest.Name, string(m)}) {
		w, err := z.Create(member[0])
		require.NoError(t, err)
		_, err = w.Write([]byte(member[1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, f.Close())
	return path
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good := pack(t, "<!doctype html>", "<!doctype html>")
	got := run(t, nil, cli.Options{}, "verify", good)
	require.Equal(t, cli.ExitDone, got.code, got.all())
	golden(t, "verify-good.txt", got.out)
	got = run(t, nil, cli.Options{}, "verify", "--json", good)
	golden(t, "verify-good.json", got.out)

	got = run(t, nil, cli.Options{}, "verify", pack(t, "<!doctype html>", "<!doctype htmL>"))
	require.Equal(t, cli.ExitFailed, got.code)
	golden(t, "verify-changed.txt", got.out)
	got = run(t, nil, cli.Options{}, "verify", write(t, "x.zip", "no archive"))
	require.Equal(t, cli.ExitFailed, got.code)
	require.Contains(t, got.out, "not verified")
	got = run(t, nil, cli.Options{}, "verify", "nowhere.zip")
	require.Equal(t, cli.ExitUsage, got.code)
	got = run(t, nil, cli.Options{}, "verify", t.TempDir())
	require.Equal(t, cli.ExitUsage, got.code)
}

func TestVerifySendsNothingToTheTerminal(t *testing.T) {
	t.Parallel()
	const escape = "\x1b]0;x\x07\x1b[2K\rverified: 999 files\x1b[8m\u009b2K\u202e"
	index := [2]string{manifest.IndexName, "<!doctype html>"}
	for name, path := range map[string]string{
		"in the request": packAs(t, escape, "<!doctype html>", index),
		"in a name":      packAs(t, bulkID, "<!doctype html>", index, [2]string{escape, "x"}),
	} {
		for _, args := range [][]string{{"verify", path}, {"verify", "--json", path}} {
			got := run(t, nil, cli.Options{}, args...)
			require.Equal(t, cli.ExitFailed, got.code, name)
			for _, r := range strings.ReplaceAll(got.out, "\n", "") {
				require.True(t, unicode.IsPrint(r), "%s: %q", name, got.out)
			}
		}
	}
}
