package intake

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// Caps.
const (
	MaxBody        = 64 << 10 // bytes of a request, and of one item of a bulk
	maxIdentifiers = 50
	MaxIdentifier  = 1 << 10 // bytes
	maxNote        = 4 << 10 // bytes
	maxReference   = 128     // bytes
	maxSystems     = 64
)

func at(pointer string, i int) string { return fmt.Sprintf("%s/%d", pointer, i) }

// text trims a text and brings it into Unicode's form NFC, in which two spellings of one letter
// are the same bytes.
func text(s, pointer string, limit int, lines bool) (string, error) {
	s = norm.NFC.String(strings.TrimSpace(s))
	if len(s) > limit {
		return "", problem.Newf(problem.TooLong, pointer, "at most %d bytes are allowed", limit)
	}
	for _, r := range s {
		if unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r)) {
			return "", problem.New(problem.InvalidValue, pointer, "control characters are not allowed")
		}
	}
	return s, nil
}

// Text checks and trims what a person wrote: at most 4 KiB, no control characters but
// line ends and tabs. Errors are *problem.Error.
func Text(s, pointer string) (string, error) { return text(s, pointer, maxNote, true) }
