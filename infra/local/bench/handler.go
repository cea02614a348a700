package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// template is one request as ours stored and answered it; the bare handler does the same with fresh ids.
type template struct {
	Connection string `json:"connection"`
	Prefix     string `json:"prefix"`
	Request    string `json:"request"` // id in it
	Key        string `json:"key"`     // id of the case key in it
	First      []call `json:"first"`   // in parallel
	Then       call   `json:"then"`
	Messages   []call `json:"messages"`
	Answer     string `json:"answer"`
}

// newTemplate sorts the calls of one request of ours.
func newTemplate(calls []call, request, answer string) (template, error) {
	t := template{Request: request, Answer: answer}
	for _, c := range calls {
		switch {
		case c.Op == opInsert && c.Target == "keys":
			t.First = append(t.First, c)
			var e struct{ RowKey string }
			if err := json.Unmarshal(c.Rows[0].Entity, &e); err != nil {
				return t, err
			}
			t.Key = e.RowKey
		case c.Op == opChange && c.Target == "lists":
			t.First = append(t.First, c)
		case c.Op == opChange && c.Target == "requests":
			t.Then = c
		case c.Op == opMessage:
			t.Messages = append(t.Messages, c)
		default:
			return t, fmt.Errorf("a request makes a call that the bare handler does not know: %s", c.name())
		}
	}
	if t.Key == "" || len(t.First) != 2 || len(t.Then.Rows) == 0 {
		return t, fmt.Errorf("the calls of a request are not key, lists, request, message")
	}
	return t, nil
}

// filled is a call with the ids of another request.
func (c call) filled(r *strings.Replacer) call {
	c.Text = r.Replace(c.Text)
	rows := make([]row, len(c.Rows))
	for i, w := range c.Rows {
		rows[i] = row{Verb: w.Verb, Entity: []byte(r.Replace(string(w.Entity)))}
	}
	c.Rows = rows
	return c
}

// serveRaw is the bare custom handler: it stores what ours stores, and neither decodes, checks, seals nor logs anything.
func serveRaw(path, port string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var t template
	if err := json.Unmarshal(text, &t); err != nil {
		return err
	}
	r, err := newRaw(t.Connection, t.Prefix)
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
		ids := strings.NewReplacer(t.Request, id, t.Key, strings.ReplaceAll(freshID(), "-", ""))
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

func (t template) store(ctx context.Context, r *raw, ids *strings.Replacer) error {
	g, gctx := errgroup.WithContext(ctx)
	for _, c := range t.First {
		g.Go(func() error { return r.do(gctx, c.filled(ids)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := r.do(ctx, t.Then.filled(ids)); err != nil {
		return err
	}
	for _, c := range t.Messages {
		if err := r.do(ctx, c.filled(ids)); err != nil {
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
