package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
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
func etag(r *dsr.Request) string { return fmt.Sprintf(`"%d"`, r.Seq) }

// notModified answers 304 when If-None-Match names the present version.
func (c *call) notModified(tag string) bool {
	c.w.Header().Set("ETag", tag)
	if !named(c.r.Header.Values("If-None-Match"), tag, true) {
		return false
	}
	c.w.WriteHeader(http.StatusNotModified)
	return true
}

// ifMatch returns a check that refuses another version than If-Match names, or nil without
// If-Match.
func (c *call) ifMatch() func(*dsr.Request) error {
	values := c.r.Header.Values("If-Match")
	if len(values) == 0 {
		return nil
	}
	return func(r *dsr.Request) error {
		if named(values, etag(r), false) {
			return nil
		}
		return problem.New(problem.PreconditionFailed, "", "the request has changed since the version that If-Match names: read it again")
	}
}

// named reports whether a list of entity tags holds the tag (RFC 9110 §8.8.3). A weak tag
// matches for reading only.
func named(values []string, tag string, weak bool) bool {
	for t := range strings.SplitSeq(strings.Join(values, ","), ",") {
		t = strings.TrimSpace(t)
		if weak {
			t = strings.TrimPrefix(t, "W/")
		}
		if t == "*" || t == tag {
			return true
		}
	}
	return false
}
