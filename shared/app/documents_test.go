package app_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/httpapi"
)

const root = "../../"

// documents returns this repository's Markdown files by their path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // other processes may remove files meanwhile
		}
		if d.IsDir() && slices.Contains([]string{".git", ".local", "dist", "node_modules", "testdata"}, d.Name()) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			out[strings.TrimPrefix(path, root)] = string(b)
		}
		return nil
	}))
	require.Contains(t, out, "README.md")
	require.Contains(t, out, "CONTRIBUTING.md")
	return out
}

func every(pattern, text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func TestDocumentsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(root + "Makefile")
	require.NoError(t, err)
	targets := every(`(?m)^([a-z0-9]+):`, string(makefile))
	var settings []string
	for _, s := range config.Table() {
		settings = append(settings, s.Name)
	}
	settings = append(settings, "RIGHTSDESK_API_KEY", "RIGHTSDESK_URL") // of the command line
	for path, text := range documents(t) {
		for _, target := range every("(?m)(?:^|`)make ([a-z0-9]+)", text) {
			require.Contains(t, targets, target, "%s: make %s", path, target)
		}
		for _, name := range every(`\b(RIGHTSDESK_[A-Z_]+|AzureWebJobsStorage\w*)\b`, text) {
			require.Contains(t, settings, name, path)
		}
		for _, link := range every(`\]\(([^)]+)\)`, text) {
			file, _, _ := strings.Cut(link, "#")
			if file == "" || strings.Contains(file, "://") {
				continue
			}
			require.FileExists(t, filepath.Join(root, filepath.Dir(path), file), "%s links to it", path)
		}
		for _, file := range every("`((?:shared|infra|functions)/[0-9A-Za-z_./-]+)`", text) {
			if !strings.Contains(file, "<") {
				_, err := os.Stat(root + file)
				require.NoError(t, err, path)
			}
		}
	}
}

// TestREADMEFollowsTheContract checks that README's table holds every call of the contract with
// the right that it needs, and no other call.
func TestREADMEFollowsTheContract(t *testing.T) {
	t.Parallel()
	raw, err := httpapi.Contract()
	require.NoError(t, err)
	var contract struct{ Paths map[string]map[string]any }
	require.NoError(t, json.Unmarshal(raw, &contract))
	var rights []string
	for _, r := range auth.Rights() {
		rights = append(rights, string(r))
	}
	named := map[string]bool{}
	last := "" // the path that "…" stands for
	for line := range strings.Lines(documents(t)["README.md"]) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || !strings.Contains(cells[1], "/api/") {
			continue
		}
		for _, c := range every("`([^`]+)`", cells[1]) {
			method, path, ok := strings.Cut(c, " ")
			if !ok {
				method, path = "", c // "…/events" repeats the method of the row before it
			}
			if tail, short := strings.CutPrefix(path, "…"); short {
				path = last + tail
			}
			last, _, _ = strings.Cut(path, "{id}")
			if strings.Contains(path, "{id}") {
				last += "{id}"
			}
			require.Contains(t, contract.Paths, path, line)
			require.True(t, method == "" || contract.Paths[path][strings.ToLower(method)] != nil, "%s %s", method, path)
			named[path] = true
		}
		for _, right := range every("`([^`]+)`", cells[2]) {
			require.Contains(t, rights, right)
		}
	}
	for path := range contract.Paths {
		require.True(t, named[path], "README does not name %s", path)
	}
}

// TestREADMEsBodiesAreTaken checks that the bodies in README's walk are the ones that the tests
// send.
func TestREADMEsBodiesAreTaken(t *testing.T) {
	t.Parallel()
	readme := documents(t)["README.md"]
	for _, text := range []string{
		`"actions":["access","export"],"subject":{"email":"jane@contoso.example"},"regime":"gdpr"`, "family.lee@home.example", `{"advance":"744h"}`,
		`actions,regime,email\nexport,gdpr,jane@contoso.example\naccess;export,gdpr,john@contoso.example\n`, "--reference march-2026 --watch",
		"rightsdesk verify ", "/admin/functions/purge",
	} {
		require.Contains(t, readme, text, "walk_test.go walks another way than README")
	}
}
