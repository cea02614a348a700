// Package calls counts and keeps storage calls on their way out, and repeats them without
// anything else around them.
package calls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// Op is the kind of a storage call.
type Op string

// The kinds of call that Raw repeats. It leaves the others out, which favours it.
const (
	Insert  Op = "insert"      // one row of a table
	Replace Op = "replace"     // one row of a table
	Change  Op = "transaction" // several rows of a table
	Message Op = "message"
	Put     Op = "put blob"
	Block   Op = "stage block"
	Commit  Op = "commit blocks"
)

// The other kinds.
const (
	Get      Op = "point read" // one row by its key
	Query    Op = "query"      // a range of rows
	Delete   Op = "delete row"
	Receive  Op = "receive" // messages
	Done     Op = "delete message"
	Download Op = "get blob"
	Look     Op = "look at blob"
	Remove   Op = "delete blob"
	List     Op = "list blobs"
	Other    Op = "other"
)

// Call is one storage call as it left the process, complete enough to be repeated.
type Call struct {
	Op     Op     `json:"op"`
	Target string `json:"target"` // table, queue or container, without the prefix
	Rows   []Row  `json:"rows,omitempty"`
	Text   string `json:"text,omitempty"` // of a message
	Size   int    `json:"size,omitempty"` // bytes of a blob's body
}

// Row is one row that a call writes.
type Row struct {
	Verb   string          `json:"verb"` // POST inserts, PATCH, MERGE and PUT upsert, DELETE
	Entity json.RawMessage `json:"entity,omitempty"`
	Path   string          `json:"path,omitempty"` // names the row, where the entity is missing
}

// Name says what the call does to what.
func (c Call) Name() string { return string(c.Op) + " " + c.Target }

// The services of an account.
const (
	Tables = "table"
	Queues = "queue"
	Blobs  = "blob"
)

// Parse reads a call to a service. The names of tables, queues and containers begin with prefix.
// Size is that of the body; the body itself is not needed for blobs.
func Parse(service string, r *http.Request, body []byte, size int, prefix string) (Call, error) {
	switch service {
	case Tables:
		return parseTable(r, body, prefix)
	case Queues:
		return parseQueue(r, body, prefix), nil
	case Blobs:
		return parseBlob(r, size, prefix), nil
	}
	return Call{Op: Other}, fmt.Errorf("there is no service %q", service)
}

// parseTable reads a call to the table service. The path is /{account}/{table}… or
// /{account}/$batch.
func parseTable(r *http.Request, body []byte, prefix string) (Call, error) {
	_, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if rest == "$batch" {
		return parseBatch(r, body, prefix)
	}
	table, key, _ := strings.Cut(rest, "(")
	c := Call{Target: strings.TrimPrefix(table, prefix), Op: Other}
	switch r.Method {
	case http.MethodGet:
		c.Op = Query
		if strings.Contains(key, "RowKey=") {
			c.Op = Get
		}
	case http.MethodPost:
		c.Op = Insert
	case http.MethodDelete:
		c.Op = Delete
	case http.MethodPut, http.MethodPatch, "MERGE":
		c.Op = Replace
	}
	if table == "Tables" {
		c.Op = Other
	}
	if c.Op == Insert || c.Op == Replace {
		c.Rows = []Row{{Verb: r.Method, Entity: bytes.Clone(body), Path: key}}
	}
	return c, nil
}

// parseBatch reads the rows of a transaction. They are parts within a part, each an HTTP
// request.
func parseBatch(r *http.Request, body []byte, prefix string) (Call, error) {
	c := Call{Op: Change}
	outer, err := nested(bytes.NewReader(body), r.Header.Get("Content-Type"))
	if err != nil {
		return c, err
	}
	changes, err := outer.NextPart()
	if err != nil {
		return c, fmt.Errorf("read transaction: %w", err)
	}
	inner, err := nested(changes, changes.Header.Get("Content-Type"))
	if err != nil {
		return c, err
	}
	for {
		p, err := inner.NextPart()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, fmt.Errorf("read transaction: %w", err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return c, fmt.Errorf("read transaction: %w", err)
		}
		head, entity, _ := bytes.Cut(text, []byte("\r\n\r\n"))
		first, _, _ := strings.Cut(string(head), "\r\n")
		fields := strings.Fields(first)
		if len(fields) < 2 {
			return c, fmt.Errorf("read transaction: a part without a request line")
		}
		table, key, _ := strings.Cut(fields[1][strings.LastIndexByte(strings.SplitN(fields[1], "(", 2)[0], '/')+1:], "(")
		c.Target = strings.TrimPrefix(strings.SplitN(table, "?", 2)[0], prefix)
		c.Rows = append(c.Rows, Row{Verb: fields[0], Entity: bytes.TrimSpace(entity), Path: key})
	}
}

func nested(r io.Reader, contentType string) (*multipart.Reader, error) {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil, fmt.Errorf("read transaction: no boundary")
	}
	return multipart.NewReader(r, params["boundary"]), nil
}

// parseQueue reads a call to the queue service: /{account}/{queue}/messages or
// /{account}/{queue}/messages/{id}.
func parseQueue(r *http.Request, body []byte, prefix string) Call {
	rest := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	c := Call{Op: Other}
	if len(rest) > 1 {
		c.Target = strings.TrimPrefix(rest[1], prefix)
	}
	if len(rest) < 3 || rest[2] != "messages" {
		return c
	}
	switch {
	case r.Method == http.MethodGet:
		c.Op = Receive
	case r.Method == http.MethodDelete && len(rest) == 4:
		c.Op = Done
	case r.Method == http.MethodPost:
		c.Op = Message
		c.Text = string(body)
		if _, after, ok := strings.Cut(c.Text, "<MessageText>"); ok {
			c.Text, _, _ = strings.Cut(after, "</MessageText>")
		}
		c.Text = strings.NewReplacer("&#34;", `"`, "&quot;", `"`, "&amp;", "&").Replace(c.Text)
	}
	return c
}

// parseBlob reads a call to the blob service: /{account}/{container}/{name}.
func parseBlob(r *http.Request, size int, prefix string) Call {
	rest := strings.SplitN(strings.Trim(r.URL.Path, "/"), "/", 3)
	c := Call{Op: Other, Size: size}
	if len(rest) > 1 {
		c.Target = strings.TrimPrefix(rest[1], prefix)
	}
	if len(rest) < 3 {
		if r.URL.Query().Get("comp") == "list" {
			c.Op = List
		}
		return c
	}
	switch r.Method {
	case http.MethodPut:
		c.Op = written(r)
	case http.MethodGet:
		c.Op = Download
	case http.MethodHead:
		c.Op = Look
	case http.MethodDelete:
		c.Op = Remove
	}
	return c
}

// written says how a call writes a blob.
func written(r *http.Request) Op {
	switch r.URL.Query().Get("comp") {
	case "":
		return Put
	case "block":
		return Block
	case "blocklist":
		return Commit
	}
	return Other
}

// splitKeys reads the two keys of PartitionKey='a',RowKey='b') from a URL. The store's keys
// hold no quotes.
func splitKeys(path string) []string {
	text, err := url.PathUnescape(path)
	if err != nil {
		return nil
	}
	var out []string
	for i, piece := range strings.Split(text, "'") {
		if i%2 == 1 {
			out = append(out, piece)
		}
	}
	return out
}
