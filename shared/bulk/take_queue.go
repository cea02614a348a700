package bulk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// Message takes in a message of the queue dsr-bulk. It is the job `bulk`. A message that
// cannot become an import is put away in bulk-rejected and counted. That is a success,
// because no repetition would make the message better. Any error comes from the storage.
func (s *Service) Message(ctx context.Context, text []byte) error {
	err := s.message(ctx, text)
	if p := problem.As(err); p != nil {
		return s.putAway(ctx, text, p.Code)
	}
	return err
}

// Poison takes in what the host gave up on after ten tries. It is the job `bulk-poison`. A
// good message that met an outage of the storage goes back on its queue for as long as the
// outage lasts, because its requests may be known nowhere else. Everything else is put away,
// so that no message circulates forever.
func (s *Service) Poison(ctx context.Context, text []byte) error {
	if _, err := decodeMessage(text); err != nil {
		return s.putAway(ctx, text, problem.GaveUp)
	}
	err := s.Message(ctx, text)
	switch {
	case err == nil:
		return nil
	case !failure.Outage(err):
		s.log.ErrorContext(ctx, "message failed for good", "queue", queue.Bulk, "bytes", len(text), "error", err)
		return s.putAway(ctx, text, problem.GaveUp)
	}
	s.log.ErrorContext(ctx, "message given back to its queue", "queue", queue.Bulk, "bytes", len(text), "error", err)
	return s.store.Queues.Return(ctx, queue.Bulk, text, giveBack)
}

func (s *Service) message(ctx context.Context, text []byte) error {
	m, err := decodeMessage(text)
	if err != nil {
		return err
	}
	if !s.intake.Knows(m.Tenant) || !s.caller.Owns(m.Tenant) || !s.caller.Has(auth.Bulk) {
		return problem.New(problem.UnknownTenant, "/tenant", "the queue's caller may not act for this tenant")
	}
	b := imports.Import{
		ID: s.store.Imports.ID(m.Tenant, m.Reference), Tenant: m.Tenant, Reference: m.Reference, Caller: s.caller.ID,
	}
	if m.Blob == "" {
		err = s.keepItems(ctx, &b, m.Items)
	} else {
		err = s.findBlob(ctx, &b, m.Blob)
	}
	if err != nil {
		return err
	}
	_, _, err = s.record(ctx, b)
	return err
}

// keepItems moves the items of a message to a blob, as JSON Lines, so that only ids travel from
// here on. The blob is named by its digest: a message that comes twice writes it once.
func (s *Service) keepItems(ctx context.Context, b *imports.Import, items [][]byte) error {
	d := s.newDigest(list.JSONLines)
	body := append(bytes.Join(items, []byte("\n")), '\n')
	_, _ = d.Write(body)
	b.Format, b.Digest = list.JSONLines, d.hex()
	b.Blob = fmt.Sprintf("%s/%s/%s.ndjson", b.Tenant, b.ID, b.Digest[:32])
	err := s.store.Blobs.Put(ctx, blob.InputRef(b.Blob), body, s.stamp(), list.MediaType(list.JSONLines))
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	info, err := s.store.Blobs.Stat(ctx, blob.InputRef(b.Blob))
	b.InputETag = info.ETag
	return err
}

// findBlob reads the blob that a message names, for the digest of its content, so that a
// reference cannot come to mean another list. Only the version that was read will be
// imported.
func (s *Service) findBlob(ctx context.Context, b *imports.Import, path string) error {
	name, format, p := blobPath(b.Tenant, path)
	if p != nil {
		return p
	}
	r, info, err := s.store.Blobs.Open(ctx, blob.InputRef(name), 0, 0)
	if errors.Is(err, store.ErrNotFound) {
		return problem.New(problem.BlobMissing, "/blob", "there is no such blob")
	}
	if failure.Refused(err) {
		return s.unreadable(ctx, b, err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if info.Size > maxBlob {
		return problem.Newf(problem.TooLarge, "/blob", "the blob has more than %d bytes", maxBlob)
	}
	d := s.newDigest(format)
	if _, err := io.Copy(d, r); err != nil {
		return fmt.Errorf("bulk: read blob: %w", err)
	}
	b.Blob, b.Format, b.Digest, b.InputETag = name, format, d.hex(), info.ETag
	return nil
}

// unreadable is the problem of a list that the storage refuses to read, such as one in the
// archive tier.
func (s *Service) unreadable(ctx context.Context, b *imports.Import, err error) *problem.Error {
	s.log.WarnContext(ctx, "list refused by the storage", "tenant", b.Tenant, "bulk", b.ID, "error", err)
	return problem.New(problem.BlobUnreadable, "/blob", "the storage refuses to read the blob, as it does when a blob is archived")
}

// putAway keeps a message, byte for byte, where an operator finds it. The name is the keyed
// hash of the message, so the same message is kept once and the name does not tell what it
// said.
func (s *Service) putAway(ctx context.Context, text []byte, code problem.Code) error {
	name := hex.EncodeToString(pii.MAC(s.key, "message put away", string(text)))
	ref := blob.Ref{Container: retention.Rejected, Name: name}
	meta := s.stamp()
	meta["code"] = string(code)
	err := s.store.Blobs.Put(ctx, ref, text, meta, "application/octet-stream")
	if err != nil && !errors.Is(err, store.ErrExists) {
		return err
	}
	s.counter.Count(ctx, countMessages, 1)
	s.log.WarnContext(ctx, "message put away in bulk-rejected", "code", code, "bytes", len(text))
	return nil
}
