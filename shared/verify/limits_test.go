package verify

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// small returns the limits of Archive, at a size for tests.
func small() limits {
	l := standard
	l.directory, l.members, l.manifest, l.value, l.systems, l.queries = 70<<10, 40, 64<<10, 4<<10, 20, 50
	l.member = maps.Clone(l.member)
	l.member[formJSON], l.member[formXML], l.member[formCSV], l.member[formXLSX] = 32<<10, 256<<10, 1<<20, 256<<10
	l.other = 64 << 10
	return l
}

// spoilt makes an archive of one member, with a manifest that is given as text. %s in it
// stands for the list of files.
func spoilt(t *testing.T, text string, c content) []byte {
	t.Helper()
	files := []File{listedAs(c), listedAs(content{name: indexName, body: "<html>"})}
	list, err := json.Marshal(files)
	require.NoError(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, m := range []content{c, {name: indexName, body: "<html>"}, {name: manifestName, body: strings.Replace(text, "%s", string(list), 1)}} {
		w, err := z.Create(m.name)
		require.NoError(t, err)
		_, err = io.WriteString(w, m.body)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

// manifestWith returns a good manifest with one more member or with another value.
func manifestWith(name, value string) string {
	m := map[string]string{
		"version": "1", "request": `"` + someRequest + `"`, "tenant": `"11111111-1111-1111-1111-111111111111"`, "actions": `["access"]`, "regime": `"gdpr"`,
		"receivedAt": `"2026-01-01T00:00:00Z"`, "createdAt": `"2026-01-01T00:00:00Z"`, "systems": `[]`, "files": `%s`,
	}
	m[name] = value
	var all []string
	for k, v := range m {
		all = append(all, fmt.Sprintf("%q:%s", k, v))
	}
	return "{" + strings.Join(all, ",") + "}"
}

func system(queries string) string {
	return `[{"system":"entra","action":"access","outcome":"done","queries":[` + queries + `]}]`
}

func repeated(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

func TestVerifyRefusesABadManifest(t *testing.T) {
	t.Parallel()
	escape := `"\u001b]0;x\u0007\u001b[2K"`
	for name, tc := range map[string]struct{ text, want string }{
		"too many files":           {manifestWith("files", "["+repeated(`{"path":"a.json"}`, 1000)+"]"), "more than a package can have"},
		"empty files":              {manifestWith("files", "["+repeated(`{}`, 9000)+"]"), "path of a file"},
		"too many queries":         {manifestWith("systems", system(repeated(`{}`, 51))), "more than a package can have"},
		"too many systems":         {manifestWith("systems", "["+repeated(`{"system":"entra","action":"access","outcome":"done"}`, 21)+"]"), "more than a package can have"},
		"a long text":              {manifestWith("request", `"`+strings.Repeat("a", 5<<10)+`"`), "JSON"},
		"blanks":                   {manifestWith("version", strings.Repeat(" ", 5<<10)+"1"), "JSON"},
		"a long unknown member":    {manifestWith("later", "["+repeated("1", 5<<10)+"]"), "JSON"},
		"too many members":         {strings.Replace(manifestWith("version", "1"), "{", "{"+manyNames(100)+",", 1), "JSON"},
		"text after the manifest":  {manifestWith("version", "1") + "1", "JSON"},
		"a member twice":           {strings.Replace(manifestWith("version", "1"), "{", `{"version":1,`, 1), "JSON"},
		"too long":                 {manifestWith("version", "1") + strings.Repeat(" ", 64<<10), "MiB"},
		"an escape in the request": {manifestWith("request", escape), "must be ids"},
		"an escape in the tenant":  {manifestWith("tenant", escape), "must be ids"},
		"an escape in the regime":  {manifestWith("regime", escape), "must be names"},
		"an escape in an action":   {manifestWith("actions", "["+escape+"]"), "must be names"},
		"an escape in a system":    {manifestWith("systems", strings.Replace(system(""), `"entra"`, escape, 1)), "must be names"},
		"an escape in an outcome":  {manifestWith("systems", strings.Replace(system(""), `"done"`, escape, 1)), "must be names"},
		"an escape in a path":      {manifestWith("files", `[{"path":`+escape+`}]`), "path of a file"},
		"an escape in a kind":      {manifestWith("files", `[{"path":"a.json","kind":`+escape+`}]`), "must be names"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := spoilt(t, tc.text, content{name: "a.json", body: "[]"})
			report, err := small().verify(bytes.NewReader(b), int64(len(b)))
			require.ErrorIs(t, err, ErrNotVerified)
			require.Contains(t, fmt.Sprint(report.Problems), tc.want)
			require.NotContains(t, fmt.Sprint(report), "\x1b")
			require.Empty(t, report.Manifest, "nothing of it is believed")
		})
	}
	good := spoilt(t, manifestWith("later", `{"a":[1]}`), content{name: "a.json", body: "[]"})
	_, err := small().verify(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err, "what a later version adds is skipped")
}

func manyNames(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"x%d":1`, i))
	}
	return strings.Join(all, ",")
}

func TestVerifyRefusesBombs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 600<<10)
	for name, tc := range map[string]struct {
		c    content
		want string
	}{
		"a long JSON text": {content{name: "a.json", body: `[{"a":"` + long + `"}]`, records: 1}, "longer"},
		"JSON blanks":      {content{name: "a.json", body: "[" + strings.Repeat(" ", 40<<10) + "]"}, "longer"},
		"a long XML text":  {content{name: "a.xml", body: "<records><record>" + long + "</record></records>", records: 1}, "longer"},
		"a long CSV":       {content{name: "a.csv", body: "a\r\n" + long + long + "\r\n", records: 1}, "longer"},
		"a long index":     {content{name: "a.html", body: long}, "longer"},
		"a long workbook":  {content{name: "a.xlsx", body: long, records: 1}, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := pack(t, []content{tc.c}, nil)
			report, err := small().verify(bytes.NewReader(b), int64(len(b)))
			require.ErrorIs(t, err, ErrNotVerified)
			require.Contains(t, fmt.Sprint(report.Problems), tc.want)
		})
	}
}

func TestVerifyBoundsTheDirectory(t *testing.T) {
	t.Parallel()
	var many []content
	for i := range 1500 {
		many = append(many, content{name: fmt.Sprintf("a%d.json", i), body: "[]"})
	}
	for name, tc := range map[string]struct {
		contents []content
		want     string
	}{"too long": {many, "can be read"}, "too many members": {many[:50], "more than 40 members"}} {
		b := pack(t, tc.contents, nil)
		report, err := small().verify(bytes.NewReader(b), int64(len(b)))
		require.ErrorIs(t, err, ErrNotVerified)
		require.Contains(t, fmt.Sprint(report.Problems), tc.want, name)
	}
}
