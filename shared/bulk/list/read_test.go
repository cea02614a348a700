package list

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// shown is a line as a test writes it: its item, or "!" and the code of its fault.
type shown struct {
	Number int64
	Text   string
}

func read(t testing.TB, r Reader) []shown {
	t.Helper()
	var out []shown
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		s := shown{Number: l.Number, Text: string(l.Item)}
		if l.Fault != nil {
			s.Text = "!" + string(l.Fault.Code)
		}
		out = append(out, s)
	}
}

func openText(text string) func(int64) (io.Reader, error) {
	return func(offset int64) (io.Reader, error) {
		return iotest.HalfReader(strings.NewReader(text[min(offset, int64(len(text))):])), nil
	}
}

func lines(t testing.TB, text string, at Position) Reader {
	t.Helper()
	r, err := openText(text)(at.Offset)
	require.NoError(t, err)
	j, err := newJSONLines(r, at)
	require.NoError(t, err)
	return j
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", maxLine) + `"`
	for name, tc := range map[string]struct {
		text string
		want []shown
	}{
		"nothing":                    {"", nil},
		"only empty lines":           {"\n\r\n  \n", nil},
		"LF, CRLF and none at end":   {"{}\n[]\r\n3", []shown{{1, "{}"}, {2, "[]"}, {3, "3"}}},
		"a byte order mark":          {"\xef\xbb\xbf{}\n", []shown{{1, "{}"}}},
		"empty lines keep a number":  {"\n{}\n\n\n{}\n", []shown{{2, "{}"}, {5, "{}"}}},
		"not UTF-8":                  {"{}\n\"\xff\"\n{}", []shown{{1, "{}"}, {2, "!invalid-utf8"}, {3, "{}"}}},
		"too long":                   {"{}\n" + long + "\n{}", []shown{{1, "{}"}, {2, "!too-large"}, {3, "{}"}}},
		"far too long, at the end":   {"{}\n" + strings.Repeat(long, 9), []shown{{1, "{}"}, {2, "!too-large"}}},
		"just short enough":          {long[2:], []shown{{1, long[2:]}}},
		"a mark in the second line":  {"{}\n\xef\xbb\xbf{}", []shown{{1, "{}"}, {2, "\xef\xbb\xbf{}"}}},
		"blanks around do not count": {"  {}\t\n", []shown{{1, "{}"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tc.want, read(t, lines(t, tc.text, Position{}))))
		})
	}
}

func TestAnotherEncodingIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\xff\xfe{\x00}\x00", "\xfe\xff\x00{\x00}", "\x00\x00\xfe\xff"} {
		_, err := newJSONLines(strings.NewReader(text), Position{})
		var f *problem.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, problem.WrongEncoding, f.Code)
		_, err = newCSVLines(openText(text), Position{})
		require.ErrorAs(t, err, &f)
	}
}

func csvOf(t testing.TB, text string, at Position) Reader {
	t.Helper()
	c, err := newCSVLines(openText(text), at)
	require.NoError(t, err)
	return c
}

func TestCSV(t *testing.T) {
	t.Parallel()
	const head = "email,actions\n"
	jane := `{"actions":["export"],"subject":{"email":"j@c.example"}}`
	for name, tc := range map[string]struct {
		text string
		want []shown
	}{
		"header only":                {head, nil},
		"one":                        {head + "j@c.example,export", []shown{{1, jane}}},
		"CRLF, mark, quotes, blanks": {"\xef\xbb\xbf\"email\", actions\r\n\"j@c.example\", export \r\n", []shown{{1, jane}}},
		"empty lines":                {"\n\n" + head + "\n  \nj@c.example,export\n\r\n", []shown{{3, jane}}},
		"empty cells are absent":     {head + `,""` + "\n", []shown{{1, "{}"}}},
		"values joined":              {head + "a@b.example,access; export;\n", []shown{{1, `{"actions":["access","export"],"subject":{"email":"a@b.example"}}`}}},
		"identifiers": {"identifiers,idempotencyKey\nvendor-number=4711; device=a=b,k\n", []shown{
			{1, `{"idempotencyKey":"k","subject":{"identifiers":[{"kind":"vendor-number","value":"4711"},{"kind":"device","value":"a=b"}]}}`},
		}},
		"several of one kind": {"email,identifiers,actions\na@b.example;c@d.example,x=1,access;export\n;,,;\n", []shown{
			{1, `{"actions":["access","export"],"subject":{"email":"a@b.example","identifiers":[{"kind":"email","value":"c@d.example"},{"kind":"x","value":"1"}]}}`}, {2, "{}"},
		}},
		"identifier without a kind": {"identifiers\n4711\n", []shown{{1, "!invalid-value"}}},
		"quoted newline, comma and quote": {"note,email\n\"a\r\nb, \"\"c\"\";d\",e\nf,g\n", []shown{
			{1, `{"subject":{"email":"e"},"note":"a\r\nb, \"c\";d"}`}, {2, `{"subject":{"email":"g"},"note":"f"}`},
		}},
		"too few and too many cells":    {head + "a\na,b,c\nj@c.example,export\n", []shown{{1, "!invalid-csv"}, {2, "!invalid-csv"}, {3, jane}}},
		"a quote in a plain cell":       {head + "a\"b,x\nj@c.example,export\n", []shown{{1, "!invalid-csv"}, {2, jane}}},
		"something after a quote":       {head + "\"a\"b,x\nj@c.example,export\n", []shown{{1, "!invalid-csv"}, {2, jane}}},
		"a quote that is never closed":  {head + "j@c.example,export\n\"a,b\nc,d\n", []shown{{1, jane}, {2, "!unclosed-quote"}}},
		"not UTF-8":                     {head + "\xff,a\nj@c.example,export\n", []shown{{1, "!invalid-utf8"}, {2, jane}}},
		"too long":                      {head + strings.Repeat("x", 5*maxLine) + ",a\nj@c.example,export\n", []shown{{1, "!too-large"}, {2, jane}}},
		"too long within quotes":        {head + `"` + strings.Repeat("x\n,", maxLine) + "\",a\nj@c.example,export\n", []shown{{1, "!too-large"}, {2, jane}}},
		"carriage return in a cell":     {head + "a\rb,c\n", []shown{{1, `{"actions":["c"],"subject":{"email":"a\rb"}}`}}},
		"carriage return at the end":    {head + "j@c.example,export\r", []shown{{1, jane}}},
		"quoted cell before CRLF":       {head + "j@c.example,\"export\"\r\n", []shown{{1, jane}}},
		"a quoted empty cell by itself": {"email\n\"\"\na\n", []shown{{1, "{}"}, {2, `{"subject":{"email":"a"}}`}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(tc.want, read(t, csvOf(t, tc.text, Position{}))))
		})
	}
}

func TestBadHeaders(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text   string
		code   problem.Code
		detail string
	}{
		"empty":                        {"", problem.InvalidCSV, "begins with a header"},
		"unknown column":               {"email,canary\n", problem.UnknownColumn, "column 2 of the header is unknown"},
		"a column twice":               {"email,name,email\n", problem.UnknownColumn, "the column email twice"},
		"semicolons":                   {"email;name\n", problem.InvalidCSV, "separated by commas"},
		"never closed":                 {"\"email,name\n", problem.InvalidCSV, "never closed"},
		"another case":                 {"Email\n", problem.UnknownColumn, "column 1"},
		"an empty column":              {"email,\n", problem.UnknownColumn, "column 2"},
		"a person instead of a header": {"canary@c.example,export\n", problem.UnknownColumn, "column 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newCSVLines(openText(tc.text), Position{})
			var f *problem.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tc.code, f.Code)
			require.Contains(t, f.Detail, tc.detail)
			require.NotContains(t, f.Detail, "canary")
		})
	}
}

// resumed reads each line with a reader of its own, as an import would that is killed after
// each line.
func resumed(t testing.TB, open func(Position) Reader) []shown {
	t.Helper()
	var out []shown
	for at := (Position{}); ; {
		r := open(at)
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		s := shown{Number: l.Number, Text: string(l.Item)}
		if l.Fault != nil {
			s.Text = "!" + string(l.Fault.Code)
		}
		out = append(out, s)
		at = r.Position()
	}
}

func TestReadingOnAtAnyLineGivesTheSameLines(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf{}\r\n\n[1]\n\"\xff\"\n" + strings.Repeat("x", 3*maxLine) + "\n{}"
	require.Equal(t, read(t, lines(t, text, Position{})), resumed(t, func(at Position) Reader { return lines(t, text, at) }))
	text = "\xef\xbb\xbfemail,note\r\na,\"b\nc\"\n\nd\ne\"f,g\n\"h\"i,j\nk,l\n\"m,n\no,p"
	require.Equal(t, read(t, csvOf(t, text, Position{})), resumed(t, func(at Position) Reader { return csvOf(t, text, at) }))
}

func TestAFaultOfTheSourceIsNotTheEnd(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("email\na\nb"), iotest.ErrReader(io.ErrUnexpectedEOF))
	c, err := newCSVLines(func(int64) (io.Reader, error) { return broken, nil }, Position{})
	require.NoError(t, err)
	_, err = c.Next()
	require.NoError(t, err)
	_, err = c.Next()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func FuzzJSONLines(f *testing.F) {
	f.Add("{}\n[]\r\n\n\xef\xbb\xbf3")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := newJSONLines(strings.NewReader(text), Position{})
		if err != nil {
			return
		}
		all := read(t, r)
		require.Equal(t, int64(len(text)), r.Position().Offset)
		require.Equal(t, all, resumed(t, func(at Position) Reader { return lines(t, text, at) }))
	})
}

// FuzzCSV compares this reader with encoding/csv on texts that both accept.
func FuzzCSV(f *testing.F) {
	f.Add("a,\"b\nc\"\"\"\r\n\nd,e\n")
	f.Add("a\"b,c\n\"d\"e,f\ng,\"")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := newCSVRecords(strings.NewReader(text), Position{})
		if err != nil {
			return
		}
		var got [][]string
		faults := 0
		for {
			rec, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if rec.Fault != nil {
				faults++
				continue
			}
			for i := range rec.Cells {
				// As encoding/csv does.
				rec.Cells[i] = strings.ReplaceAll(rec.Cells[i], "\r\n", "\n")
			}
			got = append(got, rec.Cells)
		}
		require.Equal(t, int64(len(text)), r.pos.Offset)
		std := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, string(mark))))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		if err != nil || faults > 0 {
			return
		}
		require.Equal(t, append([][]string{}, withoutBlanks(want)...), append([][]string{}, withoutBlanks(got)...))
	})
}

func FuzzCSVItems(f *testing.F) {
	f.Add("a@b.example;c@d.example,x=1;y=2,access;export\n\"a\nb\",,\n")
	f.Fuzz(func(t *testing.T, text string) {
		text = "email,identifiers,actions\n" + text
		all := read(t, csvOf(t, text, Position{}))
		for _, l := range all {
			require.True(t, strings.HasPrefix(l.Text, "!") || json.Valid([]byte(l.Text)))
		}
		require.Equal(t, all, resumed(t, func(at Position) Reader { return csvOf(t, text, at) }))
	})
}

// withoutBlanks leaves out records of one blank cell. A quoted blank cell is a record here,
// but encoding/csv does not tell it from a line of blanks.
func withoutBlanks(in [][]string) [][]string {
	out := in[:0]
	for _, cells := range in {
		if len(cells) > 1 || strings.TrimSpace(cells[0]) != "" {
			out = append(out, cells)
		}
	}
	return out
}
