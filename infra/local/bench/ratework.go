package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/layout"
)

// running is an app at work.
type running struct {
	api        string
	stop       func()
	connection string // of the storage, past any proxy
	pids       []int  // of the handlers
}

// do submits requests, caller.Callers at a time, and returns their ids, and how long it took until
// the last one was completed.
func (w *running) do(ctx context.Context, run string, count int) (ids []string, took time.Duration, err error) {
	ids = make([]string, count)
	began := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(caller.Callers)
	var watched watch
	if watched, err = newWatch(w.connection); err != nil {
		return nil, 0, err
	}
	for n := range count {
		g.Go(func() (err error) {
			ids[n], err = submit(gctx, w.api, fmt.Sprintf("%s-%06d", run, n))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	say("%d accepted in %.1f s", count, time.Since(began).Seconds())
	last, err := watched.completed(ctx, ids)
	return ids, last.Sub(began), err
}

// submit sends jane's request and returns its id.
func submit(ctx context.Context, api, key string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, api+"/api/requests", bytes.NewReader(caller.Jane))
	if err != nil {
		return "", err
	}
	caller.SetHeaders(req, key)
	resp, err := caller.Client.Do(req)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("POST /api/requests answers %d: %s", resp.StatusCode, body)
	}
	var answer struct{ ID string }
	return answer.ID, json.Unmarshal(body, &answer)
}

// How often and how long the bench looks whether all is done.
const (
	watchEach = 250 * time.Millisecond
	watchFor  = 5 * time.Minute
)

// watch reads heads, at a rate that does not count beside what is measured.
type watch struct{ requests *aztables.Client }

func newWatch(connection string) (watch, error) {
	c, err := account.ConnectString(connection, account.ClientOptions(nil))
	if err != nil {
		return watch{}, err
	}
	return watch{c.Tables.NewClient(layout.TableRequests)}, nil
}

// completed waits until all requests are completed. It looks at one head each 250 ms, the last
// one's first: the others are mostly done when that is. It returns the time that storage wrote
// beside the last change of a head, since that is not the time of a look.
func (w watch) completed(ctx context.Context, ids []string) (last time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	for n := len(ids) - 1; n >= 0; {
		state, at, err := w.head(ctx, ids[n])
		if err != nil {
			return last, err
		}
		switch {
		case state == dsr.StateCompleted:
			if at.After(last) {
				last = at
			}
			n--
			continue
		case state.Final() || state == dsr.StateNeedsDecision:
			return last, fmt.Errorf("a request ended as %s", state)
		}
		select {
		case <-time.After(watchEach):
		case <-ctx.Done():
			return last, fmt.Errorf("a request is still %s: %w", state, ctx.Err())
		}
	}
	return last, nil
}

// head reads the state of a request and when it last changed.
func (w watch) head(ctx context.Context, id string) (dsr.State, time.Time, error) {
	resp, err := w.requests.GetEntity(ctx, layout.Partition(caller.Contoso, id), layout.RowHead, nil)
	if err != nil {
		return "", time.Time{}, err
	}
	var row struct {
		State     string `json:"state"`
		Timestamp time.Time
	}
	err = json.Unmarshal(resp.Value, &row)
	return dsr.State(row.State), row.Timestamp, err
}
