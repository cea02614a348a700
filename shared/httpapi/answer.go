package httpapi

import (
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// answer writes a JSON answer.
func (c *call) answer(status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(status)
	_, _ = c.w.Write(append(b, '\n')) // a caller who has gone needs no answer
	return nil
}

// etag is the version of a request: each event makes a new one.
func etag(r *dsr.Request) string { return tagOf(r.Seq) }

func tagOf(seq int64) string { return fmt.Sprintf(`"%d"`, seq) }

// notModified answers 304 when If-None-Match names the present version.
func (c *call) notModified(tag string) bool {
	c.w.Header().Set("ETag", tag)
	if !named(c.r.Header.Values("If-None-Match"), tag) {
		return false
	}
	c.w.WriteHeader(http.StatusNotModified)
	return true
}

// ifMatch returns the versions that If-Match names, or nil when it names every version or is
// missing. A tag that no version can have names none. A weak tag matches for reading only.
func (c *call) ifMatch() []int64 {
	values := c.r.Header.Values("If-Match")
	if len(values) == 0 {
		return nil
	}
	versions := []int64{}
	for t := range tags(values) {
		if t == "*" {
			return nil
		}
		if seq, err := strconv.ParseInt(strings.Trim(t, `"`), 10, 64); err == nil && t == tagOf(seq) {
			versions = append(versions, seq)
		}
	}
	return versions
}

// named reports whether a list of entity tags holds the tag, which may be weak there.
func named(values []string, tag string) bool {
	for t := range tags(values) {
		if t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// tags goes through a list of entity tags (RFC 9110 §8.8.3).
func tags(values []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for t := range strings.SplitSeq(strings.Join(values, ","), ",") {
			if !yield(strings.TrimSpace(t)) {
				return
			}
		}
	}
}
