package graphsim

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// defaultSelect is what the service returns of a resource without $select, where that is less
// than all properties.
var defaultSelect = map[string][]string{
	"user": {
		"businessPhones", "displayName", "givenName", "id", "jobTitle", "mail", "mobilePhone",
		"officeLocation", "preferredLanguage", "surname", "userPrincipalName",
	},
}

// page cuts one page out of the matching records.
type page struct {
	records []Record
	next    string // skiptoken, or "" on the last page
}

// cursor is what a skiptoken holds. It is bound to the query, so that a token from another list
// is refused.
type cursor struct {
	offset  int
	skipped bool // the empty page before this offset was already served
}

func (c cursor) token(bind uint64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%t.%x", c.offset, c.skipped, bind))
}

func parseCursor(token string, bind uint64) (cursor, *Error) {
	refusal := BadRequest("Invalid skip token.")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return cursor{}, refusal
	}
	parts := strings.Split(string(raw), ".")
	if len(parts) != 3 || parts[2] != strconv.FormatUint(bind, 16) {
		return cursor{}, refusal
	}
	offset, err := strconv.Atoi(parts[0])
	if err != nil || offset < 0 {
		return cursor{}, refusal
	}
	return cursor{offset: offset, skipped: parts[1] == "true"}, nil
}

// bindQuery hashes what must stay the same from page to page.
func bindQuery(tenant, path string, q Query) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%d", tenant, path, q.raw.Get("$filter"), q.raw.Get("$select"), q.Top)
	return h.Sum64()
}

func (q Query) paginate(matching []Record, bind uint64, defaultSize int, empty bool) (page, *Error) {
	at := cursor{}
	if q.skiptoken != "" {
		var refusal *Error
		if at, refusal = parseCursor(q.skiptoken, bind); refusal != nil {
			return page{}, refusal
		}
	}
	size := defaultSize
	if q.Top > 0 {
		size = q.Top
	}
	start := min(at.offset, len(matching))
	if empty && !at.skipped {
		return page{records: []Record{}, next: cursor{start, true}.token(bind)}, nil
	}
	end := min(start+size, len(matching))
	out := page{records: matching[start:end]}
	if end < len(matching) {
		out.next = cursor{offset: end}.token(bind)
	}
	return out, nil
}

func (q Query) matching(records []Record) []Record {
	if q.Filter.Empty() {
		return records
	}
	out := []Record{}
	for _, r := range records {
		if q.Filter.Match(r) {
			out = append(out, r)
		}
	}
	return out
}

// project returns the selected properties of a record. In lists of several types @odata.type is
// always among them.
func (q Query) project(r Record, element string) Record {
	selected := q.Select
	if selected == nil {
		actual := element
		if odata, ok := r["@odata.type"].(string); ok {
			actual = contract.ShortName(odata)
		}
		if selected = defaultSelect[actual]; selected == nil {
			return r
		}
	}
	out := make(Record, len(selected)+1)
	for _, name := range selected {
		if v, ok := r[name]; ok {
			out[name] = v
		}
	}
	if t, ok := r["@odata.type"]; ok && contract.Mixes(element) {
		out["@odata.type"] = t
	}
	return out
}

// nextLink repeats the request with the token, on the host that the caller used, since clients
// follow it verbatim.
func (q Query) nextLink(r *http.Request, token string) string {
	params := url.Values{}
	for name, values := range q.raw {
		params[name] = values
	}
	params.Set("$skiptoken", token)
	return origin(r) + r.URL.EscapedPath() + "?" + strings.ReplaceAll(params.Encode(), "%24", "$")
}

func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
