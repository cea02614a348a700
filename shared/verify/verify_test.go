package verify

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const someRequest = "0f8b4c6e-2d1a-4e53-9b70-6a5d3c2e1f00"

// content is a member of an archive that a test makes.
type content struct {
	name, body string
	records    int64
	unlisted   bool
}

func listedAs(c content) File {
	sum := sha256.Sum256([]byte(c.body))
	return File{Path: c.name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(c.body)), Records: c.records}
}

// pack makes an archive. change may spoil the manifest.
func pack(t testing.TB, contents []content, change func(*Manifest)) []byte {
	t.Helper()
	m := Manifest{
		Version: 1, Request: someRequest, Tenant: "11111111-1111-1111-1111-111111111111", Actions: []string{"access"}, Regime: "gdpr",
		Systems: []System{{System: "entra", Action: "access", Outcome: "done"}},
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, c := range append(contents, content{name: indexName, body: "<html>"}) {
		w, err := z.Create(c.name)
		require.NoError(t, err)
		_, err = io.WriteString(w, c.body)
		require.NoError(t, err)
		if !c.unlisted {
			m.Files = append(m.Files, listedAs(c))
		}
	}
	if change != nil {
		change(&m)
	}
	w, err := z.Create(manifestName)
	require.NoError(t, err)
	body, err := json.Marshal(m)
	require.NoError(t, err)
	_, err = w.Write(body)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

const goodJSON, goodCSV, goodXML = "[\n{\"a\":1},\n{\"a\":2}\n]\n", "\ufeffa,other\r\n1,\r\n\"2\r\n\"\"\",\r\n", `<records><record/><record><record/></record></records>`

func goodContents() []content {
	return []content{
		{name: "access/entra/profile-0001.json", body: goodJSON, records: 2},
		{name: "access/entra/profile-0001.csv", body: goodCSV, records: 2},
		{name: "access/entra/profile-0001.xml", body: goodXML, records: 2},
	}
}

func TestVerifyAcceptsAPackage(t *testing.T) {
	t.Parallel()
	b := pack(t, goodContents(), nil)
	report, err := Archive(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err, "%+v", report.Problems)
	require.Equal(t, 4, report.Files)
	require.EqualValues(t, 2, report.Records)
	require.Equal(t, someRequest, report.Manifest.Request)
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	one := func(name, body string, records int64) []content {
		return []content{{name: name, body: body, records: records}}
	}
	for name, tc := range map[string]struct {
		contents []content
		change   func(*Manifest)
		want     string
	}{
		"an unlisted member":      {append(goodContents(), content{name: "extra.txt", unlisted: true}), nil, "does not list it"},
		"a missing member":        {goodContents(), func(m *Manifest) { m.Files = append(m.Files, File{Path: "gone.json"}) }, "missing"},
		"no index":                {goodContents(), func(m *Manifest) { m.Files = m.Files[:3] }, "does not list it"},
		"another sum":             {goodContents(), func(m *Manifest) { m.Files[0].SHA256 = strings.Repeat("0", 64) }, "SHA-256"},
		"another size":            {goodContents(), func(m *Manifest) { m.Files[0].Bytes++ }, "bytes"},
		"a negative size":         {goodContents(), func(m *Manifest) { m.Files[0].Bytes = -1 }, "bytes"},
		"another count, JSON":     {goodContents(), func(m *Manifest) { m.Files[0].Records = 3 }, "records"},
		"listed twice":            {goodContents(), func(m *Manifest) { m.Files = append(m.Files, m.Files[0]) }, "twice"},
		"the manifest in itself":  {goodContents(), func(m *Manifest) { m.Files = append(m.Files, File{Path: manifestName}) }, "itself"},
		"another version":         {goodContents(), func(m *Manifest) { m.Version = 2 }, "version 2"},
		"a path upwards":          {one("../evil.txt", "x", 0), nil, "not allowed in a package"},
		"a path upwards inside":   {one("a/../../evil.txt", "x", 0), nil, "not allowed in a package"},
		"an absolute path":        {one("/etc/passwd.txt", "x", 0), nil, "not allowed in a package"},
		"a drive":                 {one("c:/evil.txt", "x", 0), nil, "not allowed in a package"},
		"a backslash":             {one(`a\evil.txt`, "x", 0), nil, "not allowed in a package"},
		"a device":                {one("access/con/evil.txt", "x", 0), nil, "not allowed in a package"},
		"a device with extension": {one("access/lpt1.txt", "x", 0), nil, "not allowed in a package"},
		"an upper-case copy":      {one("Index.html", "x", 0), nil, "not allowed in a package"},
		"a folder":                {one("access/", "", 0), nil, "not allowed in a package"},
		"two members of one name": {append(goodContents(), goodContents()[0]), nil, "two members"},
		"broken JSON":             {one("a.json", "[{]", 0), nil, "not a JSON array of objects"},
		"JSON with a tail":        {one("a.json", "[] x", 0), nil, "not a JSON array of objects"},
		"JSON without an array":   {one("a.json", `{"a":1}`, 0), nil, "not a JSON array of objects"},
		"a bomb":                  {one("a.json", "["+strings.Repeat(" ", 50<<20)+"]", 0), nil, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := pack(t, tc.contents, tc.change)
			report, err := Archive(bytes.NewReader(b), int64(len(b)))
			require.ErrorIs(t, err, ErrNotVerified)
			require.Contains(t, fmt.Sprint(report.Problems), tc.want)
		})
	}
	_, err := Archive(strings.NewReader("nothing"), 7)
	require.ErrorIs(t, err, ErrNotVerified)
	var empty bytes.Buffer
	require.NoError(t, zip.NewWriter(&empty).Close())
	_, err = Archive(bytes.NewReader(empty.Bytes()), int64(empty.Len()))
	require.ErrorIs(t, err, ErrNotVerified)
}

func TestVerifySeesEveryChangedByteOfData(t *testing.T) {
	t.Parallel()
	b := pack(t, goodContents(), nil)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	for n, f := range z.File {
		offset, err := f.DataOffset()
		require.NoError(t, err)
		for i := offset; i < offset+int64(f.CompressedSize64); i++ {
			spoilt := bytes.Clone(b)
			spoilt[i] ^= 1
			if _, err := Archive(bytes.NewReader(spoilt), int64(len(spoilt))); err != nil {
				require.ErrorIs(t, err, ErrNotVerified)
				continue
			}
			// The bit belongs to deflate itself, such as the one that marks the last block.
			// The bytes that come out must be the same.
			z, err := zip.NewReader(bytes.NewReader(spoilt), int64(len(spoilt)))
			require.NoError(t, err)
			require.Equal(t, inflate(t, f), inflate(t, z.File[n]), "%s, byte %d", f.Name, i-offset)
		}
	}
}

// inflate reads a member of an archive.
func inflate(t testing.TB, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return string(b)
}

func FuzzVerify(f *testing.F) {
	good := pack(f, goodContents(), nil)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, in []byte) {
		report, err := Archive(bytes.NewReader(in), int64(len(in)))
		if err == nil {
			require.Empty(t, report.Problems)
		}
	})
}
