package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/rightsdesk/rightsdesk/shared/budget"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/manifest"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// ErrNoPlace says that a request has no next package, or one without a place: the tenant has no
// destination of the name that the request gives.
var ErrNoPlace = errors.New("archive: there is no place for the package")

// Assembly is what a package is made from.
type Assembly struct {
	Store     *store.Store
	Case      *store.Case
	Tenant    tenant.Tenant
	Catalogue connector.Catalogue
	Clocks    clock.Clocks // the business clock says when the package was made
	// Claim is the hold on the task. It is checked once it is known which version an earlier
	// attempt has stored: a worker that takes over later stores another version, so that a worker
	// that has lost the claim meanwhile cannot replace that one. Nil checks nothing.
	Claim Claim
	// Time is that of the invocation. When it is used up the assembly stops between two members,
	// and another one resumes from the blocks that are stored.
	Time budget.Time
}

// unfinished is the end of an assembly whose time was used up.
type unfinished struct{ staged int }

func (e *unfinished) Error() string {
	return fmt.Sprintf("archive: the time was used up, %d more blocks are stored", e.staged)
}

func (e *unfinished) Unwrap() error { return budget.ErrUsedUp }

// Stored reports whether an assembly that ended with this error has stored some of the package
// that was not stored before.
func Stored(err error) bool {
	var u *unfinished
	return errors.As(err, &u) && u.staged > 0
}

// Claim is a worker's hold on a task. *lease.Claim implements it.
type Claim interface {
	// Check asks storage. It returns an error once another worker holds the task, or the task is no
	// longer open.
	Check(ctx context.Context) error
}

// Assemble streams the parts of a request into the archive that its next package names and returns
// that with its ETag, its length and its sum; state and expiry are left to the caller. Memory does
// not grow with the data. A package of up to 8 MiB is stored by one call; a longer one in blocks,
// of which an assembly that takes over from one that died sends those again that hold other bytes.
//
// It takes the members whose parts have been deleted since from the package that is ready, and
// leaves that as it is. It replaces what an earlier attempt stored under the same name. Errors:
// ErrNoPlace; ErrIncomplete, with ErrMissing or ErrChanged where the ready package is why;
// budget.ErrUsedUp; store.ErrNoAccount; store.ErrExists or store.ErrConflict when another worker
// stored a package meanwhile.
func Assemble(ctx context.Context, a Assembly) (dsr.Package, error) {
	if a.Case.Next == nil || !a.Case.Next.Place.Known() {
		return dsr.Package{}, ErrNoPlace
	}
	if err := a.Case.ReadAllTasks(ctx); err != nil {
		return dsr.Package{}, fmt.Errorf("archive: read the tasks: %w", err)
	}
	private, err := a.Case.Private(ctx)
	if err != nil {
		return dsr.Package{}, fmt.Errorf("archive: open the request: %w", err)
	}
	texts, err := a.texts(ctx)
	if err != nil {
		return dsr.Package{}, err
	}
	w := writer{
		st: a.Store, claim: a.Claim, time: a.Time, target: blob.PackageRef(a.Case.Next.Place),
		contents: contents{Request: &a.Case.Request, Private: private, Tenant: a.Tenant, Catalogue: a.Catalogue},
	}
	return w.run(ctx, a.Clocks.Business(), func(t dsr.Task) string { return texts[t.ID] })
}

// texts are what people wrote when they ended tasks. They may name the person: the package is
// for that person.
func (a Assembly) texts(ctx context.Context) (map[dsr.TaskID]string, error) {
	out := map[dsr.TaskID]string{}
	for _, t := range listed(&a.Case.Request) {
		if len(t.Text) == 0 {
			continue
		}
		text, err := a.Case.Unseal(ctx, store.SealReason, t.Text)
		if err != nil {
			return nil, fmt.Errorf("archive: open the text of task %s: %w", t.ID, err)
		}
		out[t.ID] = string(text)
	}
	return out, nil
}

// writer makes one package.
type writer struct {
	st       *store.Store
	claim    Claim
	time     budget.Time
	target   blob.Ref
	contents contents
	shown    *shown
	zip      *zip.Writer
	out      *counted
}

func (w *writer) run(ctx context.Context, now time.Time, reason func(dsr.Task) string) (dsr.Package, error) {
	r := w.contents.Request
	before, err := w.before(ctx)
	if err != nil {
		return dsr.Package{}, err
	}
	w.contents.Manifest = newManifest(r, now, reason)
	w.shown = newShown(ctx, w.st)
	w.contents.Parts = w.shown
	var all []source
	for i, t := range listed(r) {
		of, err := sources(r, i, t, before)
		if err != nil {
			return dsr.Package{}, err
		}
		all = append(all, of...)
		w.contents.Tasks = append(w.contents.Tasks, taskMembers{Task: t})
	}
	calls, stop := w.time.Calls(ctx)
	defer stop()
	out := w.st.Blobs.Write(calls, w.target, blob.WriteOptions{
		ContentType: "application/zip", Meta: map[string]string{blob.MetaRequest: r.ID}, Resume: true,
	})
	if err := w.write(calls, out, all); err != nil {
		if errors.Is(err, budget.ErrUsedUp) || budget.Ended(calls) {
			return dsr.Package{}, &unfinished{out.Leave()}
		}
		out.Abort()
		return dsr.Package{}, err
	}
	etag, err := w.commit(ctx, out)
	if err != nil && budget.Ended(calls) {
		return dsr.Package{}, &unfinished{out.Leave()}
	}
	if err != nil {
		return dsr.Package{}, fmt.Errorf("archive: store the package: %w", err)
	}
	p := *r.Next
	p.Place.ETag, p.Bytes, p.SHA256 = etag, w.out.bytes, w.out.sum()
	return p, nil
}

// before opens the package that is ready, where a task of an earlier round handed something over:
// its parts are gone.
func (w *writer) before(ctx context.Context) (earlier, error) {
	r := w.contents.Request
	past := func(t dsr.Task) bool { return t.Records > 0 && t.Round < r.Round }
	if r.Package == nil || r.Package.State != dsr.PackageReady || !slices.ContainsFunc(listed(r), past) {
		return earlier{}, nil
	}
	return openEarlier(ctx, w.st, r.Package.Place, r.ID)
}

func (w *writer) check(ctx context.Context) error {
	if w.claim == nil {
		return nil
	}
	return w.claim.Check(ctx)
}

// commit stores the archive. Where there is one already, an earlier attempt stored it and died
// before its request named the version: that one is replaced.
func (w *writer) commit(ctx context.Context, out *blob.Writer) (etag string, err error) {
	etag, err = out.Commit(ctx)
	if !errors.Is(err, store.ErrExists) {
		return etag, err
	}
	info, err := w.st.Blobs.Stat(ctx, w.target)
	if err != nil {
		return "", err
	}
	if err := w.check(ctx); err != nil {
		return "", err
	}
	return out.Replace(ctx, info.ETag)
}

// write streams the archive: the data in the order of the tasks, the index, the manifest.
func (w *writer) write(ctx context.Context, to io.Writer, all []source) error {
	w.out = newCounted(to)
	w.zip = zip.NewWriter(w.out)
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	if err := w.data(ctx, all); err != nil {
		return err
	}
	index := newCounted(nil)
	if err := w.make(manifest.IndexName, func(out io.Writer) error { return writeIndex(index.to(out), w.contents) }); err != nil {
		return err
	}
	m := &w.contents.Manifest
	m.Files = append(m.Files, manifest.File{Path: manifest.IndexName, SHA256: index.sum(), Bytes: index.bytes})
	body, err := m.Encode()
	if err != nil {
		return err
	}
	err = w.make(manifest.Name, func(out io.Writer) error { _, err := out.Write(body); return err })
	if err != nil {
		return err
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("archive: end the archive: %w", err)
	}
	return nil
}

// data copies the members as they are, and lists them in the manifest.
func (w *writer) data(ctx context.Context, all []source) error {
	return fetch(ctx, w.st, all, func(s source, m part.Member, packed io.Reader) error {
		if w.time.UsedUp() {
			return budget.ErrUsedUp
		}
		c := &w.contents.Tasks[s.task]
		k, _ := pageMaker{contents: w.contents}.descriptor(c.Task.System).Kind(m.Kind)
		file := manifest.File{
			Path: m.Path(c.Task.Action, c.Task.System), SHA256: m.SHA256, Bytes: m.Bytes, Records: m.Records,
			System: c.Task.System, Kind: m.Kind, Category: k.Category,
		}
		c.Members = append(c.Members, m)
		w.contents.Manifest.Files = append(w.contents.Manifest.Files, file)
		packed, err := w.shown.keep(c.Task, m, packed)
		if err != nil {
			return err
		}
		h := w.header(file.Path)
		h.CRC32, h.CompressedSize64, h.UncompressedSize64 = m.CRC, uint64(m.Packed), uint64(m.Bytes)
		out, err := w.zip.CreateRaw(h)
		if err != nil {
			return fmt.Errorf("archive: begin a member: %w", err)
		}
		n, err := io.Copy(out, packed)
		if err == nil && n != m.Packed {
			err = fmt.Errorf("%w: %d bytes instead of %d", ErrIncomplete, n, m.Packed)
		}
		return err
	})
}

// header is the header of a member. Its time is that of the request, so that the same parts
// make the same bytes.
func (w *writer) header(path string) *zip.FileHeader {
	h := &zip.FileHeader{Name: path, Method: zip.Deflate}
	//lint:ignore SA1019 CreateRaw does not write Modified, the field that replaces this method
	h.SetModTime(w.contents.Request.CreatedAt.UTC().Truncate(2 * time.Second))
	return h
}

func (w *writer) make(path string, write func(io.Writer) error) error {
	out, err := w.zip.CreateHeader(w.header(path))
	if err != nil {
		return fmt.Errorf("archive: begin %s: %w", path, err)
	}
	return write(out)
}

// counted passes bytes on, counts and hashes them.
type counted struct {
	w     io.Writer
	hash  hash.Hash
	bytes int64
}

func newCounted(w io.Writer) *counted { return &counted{w: w, hash: sha256.New()} }

func (c *counted) to(w io.Writer) io.Writer {
	c.w = w
	return c
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	_, _ = c.hash.Write(p[:n])
	c.bytes += int64(n)
	return n, err
}

func (c *counted) sum() string { return hex.EncodeToString(c.hash.Sum(nil)) }
