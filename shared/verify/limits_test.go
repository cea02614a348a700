package verify

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
)

// small are the limits of Verify at the size of tests.
func small() limits {
	l := standard
	l.directory, l.members, l.manifest, l.field, l.systems, l.queries = 70<<10, 40, 64<<10, 4<<10, 20, 50
	l.member = maps.Clone(l.member)
	l.member[formJSON], l.member[formXML], l.member[formCSV], l.member[formXLSX] = 32<<10, 256<<10, 1<<20, 256<<10
	l.other, l.workbook, l.sheets, l.text, l.tag = 64<<10, 512<<10, 70<<10, 1<<10, 512
	return l
}

// spoilt makes an archive of one member and a manifest that is given as a text; %s in it is the list of files.
func spoilt(t *testing.T, text string, c content) []byte {
	t.Helper()
	files := []File{listedAs(c), listedAs(content{name: IndexName, body: "<html>"})}
	list, err := json.Marshal(files)
	require.NoError(t, err)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, m := range []content{c, {name: IndexName, body: "<html>"}, {name: ManifestName, body: strings.Replace(text, "%s", string(list), 1)}} {
		w, err := z.Create(m.name)
		require.NoError(t, err)
		_, err = io.WriteString(w, m.body)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

// manifestWith is a good manifest with one member more or another value.
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

func TestVerifyRefusesAManifestThatIsNone(t *testing.T) {
	t.Parallel()
	escape := `"\u001b]0;x\u0007\u001b[2K"`
	for name, tc := range map[string]struct{ text, want string }{
		"files without end":        {manifestWith("files", "["+repeated(`{"path":"a.json"}`, 1000)+"]"), "more than a package can have"},
		"empty files":              {manifestWith("files", "["+repeated(`{}`, 9000)+"]"), "path of a file"},
		"queries without end":      {manifestWith("systems", system(repeated(`{}`, 51))), "more than a package can have"},
		"systems without end":      {manifestWith("systems", "["+repeated(`{"system":"entra","action":"access","outcome":"done"}`, 21)+"]"), "more than a package can have"},
		"a long text":              {manifestWith("request", `"`+strings.Repeat("a", 5<<10)+`"`), "JSON"},
		"blanks":                   {manifestWith("version", strings.Repeat(" ", 5<<10)+"1"), "JSON"},
		"a long unknown member":    {manifestWith("later", "["+repeated("1", 5<<10)+"]"), "JSON"},
		"members without end":      {strings.Replace(manifestWith("version", "1"), "{", "{"+manyNames(100)+",", 1), "JSON"},
		"a tail":                   {manifestWith("version", "1") + "1", "JSON"},
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
	require.NoError(t, err, "what a later version adds is passed over")
}

func manyNames(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"x%d":1`, i))
	}
	return strings.Join(all, ",")
}

// booked makes a workbook with one worksheet.
func booked(t *testing.T, sheet string, empty int) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.Create("xl/worksheets/sheet1.xml")
	require.NoError(t, err)
	_, err = io.WriteString(w, sheet)
	require.NoError(t, err)
	for i := range empty {
		_, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)})
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.String()
}

func TestVerifyRefusesBombs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 600<<10)
	row := func(text string) string {
		return "<worksheet><sheetData><row><c>" + text + "</c></row><row/></sheetData></worksheet>"
	}
	for name, tc := range map[string]struct {
		c    content
		want string
	}{
		"a long JSON text":      {content{name: "a.json", body: `[{"a":"` + long + `"}]`, records: 1}, "longer"},
		"JSON blanks":           {content{name: "a.json", body: "[" + strings.Repeat(" ", 40<<10) + "]"}, "longer"},
		"a long XML text":       {content{name: "a.xml", body: "<records><record>" + long + "</record></records>", records: 1}, "longer"},
		"a long CSV":            {content{name: "a.csv", body: "a\r\n" + long + long + "\r\n", records: 1}, "longer"},
		"a long index":          {content{name: "a.html", body: long}, "longer"},
		"a long workbook":       {content{name: "a.xlsx", body: long, records: 1}, "longer"},
		"a long worksheet":      {content{name: "a.xlsx", body: booked(t, row(long), 0), records: 1}, "not valid XLSX"},
		"a workbook of many":    {content{name: "a.xlsx", body: booked(t, row("a"), 1500), records: 1}, "not valid XLSX"},
		"a long attribute":      {content{name: "a.xml", body: `<records x="` + strings.Repeat("a", 600) + `"/>`}, "not valid XML"},
		"a long attribute of >": {content{name: "a.xml", body: `<records x="` + strings.Repeat(">", 3<<10) + `"/>`}, "not valid XML"},
		"a long comment":        {content{name: "a.xml", body: `<records><!--` + strings.Repeat("> <a", 3<<10) + `--></records>`}, "not valid XML"},
		"long CDATA":            {content{name: "a.xml", body: `<records><![CDATA[` + strings.Repeat("><a", 3<<10) + `]]></records>`}, "not valid XML"},
		"a long instruction":    {content{name: "a.xml", body: `<records><?p ` + strings.Repeat("> <a", 3<<10) + `?></records>`}, "not valid XML"},
		"a long declaration":    {content{name: "a.xml", body: `<?xml version="1.0" ` + strings.Repeat(">", 3<<10) + `?><records/>`}, "not valid XML"},
		"a long entity":         {content{name: "a.xml", body: `<records>&#` + strings.Repeat("0", 3<<10) + `32;</records>`}, "not valid XML"},
		"continuation bytes":    {content{name: "a.xml", body: `<records>` + strings.Repeat("\x80", 70<<10) + `</records>`}, "not valid XML"},
		"nesting":               {content{name: "a.xml", body: `<records>` + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + `</records>`}, "not valid XML"},
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

func TestVerifyReadsNoDirectoryWithoutEnd(t *testing.T) {
	t.Parallel()
	var many []content
	for i := range 1500 {
		many = append(many, content{name: fmt.Sprintf("a%d.json", i), body: "[]"})
	}
	for name, tc := range map[string]struct {
		contents []content
		want     string
	}{"long": {many, "can be read"}, "of many": {many[:50], "more than 40 members"}} {
		b := pack(t, tc.contents, nil)
		report, err := small().verify(bytes.NewReader(b), int64(len(b)))
		require.ErrorIs(t, err, ErrNotVerified)
		require.Contains(t, fmt.Sprint(report.Problems), tc.want, name)
	}
}

// TestLongTextsOfOursPass: whatever is cut in pieces for the decoder is the same XML as before.
func TestLongTextsOfOursPass(t *testing.T) {
	t.Parallel()
	l := small()
	for name, text := range map[string]string{
		"letters": strings.Repeat("a", 50<<10), "entities": strings.Repeat("&#34;&amp;", 5<<10), "umlauts": strings.Repeat("aäéß", 8<<10), "four bytes": strings.Repeat("😀", 8<<10),
	} {
		doc := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<records x=\"1\"><record><a>" + text + "</a></record>\n<record/>" + strings.Repeat("\n", 3<<10) + "</records>\n"
		b := pack(t, []content{
			{name: "a.xml", body: doc, records: 2},
			{name: "a.xlsx", body: booked(t, "<worksheet><sheetData><row/><row><c>"+text+"</c></row></sheetData></worksheet>", 3), records: 1},
		}, nil)
		report, err := l.verify(bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err, "%s: %v", name, report.Problems)
	}
}

// heap is a reader of a long text that looks how much memory is held.
type heap struct {
	left int // reads
	most uint64
}

func (h *heap) Read(p []byte) (int, error) {
	if h.left == 0 {
		return 0, io.EOF
	}
	if h.left--; h.left%(2<<10) == 0 {
		h.most = max(h.most, held())
	}
	return copy(p, strings.Repeat("a", min(len(p), 1<<20))), nil
}

func held() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Not parallel: it measures the memory of the whole process.
func TestXMLIsReadInLittleMemory(t *testing.T) {
	const pieces = 32 << 10 // of 4 KiB, as they are asked for
	h := &heap{left: pieces}
	before := held()
	n, err := standard.countXML(io.MultiReader(strings.NewReader("<records><record>"), h, strings.NewReader("</record></records>")))
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Less(t, h.most, before+16<<20, "of 128 MiB")
}

// TestTheLimitsHoldEveryPart: the worst that the twins make of a part is still verified.
func TestTheLimitsHoldEveryPart(t *testing.T) {
	t.Parallel()
	const records = 2000
	for name, tc := range map[string]struct {
		columns []string
		record  string
	}{
		"empty records":    {[]string{"a"}, `{}`},
		"short texts":      {[]string{"a", "b"}, `{"a":" ","b":""}`},
		"quotes in a text": {[]string{"a"}, `{"a":"` + strings.Repeat(`\"`, 500) + `"}`},
		"quotes in a list": {[]string{"a"}, `{"a":[` + repeated(`""`, 300) + `]}`},
		"odd names":        {[]string{"&", "'", `<`}, `{"&":1,"'":1,"<":1}`},
		"sparse":           {strings.Split("abcdefghijklmnopqrstuvwxyz", ""), `{"a":1}`},
	} {
		in := parttest.Array(strings.Split(strings.TrimSuffix(strings.Repeat(tc.record+"\n", records), "\n"), "\n")...)
		for _, f := range tabular.Formats() {
			var out bytes.Buffer
			require.NoError(t, f.Write(&out, "s", parttest.Columns(tc.columns...), bytes.NewReader(in)))
			limit := standard.member[string(f)] / part.MaxSize * int64(len(in))
			require.LessOrEqual(t, int64(out.Len()), limit+8<<10, "%s as %s", name, f)
			if f == tabular.XLSX {
				var sheet int64
				z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
				require.NoError(t, err)
				for _, m := range z.File {
					sheet += int64(m.UncompressedSize64)
				}
				require.LessOrEqual(t, sheet, standard.workbook/part.MaxSize*int64(len(in))+64<<10, name)
			}
		}
	}
}

func TestUnusualNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[part.Member]string{
		{Kind: "con", Number: 1, Format: tabular.JSON}:                  "access/aux-/con--0001.json",
		{Kind: "com1", Number: 12345, Format: tabular.XLSX}:             "access/aux-/com1--12345.xlsx",
		{Kind: strings.Repeat("k", 63), Number: 1, Format: tabular.CSV}: "access/aux-/" + strings.Repeat("k", 63) + "-0001.csv",
		{Kind: "a-0001", Number: 2, Format: tabular.XML}:                "access/aux-/a-0001-0002.xml",
	} {
		got := in.Path(dsr.Access, "aux")
		require.Equal(t, want, got)
		require.Regexp(t, safeName, got)
		require.False(t, device(got))
	}
}
