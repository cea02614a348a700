// Package replay repeats the storage calls of one recorded request with fresh ids, as the bare
// handler that the product's is compared with.
package replay

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// Template is one request as the product stored and answered it. The bare handler does the same
// with fresh ids.
type Template struct {
	Connection string       `json:"connection"`
	Prefix     string       `json:"prefix"`
	Request    string       `json:"request"` // id in it
	Key        string       `json:"key"`     // id of the case key in it
	Shard      string       `json:"shard"`   // partition of key and list rows in it
	First      []calls.Call `json:"first"`   // in parallel
	Then       calls.Call   `json:"then"`
	Messages   []calls.Call `json:"messages"`
	Answer     string       `json:"answer"`
}

// New sorts the calls of one request of the product.
func New(all []calls.Call, request, answer string) (Template, error) {
	t := Template{Request: request, Answer: answer}
	for _, c := range all {
		switch {
		case c.OfHourKey():
			// The first request of an hour makes the hour's key. The bare handler leaves that out.
		case c.Op == calls.Insert && c.Target == "keys":
			t.First = append(t.First, c)
			var e struct{ PartitionKey, RowKey string }
			if err := json.Unmarshal(c.Rows[0].Entity, &e); err != nil {
				return t, err
			}
			t.Key, t.Shard = e.RowKey, e.PartitionKey
		case c.Op == calls.Change && c.Target == "lists":
			t.First = append(t.First, c)
		case c.Op == calls.Change && c.Target == "requests":
			t.Then = c
		case c.Op == calls.Message:
			t.Messages = append(t.Messages, c)
		default:
			return t, fmt.Errorf("a request makes a call that the bare handler does not know: %s", c.Name())
		}
	}
	if t.Key == "" || len(t.First) != 2 || len(t.Then.Rows) == 0 {
		return t, fmt.Errorf("the calls of a request are not key, lists, request, message")
	}
	return t, nil
}

// filled returns a call with the ids of another request.
func filled(c calls.Call, r *strings.Replacer) calls.Call {
	c.Text = r.Replace(c.Text)
	rows := make([]calls.Row, len(c.Rows))
	for i, w := range c.Rows {
		rows[i] = calls.Row{Verb: w.Verb, Entity: []byte(r.Replace(string(w.Entity)))}
	}
	c.Rows = rows
	return c
}

// shards is how many partitions the product gives a tenant for which it makes 2,000 requests.
const shards = 8

// fresh replaces the ids of the template by new ones. It uses as many shards as the product
// grows to at a fill of thousands, since Azurite slows down with the size of a partition.
func (t Template) fresh(id string) *strings.Replacer {
	other := partitionOf(t.Shard, rand.IntN(shards))
	hour, _, _ := strings.Cut(t.Key, "-")
	key := layout.KeyID(hour, strings.ReplaceAll(uuid.NewString(), "-", ""))
	return strings.NewReplacer(t.Request, id, t.Key, key, `"`+t.Shard+`"`, `"`+other+`"`)
}

// partitionOf returns the partition of another shard of the same tenant.
func partitionOf(partition string, shard int) string {
	return fmt.Sprintf("%s|%d", partition[:strings.LastIndexByte(partition, '|')], shard)
}

// Sizes tells how large the calls are.
func (t Template) Sizes() string {
	var out []string
	for _, c := range append(append(t.First, t.Then), t.Messages...) {
		bytes := len(c.Text)
		for _, w := range c.Rows {
			bytes += len(w.Entity)
		}
		out = append(out, fmt.Sprintf("%s: %d rows, %d bytes", c.Target, len(c.Rows), bytes))
	}
	return strings.Join(out, "; ")
}
