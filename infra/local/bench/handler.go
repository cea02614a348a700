package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// template is one request as the product stored and answered it. The bare handler does the same
// with fresh ids.
type template struct {
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

// newTemplate sorts the calls of one request of the product.
func newTemplate(all []calls.Call, request, answer string) (template, error) {
	t := template{Request: request, Answer: answer}
	for _, c := range all {
		switch {
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

// serveRaw is the bare custom handler. It stores what the product stores and neither decodes,
// checks, seals nor logs anything.
func serveRaw(path, port string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var t template
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	r, err := calls.OpenRaw(t.Connection, t.Prefix)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/requests", func(w http.ResponseWriter, req *http.Request) {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		id := freshID()
		ids := t.fresh(id)
		if err := t.store(req.Context(), r, ids); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/api/requests/"+id)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, ids.Replace(t.Answer))
	})
	server := &http.Server{Addr: net.JoinHostPort("127.0.0.1", port), Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}

// fresh replaces the ids of the template by new ones. It uses as many shards as the product,
// since Azurite slows down with the size of a partition.
func (t template) fresh(id string) *strings.Replacer {
	other := partitionOf(t.Shard, mathrand.IntN(store.Shards))
	return strings.NewReplacer(t.Request, id, t.Key, strings.ReplaceAll(freshID(), "-", ""), `"`+t.Shard+`"`, `"`+other+`"`)
}

// partitionOf returns the partition of another shard of the same tenant.
func partitionOf(partition string, shard int) string {
	return fmt.Sprintf("%s|%d", partition[:strings.LastIndexByte(partition, '|')], shard)
}

func (t template) store(ctx context.Context, r *calls.Raw, ids *strings.Replacer) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, c := range t.First {
		g.Go(func() error { return r.Do(gctx, filled(c, ids)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := r.Do(ctx, filled(t.Then, ids)); err != nil {
		return err
	}
	for _, c := range t.Messages {
		if err := r.Do(ctx, filled(c, ids)); err != nil {
			return err
		}
	}
	return nil
}

// freshID is a random GUID.
func freshID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
