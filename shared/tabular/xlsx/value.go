package xlsx

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// column is the name of the n-th column from 0: A, B, … Z, AA.
func column(n int) string {
	var b [3]byte
	i := len(b)
	for n++; n > 0; n = (n - 1) / 26 {
		i--
		b[i] = byte('A' + (n-1)%26)
	}
	return string(b[i:])
}

// columnOf reads the column, from 0, of a reference such as "AB12".
func columnOf(ref string) (int, bool) {
	n := 0
	for i := 0; i < len(ref) && i < 4; i++ {
		c := ref[i]
		if c < 'A' || c > 'Z' {
			return n - 1, n > 0 && n <= MaxColumns
		}
		n = n*26 + int(c-'A') + 1
	}
	return 0, false
}

var number = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func isNumber(s string) bool { return len(s) <= 64 && number.MatchString(s) }

// escape makes a text fit for XML. What XML cannot hold is written as ST_Xstring does (ECMA-376-1
// §22.9.2.19): _x000B_; and a text that looks so gets its first underscore escaped.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '_' && coded.MatchString(s[i:]):
			b.WriteString("_x005F_")
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			fmt.Fprintf(&b, "_x%04X_", r)
		default:
			b.WriteRune(r) // a byte that is not UTF-8 becomes U+FFFD
		}
	}
	return b.String()
}

var coded = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)

// unescape reads what escape has written.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] == '_' && coded.MatchString(s) {
			if n, err := strconv.ParseUint(s[2:6], 16, 16); err == nil && !utf16.IsSurrogate(rune(n)) {
				b.WriteRune(rune(n))
				s = s[7:]
				continue
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

func utf16Len(s string) int {
	if len(s) <= MaxText {
		return len(s) // at most
	}
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// epoch is day 0 of the 1900 date system for all dates after February 1900: the format counts a 29
// February 1900 that never was (ECMA-376-1 §18.17.4.1).
var epoch = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// epoch1904 is day 0 of the 1904 date system, which old Macintosh workbooks use.
var epoch1904 = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	firstSerial = 61        // 1 March 1900
	lastSerial  = 2_958_466 // 1 January 10000
	dayMillis   = 24 * 60 * 60 * 1000
)

// serialOf is a time as the format counts it: days and their parts, to the millisecond.
func serialOf(t time.Time) (string, bool) {
	ms := t.UTC().Sub(epoch).Milliseconds() // Sub is exact for 292 years
	if y := t.UTC().Year(); y < 1900 || y > 9999 {
		return "", false
	}
	if t.UTC().Year() > 2100 { // past what a Duration holds
		ms = (t.Unix()-epoch.Unix())*1000 + int64(t.Nanosecond()/1e6)
	}
	if ms < firstSerial*dayMillis {
		return "", false
	}
	return strconv.FormatFloat(float64(ms)/dayMillis, 'f', -1, 64), true
}

// timeOf is the time of a serial number in a date system, to the millisecond.
func timeOf(serial string, from time.Time) (time.Time, bool) {
	f, err := strconv.ParseFloat(serial, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f >= lastSerial {
		return time.Time{}, false
	}
	if from.Equal(epoch) && f < firstSerial {
		f++ // before the day that never was
	}
	ms := int64(math.Round(f * dayMillis))
	return from.AddDate(0, 0, int(ms/dayMillis)).Add(time.Duration(ms%dayMillis) * time.Millisecond), true
}

// isDateFormat reports whether a number format shows a date or a time (ECMA-376-1 §18.8.30 and
// §18.8.31): one of the built-in ones, or a code with a letter for it outside quotes and brackets.
func isDateFormat(id int, code string) bool {
	switch {
	case code == "":
		return 14 <= id && id <= 22 || 27 <= id && id <= 36 || 45 <= id && id <= 47 || 50 <= id && id <= 58
	case strings.EqualFold(code, "General"):
		return false
	}
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return false
			}
			i += end + 2
		case '\\', '_', '*':
			_, n := utf8.DecodeRuneInString(code[min(i+1, len(code)):])
			i += 1 + n
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return false
			}
			switch strings.ToLower(code[i+1 : i+end]) {
			case "h", "hh", "m", "mm", "s", "ss": // elapsed time
				return true
			}
			i += end + 1
		case 'y', 'Y', 'd', 'D', 'h', 'H', 's', 'S', 'm', 'M':
			return true
		default:
			i++
		}
	}
	return false
}
