package config

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Deployment is what a document must fit.
type Deployment struct {
	Catalogue connector.Catalogue
	// StorageSuffix is that of the configured cloud. Destinations are blob accounts there, since
	// they get the app's own token.
	StorageSuffix string
	Local         bool // destinations on this machine and the published local keys are allowed
}

// Deployment is what a document must fit under these settings.
func (s Settings) Deployment(c connector.Catalogue) Deployment {
	return Deployment{Catalogue: c, StorageSuffix: s.Endpoints().StorageSuffix, Local: s.Local()}
}

// Parse reads the YAML document and fills in defaults. The error names every mistake at once,
// each with its line.
func Parse(text []byte, to Deployment) (*Document, error) {
	doc := &Document{}
	d := decodeYAML(text, doc)
	c := checker{decoder: d, doc: doc, to: to}
	if len(d.lines) > 0 {
		c.document()
	}
	if len(d.errs) > 0 {
		return nil, errors.Join(d.errs...)
	}
	return doc, nil
}

type checker struct {
	*decoder
	doc *Document
	to  Deployment
}

// at reports a mistake on the line of a path. For a path that the document does not have it is
// the line of the nearest path above.
func (c *checker) at(path, format string, args ...any) {
	where := path
	for c.lines[where] == 0 && where != "" {
		cut := strings.LastIndexAny(where, ".[")
		where = where[:max(cut, 0)]
	}
	c.errs = append(c.errs, mistake(c.lines[where], path, fmt.Sprintf(format, args...)))
}

func (c *checker) document() {
	if c.doc.Version != 1 {
		c.at("version", "version 1 is expected")
	}
	if len(c.doc.Tenants) == 0 {
		c.at("tenants", "at least one tenant is needed")
	}
	ids := map[string]bool{}
	for i := range c.doc.Tenants {
		t, path := &c.doc.Tenants[i], fmt.Sprintf("tenants[%d]", i)
		if ids[t.ID] {
			c.at(path+".id", "this tenant is listed twice")
		}
		ids[t.ID] = true
		c.tenant(t, path)
	}
	c.callers()
}

func (c *checker) callers() {
	names, keys, ids := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, caller := range c.doc.Callers {
		path := fmt.Sprintf("callers[%d]", i)
		if !dsr.ValidName(caller.Name) || names[caller.Name] {
			c.at(path+".name", "a name is [a-z][0-9a-z-]{0,62} and used once")
		} else {
			c.callerID(caller, path, ids)
		}
		names[caller.Name] = true
		c.key(caller, path, keys)
		if n := len(caller.Tenants); n == 0 || n > auth.MaxTenants {
			c.at(path+".tenants", "1 to %d tenants are expected", auth.MaxTenants)
		}
		for j, id := range caller.Tenants {
			if _, ok := c.doc.Tenants.Tenant(id); !ok || slices.Contains(caller.Tenants[:j], id) {
				c.at(fmt.Sprintf("%s.tenants[%d]", path, j), "this tenant is not in the document, or is listed twice")
			}
		}
		if len(caller.Rights) == 0 {
			c.at(path+".rights", "at least one right is needed")
		}
		for j, r := range caller.Rights {
			if !slices.Contains(auth.Rights(), auth.Right(r)) || slices.Contains(caller.Rights[:j], r) {
				c.at(fmt.Sprintf("%s.rights[%d]", path, j), "one of %s is expected, each once", join(auth.Rights()))
			}
		}
	}
	if q := c.doc.Queue.Caller; q != "" {
		caller := c.doc.QueueCaller()
		if !caller.Has(auth.Bulk) || !caller.Has(auth.RequestsWrite) {
			c.at("queue.caller", "a caller of this document with the rights bulk and requests.write is expected")
		}
	}
}

// callerID checks the id of a caller. An id that another caller has would give it the requests and
// the idempotency keys of that one.
func (c *checker) callerID(caller Caller, path string, seen map[string]bool) {
	id := cmp.Or(caller.ID, caller.Name)
	switch {
	case caller.ID != "" && !dsr.ValidName(id):
		c.at(path+".id", "an id is [a-z][0-9a-z-]{0,62}")
	case seen[id]:
		c.at(path+".id", "two callers have the id %s; where none is written, the name is the id", id)
	}
	seen[id] = true
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (c *checker) key(caller Caller, path string, seen map[string]bool) {
	path += ".keySHA256"
	switch k := caller.KeySHA256; {
	case k == "" && caller.Name == c.doc.Queue.Caller:
		return // It acts for the queue, and no caller by HTTP can be it.
	case !hexDigest.MatchString(k):
		c.at(path, "the SHA-256 of the key is expected, 64 lower-case hex digits; only the caller of the queue can do without")
	case strings.Trim(k, "0") == "":
		c.at(path, "the digest of a key is expected; this is only zeros")
	case seen[k]:
		c.at(path, "two callers have the same key")
	case !c.to.Local && slices.Contains(localKeys(), k):
		c.at(path, "this key of the local world is published, so that everybody knows it; make another one")
	}
	seen[caller.KeySHA256] = true
}

func join[S ~string](list []S) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, ", ")
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	var out []K
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
