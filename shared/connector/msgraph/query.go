package msgraph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"

	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// Query is one question to Graph.
type Query struct {
	// Request comes from a builder of the SDK; the method is GET.
	Request *abs.RequestInformation
	// Permission is the least application permission that the question needs; a refusal names it.
	Permission string
}

// Advanced returns the headers of an advanced query, which Graph answers from its index, with
// all the pages that follow. The request must also ask for $count=true.
func Advanced() *abs.RequestHeaders {
	h := abs.NewRequestHeaders()
	h.Add("ConsistencyLevel", "eventual")
	return h
}

// Page is one page of a collection.
type Page struct {
	Records []json.RawMessage // objects, as Graph sent them
	// Next is path and query of the next page, to be handed to List as it is. It is empty after
	// the last page. It names no host, so that a stored Next cannot send a token elsewhere.
	Next string
}

// List returns a page of a collection: the first, or the one that next names. A page may be
// empty and still have a next one. Headers of the request go out with every page. The error is
// a *connector.Fault, a *NotFoundError or that of the context.
func (c *Client) List(ctx context.Context, q Query, next string) (Page, error) {
	var page Page
	uri, err := c.address(q, next)
	if err != nil {
		return page, err
	}
	err = c.ask(ctx, q, uri, func(body []byte) (err error) {
		page, err = c.decodePage(body)
		return err
	})
	return page, err
}

// Object returns a single object as Graph sent it, without @odata.context. Its errors are those of
// List.
func (c *Client) Object(ctx context.Context, q Query) (json.RawMessage, error) {
	var object json.RawMessage
	uri, err := c.address(q, "")
	if err != nil {
		return nil, err
	}
	err = c.ask(ctx, q, uri, func(body []byte) (err error) {
		object, err = decodeObject(body)
		return err
	})
	return object, err
}

// Text returns the question for the proof that it was asked. It holds the values that were
// looked for.
func (c *Client) Text(q Query) pii.Value {
	uri, err := c.address(q, "")
	if err != nil {
		return pii.New("GET " + q.Request.UrlTemplate)
	}
	return pii.New("GET " + uri.EscapedPath() + "?" + strings.ReplaceAll(uri.RawQuery, "%24", "$"))
}

// address returns the URL to ask. The cause of a failure is not passed on, since it quotes the URL.
func (c *Client) address(q Query, next string) (*url.URL, error) {
	if next == "" {
		q.Request.PathParameters["baseurl"] = c.base.String()
		uri, err := q.Request.GetUri()
		if err != nil {
			return nil, errors.New("msgraph: the request has no URL")
		}
		return uri, nil
	}
	rel, err := url.Parse(next)
	if err != nil || rel.IsAbs() || rel.Host != "" || !strings.HasPrefix(rel.EscapedPath(), version+"/") {
		return nil, &connector.Fault{Kind: connector.Rejected, System: c.system, Code: codeForeignHost}
	}
	return &url.URL{Scheme: c.base.Scheme, Host: c.base.Host, Path: rel.Path, RawPath: rel.RawPath, RawQuery: rel.RawQuery}, nil
}

// ask sends the question until it is answered or the invocation's patience is used up, within
// callTimeout. A GET may be repeated.
func (c *Client) ask(ctx context.Context, q Query, uri *url.URL, decode func([]byte) error) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := connector.Retry(call, func() error {
		err := c.once(call, q, uri, decode)
		if f := connector.AsFault(err); f != nil {
			c.log.LogAttrs(ctx, slog.LevelDebug, "graph did not answer", slog.String("code", f.Code), slog.Int("status", f.Status),
				slog.String("graphRequestId", f.RequestID), slog.Duration("retryAfter", f.RetryAfter))
		}
		return err
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // a cancelled call says nothing about Graph
	}
	return err
}

// once asks one time. The request is made anew each time, because the SDK leaves the token in it.
func (c *Client) once(ctx context.Context, q Query, uri *url.URL, decode func([]byte) error) error {
	r := abs.NewRequestInformation()
	r.Method, r.UrlTemplate = abs.GET, q.Request.UrlTemplate
	r.Headers.AddAll(q.Request.Headers)
	r.Headers.TryAdd("Accept", "application/json")
	r.SetUri(*uri)
	ex := &exchange{}
	res, err := c.adapter.SendPrimitive(context.WithValue(ctx, exchangeKey{}, ex), r, "[]byte", mapping)
	if err == nil {
		body, _ := res.([]byte)
		err = decode(body)
	}
	if f := connector.AsFault(err); err == nil || f != nil {
		return err
	}
	return c.classify(err, ex, q.Permission)
}

var mapping = abs.ErrorMappings{"XXX": odataerrors.CreateODataErrorFromDiscriminatorValue}

func (c *Client) decodePage(body []byte) (Page, error) {
	var doc struct {
		Value *[]json.RawMessage `json:"value"`
		Next  string             `json:"@odata.nextLink"`
	}
	if json.Unmarshal(body, &doc) != nil || doc.Value == nil {
		return Page{}, errNotJSON
	}
	for _, r := range *doc.Value {
		if len(r) == 0 || r[0] != '{' {
			return Page{}, errNotJSON
		}
	}
	next, err := c.relative(doc.Next)
	return Page{Records: *doc.Value, Next: next}, err
}

// relative cuts the host off a next link that has the client's own host, and refuses any other
// link.
func (c *Client) relative(link string) (string, error) {
	if link == "" {
		return "", nil
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil || !strings.HasPrefix(u.EscapedPath(), version+"/") {
		return "", &connector.Fault{Kind: connector.Rejected, System: c.system, Code: codeForeignHost}
	}
	return fmt.Sprintf("%s?%s", u.EscapedPath(), u.RawQuery), nil
}
