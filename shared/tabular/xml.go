package tabular

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector"
)

// writeXML writes the XML form of a JSON member: <records> with a <record> for each record, and
// in it an element for each column that has a value. A name that XML does not allow is changed,
// and the attribute "name" holds the original. Characters that XML cannot hold become U+FFFD.
func writeXML(w io.Writer, system string, kind connector.Kind, stored io.Reader) error {
	b := bufio.NewWriter(w)
	open, shut := elements(header(kind))
	_, _ = fmt.Fprintf(b, "%s<records system=\"%s\" kind=\"%s\">\n", xml.Header, attribute(system), attribute(kind.Name))
	for cells, err := range rows(stored, kind) {
		if err != nil {
			return err
		}
		_, _ = b.WriteString("<record>")
		for i, c := range cells {
			if c.shape == absent {
				continue
			}
			_, _ = b.WriteString(open[i])
			_ = xml.EscapeText(b, []byte(c.text))
			_, _ = b.WriteString(shut[i])
		}
		_, _ = b.WriteString("</record>\n")
	}
	_, _ = b.WriteString("</records>\n")
	return b.Flush()
}

// elements returns the opening and closing tag of each column.
func elements(columns []string) (open, shut []string) {
	taken := map[string]bool{}
	for _, c := range columns {
		name := elementName(c)
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", elementName(c), n)
		}
		taken[name] = true
		attr := ""
		if name != c {
			attr = ` name="` + attribute(c) + `"`
		}
		open = append(open, "<"+name+attr+">")
		shut = append(shut, "</"+name+">")
	}
	return open, shut
}

// elementName makes a name of an element. It keeps ASCII letters, digits, hyphen, dot and
// underscore; every other character becomes an underscore. A name begins with a letter or an
// underscore and never with "xml" (XML 1.0, section 2.3).
func elementName(s string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '.', r == '_':
			return r
		}
		return '_'
	}, s)
	letter := name != "" && (name[0] == '_' || 'a' <= name[0]|0x20 && name[0]|0x20 <= 'z')
	if !letter || strings.HasPrefix(strings.ToLower(name), "xml") {
		name = "_" + name
	}
	return name
}

func attribute(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
