package tasktest

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/verify"
)

// Picture is all that can be seen of a request, without times and random ids, in a fixed order.
type Picture struct {
	State    dsr.State
	Events   []string
	Tasks    []string
	Files    []string // of the package
	Records  []string // of the package's JSON members, by file
	Findings []string
	Wakes    []retention.WakeKind
	Parts    int
}

// Look draws a picture of a request and verifies its package.
func (w *World) Look(id string) Picture {
	w.T.Helper()
	ctx := context.Background()
	c := w.Load(id)
	p := Picture{State: c.State}
	var chain [][]byte
	history, err := w.Clean.History(ctx, w.Tenant, id)
	require.NoError(w.T, err)
	for _, h := range history {
		e := h.Event
		line := fmt.Sprintf("%s by %s task %s records %d", e.Type, e.By, e.Task, e.Records)
		if e.Outcome != nil {
			line += fmt.Sprintf(" %s %s", e.Outcome.Code, e.Outcome.Reason)
		}
		for _, g := range e.Ended {
			line += fmt.Sprintf(" %v %s %s", g.Tasks, g.Outcome.Code, g.Outcome.Reason)
		}
		for _, q := range e.Queries {
			line += fmt.Sprintf(" %s %d", q.Hash[:8], q.Records)
		}
		p.Events, chain = append(p.Events, line), append(chain, h.Bytes)
	}
	require.NoError(w.T, dsr.VerifyChain(chain, c.LastHash))
	for _, t := range c.Tasks {
		p.Tasks = append(p.Tasks, fmt.Sprintf("%s %s %s round %d records %d", t.ID, t.State, t.Outcome.Code, t.Round, t.Records))
		found, err := c.Findings(ctx, t.System)
		require.NoError(w.T, err)
		p.Findings = append(p.Findings, fmt.Sprint(found))
	}
	for k := range c.Wakes {
		p.Wakes = append(p.Wakes, k)
	}
	if c.Package != nil && c.Package.State == dsr.PackageReady {
		w.open(c, &p)
	}
	p.Parts = len(w.Blobs(retention.Parts))
	slices.Sort(p.Events) // two tasks end in either order
	slices.Sort(p.Wakes)
	slices.Sort(p.Files)
	slices.Sort(p.Records)
	return p
}

func (w *World) open(c *store.Case, p *Picture) {
	w.T.Helper()
	body, info, err := w.Clean.Blobs.Get(context.Background(), blob.PackageRef(c.Package.Place))
	require.NoError(w.T, err)
	require.Equal(w.T, c.Package.Place.ETag, info.ETag, "the head names the archive that is there")
	require.Equal(w.T, c.Package.Bytes, int64(len(body)))
	require.Equal(w.T, c.Package.SHA256, dsr.HashEvent(body))
	_, err = verify.Archive(bytes.NewReader(body), int64(len(body)))
	require.NoError(w.T, err)
	z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	require.NoError(w.T, err)
	for _, f := range z.File {
		p.Files = append(p.Files, f.Name)
		if !strings.HasSuffix(f.Name, ".json") || f.Name == manifest.Name {
			continue
		}
		r, err := f.Open()
		require.NoError(w.T, err)
		var records []struct{ ID string }
		require.NoError(w.T, json.NewDecoder(r).Decode(&records))
		for _, rec := range records {
			p.Records = append(p.Records, f.Name[:strings.LastIndex(f.Name, "/")]+" "+rec.ID)
		}
	}
}

// Blobs lists the names in a container of the world.
func (w *World) Blobs(container string) []string {
	w.T.Helper()
	var out []string
	for b, err := range w.Clean.Blobs.List(context.Background(), blob.Ref{Container: container}) {
		require.NoError(w.T, err)
		out = append(out, b.Name)
	}
	return out
}

// Through is the picture of a request that was handled without a fault.
func Through(t testing.TB, systems ...string) Picture {
	t.Helper()
	w := New(t, systems...)
	id := w.Submit(dsr.Access, dsr.Export)
	w.Host.Finish(id)
	require.Zero(t, w.Host.Failed)
	return w.Look(id)
}
