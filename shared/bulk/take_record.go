package bulk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/store/imports"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
)

// record writes the row of an import whose blob is stored, or finds the row that exists
// already. It deletes the blobs that earlier attempts under the same reference left behind.
func (s *Service) record(ctx context.Context, b imports.Import) (*imports.Case, bool, error) {
	b.State, b.CreatedAt = imports.Received, s.clocks.Business()
	b.Wakes = map[retention.WakeKind]time.Time{retention.WakeBulk: s.clocks.Wall().Add(resend)}
	c, existing, err := s.store.Imports.Create(ctx, b)
	if err != nil {
		// The blob stays for the next attempt. The purge deletes it when there is none.
		return nil, false, err
	}
	s.tidy(ctx, c)
	if existing && c.Digest != b.Digest {
		return c, true, problem.New(problem.ReferenceTaken, "", "the reference was used for another list before")
	}
	if c.State == imports.Received {
		s.ask(ctx, c)
	}
	return c, existing, nil
}

// ask sends a message that asks for the import. If the message cannot be sent, the wake sends
// it a minute later.
func (s *Service) ask(ctx context.Context, c *imports.Case) {
	if err := s.store.Queues.Send(ctx, queue.Work, queue.Message{Tenant: c.Tenant, Bulk: c.ID}); err != nil {
		s.log.WarnContext(ctx, "message not sent; the wake will send it", "queue", queue.Work, "tenant", c.Tenant, "bulk", c.ID, "error", err)
	}
}

// tidy deletes the uploads under the reference of this import that did not become its input.
// What it cannot delete is left to the purge.
func (s *Service) tidy(ctx context.Context, c *imports.Case) {
	for found, err := range s.store.Blobs.List(ctx, blob.InputRef(c.Tenant+"/"+c.ID+"/")) {
		if err != nil {
			s.log.WarnContext(ctx, "uploads not listed", "tenant", c.Tenant, "bulk", c.ID, "error", err)
			return
		}
		if found.Name == c.Blob {
			continue
		}
		if err := s.store.Blobs.Delete(ctx, blob.InputRef(found.Name), found.ETag); err != nil && !errors.Is(err, store.ErrConflict) {
			s.log.WarnContext(ctx, "upload not deleted", "tenant", c.Tenant, "bulk", c.ID, "error", err)
		}
	}
}

// digest identifies a list by its format and its bytes. It is keyed, because rows and names
// of blobs can be read by people who must not be able to confirm a guess at a list.
type digest struct{ hash.Hash }

func (s *Service) newDigest(format string) digest {
	return digest{hmac.New(sha256.New, pii.MAC(s.key, "digest of a list", format))}
}

func (d digest) hex() string { return hex.EncodeToString(d.Sum(nil)) }
