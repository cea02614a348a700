package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
)

// sent is one request and the person whom it is about.
type sent struct {
	id, tenant, person string
	actions            []string
}

// directory is the simulated Entra ID.
func (w *world) directory() *entrasim.Directory {
	return w.tenant.System("entra").(*entrasim.Directory)
}

// submit puts a bulk file on the queue and posts single requests at the same time.
func (w *world) submit(ctx context.Context, o options) ([]sent, error) {
	// Graph shows only a part of a deleted person, so such tasks end as partial. The
	// connector's own tests compare them.
	contoso, fabrikam := active(w.directory().Users(entrasim.Contoso)), active(w.directory().Users(entrasim.Fabrikam))
	if len(contoso) < o.Bulk {
		return nil, fmt.Errorf("the organisation has %d people, %d are needed", len(contoso), o.Bulk)
	}
	var bulk, single []sent
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { bulk, err = w.submitBulk(ctx, "e2e", contoso[:o.Bulk]); return err })
	g.Go(func() (err error) {
		for i := range o.Single {
			s := sent{tenant: entrasim.Contoso, person: contoso[(i*7)%len(contoso)].ID, actions: []string{"access", "export"}}
			if i%2 == 1 {
				s.tenant, s.person = entrasim.Fabrikam, fabrikam[i%len(fabrikam)].ID
			}
			if s.id, err = w.submitOne(ctx, s, i); err != nil {
				return err
			}
			single = append(single, s)
		}
		return nil
	})
	err := g.Wait()
	return append(bulk, single...), err
}

func active(people []entrasim.Person) []entrasim.Person {
	return slices.DeleteFunc(people, func(p entrasim.Person) bool { return p.Deleted })
}

func (w *world) submitOne(ctx context.Context, s sent, n int) (string, error) {
	body, err := json.Marshal(map[string]any{
		"tenant": s.tenant, "actions": s.actions, "regime": "gdpr", "subject": map[string]string{"objectId": s.person},
	})
	if err != nil {
		return "", err
	}
	status, b, err := w.insist(ctx, http.MethodPost, "/api/requests", keys[s.tenant], map[string]string{"Idempotency-Key": fmt.Sprintf("single-%d", n)}, body)
	if err != nil {
		return "", err
	}
	if status != http.StatusAccepted {
		return "", fmt.Errorf("POST /api/requests: %d %s", status, b)
	}
	var r struct{ ID string }
	return r.ID, json.Unmarshal(b, &r)
}

// wave sends one more bulk file under another reference and waits for its end.
func (w *world) wave(ctx context.Context, o options, n int) ([]sent, error) {
	people := active(w.directory().Users(entrasim.Contoso))
	reqs, err := w.submitBulk(ctx, fmt.Sprintf("e2e-%d", n), people[:min(o.Bulk, len(people))])
	if err != nil {
		return nil, err
	}
	say("accepted: %d requests of bulk file %d, to keep more handlers at work", len(reqs), n)
	return reqs, w.await(ctx, reqs)
}

// submitBulk uploads a CSV as a producer does, names it on the queue twice, and waits for the
// import.
func (w *world) submitBulk(ctx context.Context, reference string, people []entrasim.Person) ([]sent, error) {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	_ = c.Write([]string{"idempotencyKey", "actions", "regime", "objectId"})
	for _, p := range people {
		_ = c.Write([]string{reference + "-" + p.ID, "export", "gdpr", p.ID})
	}
	c.Flush()
	name := entrasim.Contoso + "/" + reference + ".csv"
	if _, err := w.clients.Blobs.NewContainerClient("bulk").NewBlockBlobClient(name).UploadBuffer(ctx, b.Bytes(), nil); err != nil {
		return nil, fmt.Errorf("upload the bulk file: %w", err)
	}
	message := fmt.Sprintf(`{"tenant":%q,"reference":%q,"blob":"bulk/%s"}`, entrasim.Contoso, reference, name)
	for range 2 {
		if _, err := w.clients.Queues.NewQueueClient("dsr-bulk").EnqueueMessage(ctx, message, nil); err != nil {
			return nil, fmt.Errorf("put the bulk message: %w", err)
		}
	}
	id, err := w.awaitBulk(ctx, reference, len(people))
	if err != nil {
		return nil, err
	}
	return w.bulkResults(ctx, id, people)
}

// awaitBulk waits for the end of the import and checks its counts.
func (w *world) awaitBulk(ctx context.Context, reference string, lines int) (string, error) {
	for {
		status, b, err := w.insist(ctx, http.MethodGet, "/api/bulk?tenant="+entrasim.Contoso+"&reference="+reference, keys[entrasim.Contoso], nil, nil)
		if err != nil {
			return "", err
		}
		var r struct {
			ID, State                            string
			Lines, Accepted, Duplicate, Rejected int
		}
		if status == http.StatusOK {
			if err := json.Unmarshal(b, &r); err != nil {
				return "", err
			}
		}
		switch r.State {
		case "completed":
			if r.Lines != lines || r.Accepted != lines {
				return "", fmt.Errorf("the import counts %+v, %d accepted lines are expected", r, lines)
			}
			return r.ID, nil
		case "failed":
			return "", fmt.Errorf("the import failed: %s", b)
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// bulkResults reads the result lines.
func (w *world) bulkResults(ctx context.Context, id string, people []entrasim.Person) ([]sent, error) {
	status, b, err := w.insist(ctx, http.MethodGet, "/api/bulk/"+id+"/results", keys[entrasim.Contoso], nil, nil)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("results: %d %s", status, b)
	}
	var out []sent
	seen := map[string]bool{}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var r struct {
			Line       int
			Status, ID string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, err
		}
		if r.Line != i+1 || r.Status != "accepted" || seen[r.ID] {
			return nil, fmt.Errorf("result line %d: %s", i+1, line)
		}
		seen[r.ID] = true
		out = append(out, sent{id: r.ID, tenant: entrasim.Contoso, person: people[i].ID, actions: []string{"export"}})
	}
	if len(out) != len(people) {
		return nil, fmt.Errorf("%d result lines for %d people", len(out), len(people))
	}
	return out, nil
}

// request is what GET /api/requests/{id} answers.
type request struct {
	ID, Tenant, State string
	Tasks             []struct {
		ID, System, Action string
		Outcome            json.RawMessage
	}
	Package *struct {
		State, SHA256 string
		Bytes         int64
	}
}

// await polls until every request is completed. Any other end is a failure.
func (w *world) await(ctx context.Context, reqs []sent) error {
	began, shown := time.Now(), 0
	open := reqs
	for len(open) > 0 {
		var still []sent
		for _, s := range open {
			r, err := get[request](ctx, w, "/api/requests/"+s.id, keys[s.tenant])
			if err != nil {
				return err
			}
			switch r.State {
			case "completed":
			case "failed", "cancelled", "needs-decision", "waiting":
				return fmt.Errorf("request %s ended as %s: %+v", s.id, r.State, r)
			default:
				still = append(still, s)
			}
		}
		open = still
		if done := len(reqs) - len(open); done*10/len(reqs) > shown {
			shown = done * 10 / len(reqs)
			say("%d of %d completed after %s", done, len(reqs), since(began))
		}
		pause(ctx, time.Second)
	}
	return nil
}
