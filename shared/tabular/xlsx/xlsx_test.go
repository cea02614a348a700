package xlsx_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/rightsdesk/rightsdesk/shared/tabular/xlsx"
)

// write makes a workbook with one worksheet.
func write(t require.TestingT, rows ...[]xlsx.Cell) []byte {
	var b bytes.Buffer
	w := xlsx.NewWriter(&b)
	require.NoError(t, w.Sheet("Sheet1"))
	for _, r := range rows {
		require.NoError(t, w.Row(r...))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// read reads a worksheet whole.
func read(t require.TestingT, b []byte, sheet string) [][]xlsx.Cell {
	w, err := xlsx.Open(bytes.NewReader(b), int64(len(b)), xlsx.DefaultLimits())
	require.NoError(t, err)
	var out [][]xlsx.Cell
	for r, err := range w.Rows(sheet) {
		require.NoError(t, err)
		for len(out) < r.Number-1 {
			out = append(out, nil)
		}
		out = append(out, append([]xlsx.Cell(nil), r.Cells...))
	}
	return out
}

var everything = [][]xlsx.Cell{
	{xlsx.OfText("name"), xlsx.OfText("<b>&\"'</b>"), xlsx.OfText(" kept  blanks\n\tand\r\nlines ")},
	{xlsx.OfNumber("0"), xlsx.OfNumber("-12.5"), xlsx.OfNumber("1e-7"), xlsx.OfNumber("123456789012345")},
	{xlsx.OfBool(true), {}, xlsx.OfBool(false)},
	{xlsx.OfText("_x000B_"), xlsx.OfText("\x0b\x00"), xlsx.OfText("_x"), xlsx.OfText("Zürich 🙂 \uffff")},
	{
		{Kind: xlsx.Date, Time: time.Date(2026, 11, 26, 13, 30, 15, 250e6, time.UTC)},
		{Kind: xlsx.Date, Time: time.Date(1900, 3, 1, 0, 0, 0, 0, time.UTC)},
		{Kind: xlsx.Date, Time: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	},
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	require.Empty(t, cmp.Diff(everything, read(t, write(t, everything...), "Sheet1")))
}

// The library that everybody uses reads the same.
func TestExcelizeReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	f, err := excelize.OpenReader(bytes.NewReader(write(t, everything...)))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	rows, err := f.GetRows("Sheet1", excelize.Options{RawCellValue: true})
	require.NoError(t, err)
	require.Equal(t, []string{"name", "<b>&\"'</b>", " kept  blanks\n\tand\r\nlines "}, rows[0])
	require.Equal(t, []string{"0", "-12.5", "1e-7", "123456789012345"}, rows[1])
	require.Equal(t, []string{"1", "", "0"}, rows[2])
	require.Equal(t, "Zürich 🙂 \uffff", rows[3][3])
	for cell, want := range map[string]excelize.CellType{"A1": excelize.CellTypeInlineString, "A3": excelize.CellTypeBool, "B2": excelize.CellTypeUnset} {
		kind, err := f.GetCellType("Sheet1", cell)
		require.NoError(t, err)
		require.Equal(t, want, kind, cell)
	}
	shown, err := f.GetCellValue("Sheet1", "A5")
	require.NoError(t, err)
	require.Equal(t, "11/26/26 13:30", shown)
}

func TestWhatExcelizeWritesIsRead(t *testing.T) {
	t.Parallel()
	f := excelize.NewFile()
	at := time.Date(1987, 6, 5, 4, 3, 2, 0, time.UTC)
	date := "yyyy\\-mm\\-dd"
	style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &date})
	require.NoError(t, err)
	plain := "0.00\" days\""
	notDate, err := f.NewStyle(&excelize.Style{CustomNumFmt: &plain})
	require.NoError(t, err)
	for cell, v := range map[string]any{
		"A1": "shared", "C1": "shared", "A2": 1.5, "B2": true, "D2": at, "A4": 31933.0, "B4": 31933.0, "A5": nil, "C5": "e\u0301",
	} {
		require.NoError(t, f.SetCellValue("Sheet1", cell, v))
	}
	require.NoError(t, f.SetCellRichText("Sheet1", "B1", []excelize.RichTextRun{{Text: "two "}, {Text: "runs", Font: &excelize.Font{Bold: true}}}))
	require.NoError(t, f.SetCellStyle("Sheet1", "A4", "A4", style))
	require.NoError(t, f.SetCellStyle("Sheet1", "B4", "B4", notDate))
	_, err = f.NewSheet("Second & last")
	require.NoError(t, err)
	require.NoError(t, f.SetCellValue("Second & last", "A1", 7))
	var b bytes.Buffer
	require.NoError(t, f.Write(&b))
	w, err := xlsx.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), xlsx.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, []string{"Sheet1", "Second & last"}, w.Sheets())
	require.Empty(t, cmp.Diff([][]xlsx.Cell{
		{xlsx.OfText("shared"), xlsx.OfText("two runs"), xlsx.OfText("shared")},
		{xlsx.OfNumber("1.5"), xlsx.OfBool(true), {}, {Kind: xlsx.Date, Time: at}},
		nil,
		{{Kind: xlsx.Date, Time: time.Date(1987, 6, 5, 0, 0, 0, 0, time.UTC)}, xlsx.OfNumber("31933")},
		{{}, {}, xlsx.OfText("e\u0301")},
	}, read(t, b.Bytes(), "Sheet1")))
	require.Equal(t, [][]xlsx.Cell{{xlsx.OfNumber("7")}}, read(t, b.Bytes(), "Second & last"))
	for _, err := range w.Rows("Third") {
		require.ErrorContains(t, err, "no worksheet")
	}
}

// Any text and any number come back, by this reader and by the library's.
func TestAnyCellComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Custom(func(t *rapid.T) xlsx.Cell {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				return xlsx.Cell{}
			case 1:
				return xlsx.OfNumber(fmt.Sprint(rapid.Int32().Draw(t, "number")))
			case 2:
				at := time.UnixMilli(rapid.Int64Range(-2_203_891_200_000, 253_402_300_799_999).Draw(t, "ms")).UTC()
				return xlsx.Cell{Kind: xlsx.Date, Time: at}
			}
			return xlsx.OfText(rapid.StringN(1, 50, -1).Draw(t, "text"))
		})
		row := append(rapid.SliceOfN(cell, 0, 30).Draw(t, "row"), xlsx.OfBool(true))
		b := write(t, row)
		require.Empty(t, cmp.Diff([][]xlsx.Cell{row}, read(t, b, "Sheet1")))
	})
}

func TestWhatExcelWouldRefuseIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*xlsx.Writer) error{
		"a row without a worksheet":  func(w *xlsx.Writer) error { return w.Row(xlsx.OfText("x")) },
		"a worksheet without a name": func(w *xlsx.Writer) error { return w.Sheet("") },
		"a name with a slash":        func(w *xlsx.Writer) error { return w.Sheet("a/b") },
		"a name that is too long":    func(w *xlsx.Writer) error { return w.Sheet(strings.Repeat("x", 32)) },
		"two worksheets of one name": func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Sheet("A") },
		"no worksheet":               (*xlsx.Writer).Close,
		"a long text":                func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(xlsx.OfText(strings.Repeat("x", 32_768))) },
		"a number in words":          func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(xlsx.OfNumber("NaN")) },
		"a formula as a number":      func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(xlsx.OfNumber("</v><f>1</f>")) },
		"a date before the calendar": func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(xlsx.Cell{Kind: xlsx.Date}) },
		"an error":                   func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(xlsx.Cell{Kind: xlsx.Error, Text: "#N/A"}) },
		"a row that is too wide":     func(w *xlsx.Writer) error { _ = w.Sheet("a"); return w.Row(make([]xlsx.Cell, xlsx.MaxColumns+1)...) },
		"a row after the end":        func(w *xlsx.Writer) error { _ = w.Sheet("a"); _ = w.Close(); return w.Row() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := xlsx.NewWriter(io.Discard)
			err := do(w)
			require.ErrorContains(t, err, "xlsx: ")
			require.Error(t, w.Close(), "the first error stays")
		})
	}
}

// broken fails after some bytes.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestAWriteThatFailsIsTold(t *testing.T) {
	t.Parallel()
	for _, left := range []int{0, 200, 100_000} {
		w := xlsx.NewWriter(&broken{left})
		err := w.Sheet("a")
		for i := 0; i < 200_000 && err == nil; i++ {
			err = w.Row(xlsx.OfText(fmt.Sprint(i*7919)), xlsx.OfNumber(fmt.Sprint(i)))
		}
		require.ErrorIs(t, w.Close(), io.ErrClosedPipe)
	}
}
