package replay

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// Serve is the bare custom handler. It stores what the product stores and neither decodes,
// checks, seals nor logs anything.
func Serve(path, port string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var t Template
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
		id := uuid.NewString()
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

func (t Template) store(ctx context.Context, r *calls.Raw, ids *strings.Replacer) error {
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
