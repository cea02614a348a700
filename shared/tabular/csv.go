package tabular

import (
	"bufio"
	"io"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

const byteOrderMark = "\ufeff"

// writeCSV writes the CSV form of a JSON member. It does not use encoding/csv, which with CRLF
// at the end of rows changes line breaks inside values.
func writeCSV(w io.Writer, kind connector.Kind, stored io.Reader) error {
	b := bufio.NewWriter(w)
	_, _ = b.WriteString(byteOrderMark) // errors of b stay until Flush
	for i, name := range header(kind) {
		separate(b, i)
		writeField(b, guard(name))
	}
	_, _ = b.WriteString("\r\n")
	for cells, err := range rows(stored, kind) {
		if err != nil {
			return err
		}
		for i, c := range cells {
			separate(b, i)
			writeField(b, c.safe())
		}
		_, _ = b.WriteString("\r\n")
	}
	return b.Flush()
}

func separate(b *bufio.Writer, i int) {
	if i > 0 {
		_ = b.WriteByte(',')
	}
}

// writeField writes one field after RFC 4180, section 2. It also quotes fields with a semicolon
// or a tab, which separate fields in some locales.
func writeField(b *bufio.Writer, s string) {
	if !strings.ContainsAny(s, "\",;\t\r\n") && s == strings.TrimSpace(s) {
		_, _ = b.WriteString(s)
		return
	}
	_ = b.WriteByte('"')
	_, _ = b.WriteString(strings.ReplaceAll(s, `"`, `""`))
	_ = b.WriteByte('"')
}
