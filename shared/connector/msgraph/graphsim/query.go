package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/filter"
)

const maxTop = 999

// Query holds the parsed system query options of a request.
type Query struct {
	Select []string // as asked, without duplicates; nil: the default properties
	Filter filter.Expression
	Top    int // 0: not asked
	Count  bool

	raw       url.Values
	skiptoken string
}

// Wants reports whether $select or $filter names the property.
func (q Query) Wants(name string) bool {
	return slices.Contains(q.Select, name) || q.Filter.Mentions(name)
}

// parseQuery checks the options against the operation and the schema of what it answers with.
func parseQuery(c *contract.Contract, op *contract.Operation, r *http.Request) (Query, *Error) {
	raw, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return Query{}, BadRequest("The query string is malformed.")
	}
	element, collection := c.Element(op.Answers[http.StatusOK])
	q := Query{raw: raw}
	for name, values := range raw {
		if len(values) != 1 {
			return Query{}, BadRequest("A query option was given more than once.")
		}
		known := op.Query[name] || name == "$skiptoken" && collection
		if !known {
			return Query{}, BadRequest("A query option is not declared for this operation.")
		}
		if refusal := q.set(c, name, values[0], element); refusal != nil {
			return Query{}, refusal
		}
	}
	return q, q.checkAdvanced(r, element)
}

func (q *Query) set(c *contract.Contract, name, value, element string) *Error {
	switch name {
	case "$select":
		return q.setSelect(c, value, element)
	case "$filter":
		f, err := filter.Parse(value, element, c)
		if err != nil {
			return BadRequest("Invalid filter clause: " + err.Error() + ".")
		}
		q.Filter = f
	case "$top":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxTop {
			return BadRequest("Invalid page size specified: must be between 1 and 999 inclusive.")
		}
		q.Top = n
	case "$count":
		if value != "true" && value != "false" {
			return BadRequest("$count must be true or false.")
		}
		q.Count = value == "true"
	case "$skiptoken":
		q.skiptoken = value
	default:
		return unsupported("The query option " + name + " is not supported for this resource.")
	}
	return nil
}

func (q *Query) setSelect(c *contract.Contract, value, element string) *Error {
	q.Select = []string{}
	for _, name := range strings.Split(value, ",") {
		name = strings.TrimSpace(name)
		if _, ok := c.Lookup(element, name); !ok || strings.HasPrefix(name, "@") {
			return BadRequest("Parsing OData Select and Expand failed: could not find a selected property on type 'microsoft.graph." + element + "'.")
		}
		if !slices.Contains(q.Select, name) {
			q.Select = append(q.Select, name)
		}
	}
	return nil
}

// checkAdvanced refuses what the directory answers from its index only, unless the caller accepts
// eventual consistency and counts. That is endsWith, and a filter on mobilePhone.
func (q *Query) checkAdvanced(r *http.Request, element string) *Error {
	eventual := strings.EqualFold(r.Header.Get("ConsistencyLevel"), "eventual")
	if (q.Filter.Advanced || element == "user" && q.Filter.Mentions("mobilePhone")) && !(eventual && q.Count) {
		return unsupported("The filter needs the header ConsistencyLevel: eventual and $count=true.")
	}
	if q.Count && !eventual {
		return unsupported("$count needs the header ConsistencyLevel: eventual.")
	}
	return nil
}
