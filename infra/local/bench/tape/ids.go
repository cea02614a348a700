package tape

import (
	"crypto/md5" //nolint:gosec // it makes ids differ and protects nothing
	"encoding/hex"
	"regexp"
)

// Fresh replaces the ids in recorded calls by those of another run: the same id always by the same
// other one. Ids of tenants stay.
type Fresh struct {
	Run     string
	Tenants []string
}

// id matches a GUID, or the 32 digits of one.
var id = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}`)

// guid is the length of a GUID with its hyphens.
const guid = 36

// Bytes returns a text with other ids, of the same length.
func (f Fresh) Bytes(text []byte) []byte { return id.ReplaceAllFunc(text, f.other) }

// Text returns a text with other ids, of the same length.
func (f Fresh) Text(text string) string { return string(f.Bytes([]byte(text))) }

func (f Fresh) other(old []byte) []byte {
	for _, t := range f.Tenants {
		if string(old) == t {
			return old
		}
	}
	sum := md5.Sum(append([]byte(f.Run), old...)) //nolint:gosec // as above
	h := hex.EncodeToString(sum[:])
	if len(old) == guid {
		h = h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return []byte(h)
}

// in returns the ids in texts that are not those of tenants.
func (f Fresh) in(texts ...[]byte) (out []string) {
	for _, text := range texts {
	next:
		for _, found := range id.FindAll(text, -1) {
			for _, t := range f.Tenants {
				if string(found) == t {
					continue next
				}
			}
			out = append(out, string(found))
		}
	}
	return out
}
