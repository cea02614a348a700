package xlsx_test

import (
	"archive/zip"
	"bytes"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/tabular/xlsx"
)

const (
	main   = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	strict = "http://purl.oclc.org/ooxml/officeDocument/relationships"
)

// parts are a small workbook as a strict program writes it, with names in another case.
func parts(rows string) map[string]string {
	rel := func(lines string) string {
		return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + lines + `</Relationships>`
	}
	return map[string]string{
		"_rels/.rels":                rel(`<Relationship Id="a" Type="` + strict + `/officeDocument" Target="/XL/book.xml"/>`),
		"xl/_rels/book.xml.rels":     rel(`<Relationship Id="s" Type="` + strict + `/worksheet" Target="./sheets/../one.xml"/><Relationship Id="t" Type="` + strict + `/sharedStrings" Target="texts.xml"/>`),
		"xl/book.xml":                `<workbook ` + main + ` xmlns:r="x"><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>`,
		"xl/texts.xml":               `<sst ` + main + `><si><t>one</t><rPh><t>hint</t></rPh></si><si><r><t>t</t></r><r><t xml:space="preserve">wo </t></r></si></sst>`,
		"xl/one.xml":                 `<worksheet ` + main + `><cols><col/></cols><sheetData>` + rows + `</sheetData></worksheet>`,
		"docProps/thumbnail-not.xml": "<",
	}
}

func zipped(t testing.TB, files map[string]string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		f, err := z.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestWorkbooksAsOthersWriteThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rows string
		want [][]xlsx.Cell
	}{
		"shared strings":              {`<row><c t="s"><v>1</v></c><c t="s"><v>0</v></c></row>`, [][]xlsx.Cell{{xlsx.OfText("two "), xlsx.OfText("one")}}},
		"no references":               {`<row><c><v>1</v></c><c/><c><v>2</v></c></row>`, [][]xlsx.Cell{{xlsx.OfNumber("1"), {}, xlsx.OfNumber("2")}}},
		"gaps":                        {`<row r="2"><c r="C2"><v>1</v></c></row>`, [][]xlsx.Cell{nil, {{}, {}, xlsx.OfNumber("1")}}},
		"a formula with its result":   {`<row><c t="str"><f>A1&amp;"x"</f><v>ax</v></c><c><f>1/3</f><v>0.3333333333333333</v></c></row>`, [][]xlsx.Cell{{xlsx.OfText("ax"), xlsx.OfNumber("0.3333333333333333")}}},
		"an error of a formula":       {`<row><c t="e"><f>VLOOKUP(1)</f><v>#N/A</v></c></row>`, [][]xlsx.Cell{{{Kind: xlsx.Error, Text: "#N/A"}}}},
		"comments and other elements": {`<!-- c --><row><extLst><ext><c><v>9</v></c></ext></extLst><c t="b"><v>1</v></c></row>`, [][]xlsx.Cell{{xlsx.OfBool(true)}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, read(t, zipped(t, parts(c.rows)), "S"))
		})
	}
}

func TestBrokenWorkbooksAreRefused(t *testing.T) {
	t.Parallel()
	const secret = "jane@contoso.example"
	change := func(file, text string) map[string]string {
		files := maps.Clone(parts(`<row><c><v>1</v></c></row>`))
		files[file] = text
		return files
	}
	for name, files := range map[string]map[string]string{
		"no relations":                    {"a": "b"},
		"relations of another thing":      change("_rels/.rels", `<Relationships/>`),
		"no book":                         change("_rels/.rels", `<Relationships><Relationship Type="x/officeDocument" Target="no.xml"/></Relationships>`),
		"a book without worksheets":       change("xl/book.xml", `<workbook/>`),
		"a book that is not XML":          change("xl/book.xml", `<workbook`),
		"another encoding":                change("xl/one.xml", `<?xml version="1.0" encoding="utf-16"?><worksheet/>`),
		"an entity":                       change("xl/one.xml", `<!DOCTYPE x [<!ENTITY e "`+secret+`">]><worksheet><row><c t="str"><v>&e;</v></c></row></worksheet>`),
		"a name in a syntax error":        change("xl/one.xml", `<worksheet><row></`+secret+`>`),
		"a shared text that is not there": parts(`<row><c t="s"><v>7</v></c></row>`),
		"rows backwards":                  parts(`<row r="2"/><row r="1"/>`),
		"a row after the last":            parts(`<row r="1048577"/>`),
		"cells backwards":                 parts(`<row><c r="B1"/><c r="A1"/></row>`),
		"a cell without a column":         parts(`<row><c r="1"/></row>`),
		"a cell after the last":           parts(`<row><c r="XFE1"/></row>`),
		"an unknown type":                 parts(`<row><c t="x"><v>` + secret + `</v></c></row>`),
		"a number in words":               parts(`<row><c><v>` + secret + `</v></c></row>`),
		"a date that is none":             parts(`<row><c t="d"><v>` + secret + `</v></c></row>`),
		"cut in a cell":                   change("xl/one.xml", `<worksheet><sheetData><row><c><v>1`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := zipped(t, files)
			w, err := xlsx.Open(bytes.NewReader(b), int64(len(b)), xlsx.DefaultLimits())
			if err == nil {
				for _, e := range w.Rows("S") {
					err = e
				}
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), "jane", "no error quotes the file")
		})
	}
	_, err := xlsx.Open(strings.NewReader("PK"), 2, xlsx.DefaultLimits())
	require.ErrorContains(t, err, "not a workbook")
}

func TestALargeWorkbookIsRefused(t *testing.T) {
	t.Parallel()
	row := `<row><c t="str"><v>` + strings.Repeat("x", 1000) + `</v></c></row>`
	for name, c := range map[string]struct {
		files  map[string]string
		limits func(*xlsx.Limits)
	}{
		"bytes":   {parts(strings.Repeat(row, 5000)), func(l *xlsx.Limits) { l.Bytes = 1 << 20 }},
		"files":   {parts(row), func(l *xlsx.Limits) { l.Files = 3 }},
		"strings": {parts(row), func(l *xlsx.Limits) { l.Strings = 20 }},
		"cells":   {parts(`<row><c r="D1"><v>1</v></c></row>`), func(l *xlsx.Limits) { l.Cells = 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := xlsx.DefaultLimits()
			c.limits(&limits)
			b := zipped(t, c.files)
			w, err := xlsx.Open(bytes.NewReader(b), int64(len(b)), limits)
			if err == nil {
				for _, e := range w.Rows("S") {
					err = e
				}
			}
			require.ErrorIs(t, err, xlsx.ErrLimit)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, `<si><t>x</t></si>`, `<xf numFmtId="14"/>`)
	f.Add(`<row><c t="inlineStr"><is><r><t>_x000D_</t></r></is></c></row>`, `<si/>`, `<numFmt numFmtId="170" formatCode="[h]:mm"/>`)
	f.Fuzz(func(t *testing.T, rows, texts, formats string) {
		files := parts(rows)
		files["xl/texts.xml"] = `<sst>` + texts + `</sst>`
		files["xl/_rels/book.xml.rels"] = strings.Replace(files["xl/_rels/book.xml.rels"], `</R`, `<Relationship Type="/styles" Target="f.xml"/></R`, 1)
		files["xl/f.xml"] = `<styleSheet>` + formats + `</styleSheet>`
		b := zipped(t, files)
		w, err := xlsx.Open(bytes.NewReader(b), int64(len(b)), xlsx.Limits{Files: 20, Bytes: 1 << 20, Strings: 1 << 16, Cells: 100})
		if err != nil {
			return
		}
		last := 0
		for r, err := range w.Rows("S") {
			if err != nil {
				return
			}
			require.Greater(t, r.Number, last)
			require.LessOrEqual(t, len(r.Cells), 100)
			last = r.Number
		}
	})
}
