package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/shared/connector/entra"
	"github.com/rightsdesk/rightsdesk/shared/connector/entra/entrasim"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

// counted is the number of things compared.
type counted struct{ packages, members, records int }

// verify fetches every package by its link, checks it against its manifest, and compares its
// records with the simulator's store.
func (w *world) verify(ctx context.Context, reqs []sent) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	totals := make([]counted, len(reqs))
	for i, s := range reqs {
		g.Go(func() (err error) {
			if totals[i], err = w.verifyOne(gctx, s); err != nil {
				return fmt.Errorf("request %s of %s: %w", s.id, s.person, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var sum counted
	for _, c := range totals {
		sum.packages += c.packages
		sum.members += c.members
		sum.records += c.records
	}
	say("verified: %d packages, %d members against their manifests, %d records against the simulator's store", sum.packages, sum.members, sum.records)
	return w.onePackageEach(ctx, len(reqs))
}

func (w *world) verifyOne(ctx context.Context, s sent) (counted, error) {
	var c counted
	r, err := get[request](ctx, w, "/api/requests/"+s.id, keys[s.tenant])
	if err != nil {
		return c, err
	}
	if r.Package == nil || r.Package.State != "ready" || len(r.Tasks) != len(s.actions) {
		return c, fmt.Errorf("the request has no package or not %d tasks: %+v", len(s.actions), r)
	}
	for _, t := range r.Tasks {
		if code := outcome(t.Outcome); code != "done" {
			return c, fmt.Errorf("task %s ended as %q", t.ID, code)
		}
	}
	archive, err := w.download(ctx, s)
	if err != nil {
		return c, err
	}
	report, err := verify.Archive(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return c, err
	}
	c.packages, c.members = 1, report.Files
	for _, action := range s.actions {
		n, err := w.compare(s, dsr.Action(action), archive)
		if err != nil {
			return c, fmt.Errorf("%s: %w", action, err)
		}
		c.records += n
	}
	return c, nil
}

// outcome reads a task's outcome: a word, or an object with one.
func outcome(raw json.RawMessage) string {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return word
	}
	var o struct{ Code string }
	_ = json.Unmarshal(raw, &o)
	return o.Code
}

// download asks for a link and fetches the archive as a browser would.
func (w *world) download(ctx context.Context, s sent) ([]byte, error) {
	link, err := get[struct {
		URL, SHA256 string
		Bytes       int64
	}](ctx, w, "/api/requests/"+s.id+"/package", keys[s.tenant])
	if err != nil {
		return nil, err
	}
	status, b, err := w.fetch(ctx, link.URL)
	if err != nil || status != http.StatusOK || int64(len(b)) != link.Bytes {
		return nil, fmt.Errorf("download: status %d, %d bytes of %d: %w", status, len(b), link.Bytes, err)
	}
	return b, nil
}

func (w *world) fetch(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// compare checks the records of one action against the simulator's store: the same ids and
// values for each kind, no more and no fewer.
func (w *world) compare(s sent, action dsr.Action, archive []byte) (int, error) {
	got, err := recordsOf(archive, action)
	if err != nil {
		return 0, err
	}
	stored, ok := w.directory().Records(s.tenant, s.person)
	if !ok {
		return 0, fmt.Errorf("the simulator does not know the person")
	}
	d := entra.Entry().Descriptor
	oracle := entrasim.Expected(d, stored)
	n := 0
	for _, name := range d.KindsFor(action) {
		k, _ := d.Kind(name)
		want := make([]map[string]any, 0, len(oracle[name]))
		for _, r := range oracle[name] {
			want = append(want, r)
		}
		if err := same(k.ID, got[name], want); err != nil {
			return n, fmt.Errorf("kind %s: %w", name, err)
		}
		n += len(want)
		delete(got, name)
	}
	if len(got) > 0 {
		return n, fmt.Errorf("the package has %d kinds that were not expected", len(got))
	}
	return n, nil
}

// recordsOf reads all JSON members of an action, by kind.
func recordsOf(archive []byte, action dsr.Action) (map[string][]map[string]any, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	out := map[string][]map[string]any{}
	for _, f := range z.File {
		path := strings.Split(f.Name, "/")
		if len(path) != 3 || path[0] != string(action) || !strings.HasSuffix(path[2], ".json") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		var records []map[string]any
		if err := json.NewDecoder(r).Decode(&records); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		kind := path[2][:strings.LastIndex(path[2], "-")]
		out[kind] = append(out[kind], records...)
	}
	return out, nil
}

// same compares two sets of records by id; every value counts.
func same(id string, got, want []map[string]any) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d records, %d are stored", len(got), len(want))
	}
	byID := func(a, b map[string]any) int { return strings.Compare(fmt.Sprint(a[id]), fmt.Sprint(b[id])) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	for i := range got {
		g, err := plain(got[i])
		if err != nil {
			return err
		}
		x, err := plain(want[i])
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(g, x) {
			return fmt.Errorf("record %d differs: %v is in the package, %v is stored", i, g, x)
		}
	}
	return nil
}

// plain returns a record as JSON, without members that are null or only tell how it was asked
// for.
func plain(r map[string]any) (map[string]any, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		return nil, err
	}
	for k, v := range out {
		if v == nil || strings.HasPrefix(k, "@odata.context") {
			delete(out, k)
		}
	}
	return out, nil
}

// onePackageEach counts the archives in the container.
func (w *world) onePackageEach(ctx context.Context, n int) error {
	names, err := w.list(ctx, "packages")
	if err != nil {
		return err
	}
	if len(names) != n {
		return fmt.Errorf("%d archives for %d requests", len(names), n)
	}
	return nil
}

func (w *world) list(ctx context.Context, container string) ([]string, error) {
	var names []string
	pager := w.clients.Blobs.NewContainerClient(container).NewListBlobsFlatPager(nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Segment.BlobItems {
			names = append(names, *b.Name)
		}
	}
	return names, nil
}

// poisonEmpty checks that every poison queue is empty.
func (w *world) poisonEmpty(ctx context.Context) error {
	for _, q := range []string{"dsr-bulk-poison", "dsr-work-poison", "dsr-fulfil-poison"} {
		p, err := w.clients.Queues.NewQueueClient(q).GetProperties(ctx, nil)
		if err != nil {
			return err
		}
		if n := *p.ApproximateMessagesCount; n != 0 {
			return fmt.Errorf("%d messages in %s", n, q)
		}
	}
	rejected, err := w.list(ctx, "bulk-rejected")
	if err != nil {
		return err
	}
	if len(rejected) != 0 {
		return fmt.Errorf("%d rejected bulk messages", len(rejected))
	}
	say("no message in a poison queue, no bulk message rejected")
	return nil
}

// wall lets each caller ask for every id of the other tenant. The answer must be the one for an
// id that does not exist.
func (w *world) wall(ctx context.Context, reqs []sent) error {
	asked := 0
	for _, s := range reqs {
		for other, key := range keys {
			if other == s.tenant {
				continue
			}
			for _, rest := range []string{"", "/events", "/findings", "/package"} {
				status, got, err := w.insist(ctx, http.MethodGet, "/api/requests/"+s.id+rest, key, nil, nil)
				if err != nil {
					return err
				}
				_, want, err := w.insist(ctx, http.MethodGet, "/api/requests/00000000-0000-4000-8000-000000000000"+rest, key, nil, nil)
				if err != nil {
					return err
				}
				if status != http.StatusNotFound || !bytes.Equal(got, want) {
					return fmt.Errorf("tenant %s can tell that %s exists: %d %s", other, s.id, status, got)
				}
				asked++
			}
		}
	}
	say("the tenants cannot see each other: %d calls with the other tenant's ids were answered like unknown ids", asked)
	return nil
}
