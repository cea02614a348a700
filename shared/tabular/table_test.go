package tabular

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/tabular/xlsx"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

func things(names ...string) connector.Kind {
	k := connector.Kind{Name: "things"}
	for _, n := range names {
		k.Columns = append(k.Columns, connector.Column{Name: n, Title: strings.ToUpper(n)})
	}
	return k
}

// jsonOf is a stored JSON member.
func jsonOf(records ...string) []byte { return []byte("[\n" + strings.Join(records, ",\n") + "\n]\n") }

func toCSV(t testing.TB, kind connector.Kind, records ...string) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, writeCSV(&b, kind, bytes.NewReader(jsonOf(records...))))
	return b.String()
}

func TestCSVCells(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ record, row string }{
		"text":                      {`{"a":"x","b":"y"}`, "x,y,"},
		"absent and null are empty": {`{"b":null}`, ",,"},
		"columns in declared order": {`{"b":1,"a":2}`, "2,1,"},
		"undeclared members":        {`{"z":"q","a":1,"y":[1, 2]}`, `1,,"{""z"":""q"",""y"":[1,2]}"`},
		"nested values":             {`{"a":{"k": [true, null]},"b":[]}`, `"{""k"":[true,null]}",[],`},
		"booleans":                  {`{"a":true,"b":false}`, "true,false,"},
		"numbers keep their digits": {`{"a":12345678901234567890,"b":1.10}`, "12345678901234567890,1.10,"},
		"a negative number":         {`{"a":-5,"b":-1e3}`, "-5,-1e3,"},
		"comma and quote":           {`{"a":"x,\"y\""}`, `"x,""y""",,`},
		"line breaks stay":          {`{"a":"l1\nl2\r\nl3\rl4"}`, "\"l1\nl2\r\nl3\rl4\",,"},
		"blanks at the ends":        {`{"a":" x "}`, `" x ",,`},
		"escapes":                   {`{"a":"\u00e9\ud83d\ude00\/"}`, "é😀/,,"},
		"a name with an escape":     {`{"\u0061":"x"}`, "x,,"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, "\ufeffa,b,other\r\n"+tc.row+"\r\n", toCSV(t, things("a", "b"), tc.record))
		})
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`=1+1`:                 `'=1+1`,
		`+49 30 1234`:          `'+49 30 1234`,
		`-5`:                   `'-5`,
		`@SUM(A1)`:             `'@SUM(A1)`,
		"\t=1":                 "'\t'=1",
		"\r=1":                 "'\r'=1",
		"\n=1":                 "'\n'=1",
		`＝1＋1`:                 `'＝1＋1`,
		` =1`:                  ` '=1`,
		`"=1`:                  `"'=1`,
		`x;=cmd|'/C calc'!A0`:  `x;'=cmd|'/C calc'!A0`,
		"x\n-y":                "x\n'-y",
		`jane@contoso.example`: `jane@contoso.example`,
		`a-b`:                  `a-b`,
		`2026-03-03`:           `2026-03-03`,
		``:                     ``,
		`'=1`:                  `'=1`,
	} {
		require.Equal(t, want, guard(in), "%q", in)
	}
	for _, hidden := range []string{
		"\u2003", "\u200b", "\ufeff", "\x0b", "\x00", "\x1f", "\x7f", "\u0085", "\u00ad", "\u2028", "\u202e", "\u2060", "\u2066", "\u3000", "\u3164", "\ufe0f", "\U000e0001",
		"\u200b\ufeff \u2003",
	} {
		require.Equal(t, hidden+"'=1", guard(hidden+"=1"), "%q", hidden)
		require.Equal(t, "a;"+hidden+"'@x", guard("a;"+hidden+"@x"), "%q", hidden)
		require.Equal(t, hidden+"a=1", guard(hidden+"a=1"), "%q", hidden)
		require.Equal(t, `["a;`+hidden+`\u003d1"]`, guardJSON(`["a;`+hidden+`=1"]`), "%q", hidden)
	}
	for in, want := range map[string]string{
		`["=1","+49"]`:  `["=1","+49"]`, // the cell begins with a bracket
		`["a;=1"]`:      `["a;\u003d1"]`,
		`["a;",-5]`:     `["a;",-5]`,
		`{"a;":-5}`:     `{"a;":-5}`,
		`["; \"@x"]`:    `["; \"\u0040x"]`,
		`["a;b=c"]`:     `["a;b=c"]`,
		`["x;\\＝y;+1"]`: `["x;\\\uff1dy;\u002b1"]`,
	} {
		require.Equal(t, want, guardJSON(in))
		require.JSONEq(t, in, guardJSON(in), "the value stays")
	}
	require.Contains(t, toCSV(t, things("=a"), `{"=a":1}`), "'=a,other\r\n", "names of columns, too")
}

func TestTwinsOfBadJSONFailWithoutQuotingIt(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing": ``, "no array": `{"secret":1}`, "no objects": `["secret"]`, "cut": `[{"a":"secret"`, "more after it": `[]"secret"`,
		"twice": `[{"secret":1,"secret":2}]`, "not UTF-8": "[{\"a\":\"secret\xff\"}]", "mixed": `[{"a":1},"secret"]`,
	} {
		for _, f := range tenant.Tabular() {
			err := Write(f, &bytes.Buffer{}, "s", things("a"), strings.NewReader(in))
			require.Error(t, err, "%s %s", name, f)
			require.NotContains(t, err.Error(), "secret", "%s %s", name, f)
		}
	}
	require.Error(t, Write("pdf", nil, "", connector.Kind{}, nil))
}

// xmlRecords is what a reader sees of the XML form.
type xmlRecords struct {
	XMLName xml.Name   `xml:"records"`
	Records []struct{} `xml:"record"`
}

func TestXML(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	kind := things("id", "@odata.type", "xmlThing", "1st", "a b", "a_b")
	err := writeXML(&b, "entra", kind, bytes.NewReader(jsonOf(`{"id":"<&>\u0001","@odata.type":"t","xmlThing":1,"1st":{"k":"]]>"},"a b":"","a_b":2,"rest":3}`, `{}`)))
	require.NoError(t, err)
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<records system="entra" kind="things">
<record><id>&lt;&amp;&gt;`+"\ufffd"+`</id><_odata.type name="@odata.type">t</_odata.type><_xmlThing name="xmlThing">1</_xmlThing><_1st name="1st">{&#34;k&#34;:&#34;]]&gt;&#34;}</_1st><a_b name="a b"></a_b><a_b_2 name="a_b">2</a_b_2><other>{&#34;rest&#34;:3}</other></record>
<record></record>
</records>
`, b.String())
	var doc xmlRecords
	require.NoError(t, xml.Unmarshal(b.Bytes(), &doc))
	require.Len(t, doc.Records, 2)
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", xlsx.MaxText+1)
	var b bytes.Buffer
	err := writeXLSX(&b, things("a", "b"), bytes.NewReader(jsonOf(
		`{"a":"=1+1","b":-5}`, `{"a":"<é😀&\u0001>","b":[1]}`, `{"a":true,"b":12345678901234567890,"c":1}`, `{"a":"`+long+`","b":1.25}`, `{"a":"0815"}`)))
	require.NoError(t, err)
	f, err := excelize.OpenReader(&b)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Len(t, rows, 6)
	require.Equal(t, []string{"a", "b", "other"}, rows[0])
	require.Equal(t, []string{"'=1+1", "-5"}, rows[1])
	require.Equal(t, []string{"<é😀&\x01>", "[1]"}, rows[2])
	require.Equal(t, []string{"1", "12345678901234567890", `{"c":1}`}, rows[3])
	require.Len(t, rows[4][0], xlsx.MaxText+len("…")-3)
	require.True(t, strings.HasSuffix(rows[4][0], cutNote))
	require.Equal(t, "1.25", rows[4][1])
	require.Equal(t, "0815", rows[5][0])
	for _, cell := range []string{"A2", "A6"} {
		kind, err := f.GetCellType("Sheet1", cell)
		require.NoError(t, err)
		require.Equal(t, excelize.CellTypeInlineString, kind)
		formula, err := f.GetCellFormula("Sheet1", cell)
		require.NoError(t, err)
		require.Empty(t, formula)
	}
}

// Not parallel: it looks at the folder for temporary files.
func TestXLSXLeavesNoTemporaryFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	record := `{"a":"` + strings.Repeat("x", 30_000) + `"}`
	var all []string
	for range 700 { // 21 MB
		all = append(all, record)
	}
	watch := writerFunc(func(p []byte) (int, error) {
		names, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, names)
		return len(p), nil
	})
	require.NoError(t, writeXLSX(watch, things("a"), bytes.NewReader(jsonOf(all...))))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func FuzzTwins(f *testing.F) {
	f.Add([]byte(`[{"a":"=1;@x","b":[1,{"c":null}],"d":-1}]`))
	f.Add([]byte("[{\"a\":\"l\\n\\r\\u0000\"},{}]"))
	f.Fuzz(func(t *testing.T, in []byte) {
		kind := things("a", "b")
		var c bytes.Buffer
		if err := writeCSV(&c, kind, bytes.NewReader(in)); err != nil {
			return
		}
		var want []map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(in, &want))
		read := csv.NewReader(bytes.NewReader(c.Bytes()[len(byteOrderMark):]))
		rows, err := read.ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, len(want)+1)
		for i, row := range rows[1:] {
			require.Len(t, row, 3)
			for j, c := range row {
				if c == "" {
					continue
				}
				if strings.ContainsRune("=+-@\t\r\n", rune(c[0])) {
					name := []string{"a", "b"}[j]
					require.Contains(t, "-0123456789", string(want[i][name][0]), "only numbers begin so")
				}
			}
			if row[2] != "" {
				require.True(t, json.Valid([]byte(row[2])))
			}
		}
		var x bytes.Buffer
		require.NoError(t, writeXML(&x, "s", kind, bytes.NewReader(in)))
		var doc xmlRecords
		require.NoError(t, xml.Unmarshal(x.Bytes(), &doc))
		require.Len(t, doc.Records, len(want))
	})
}
