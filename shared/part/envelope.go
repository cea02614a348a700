package part

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

// Sealer seals under the key of a case. store.Case implements it.
type Sealer interface {
	Seal(ctx context.Context, what string, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error)
}

// maxMetaCursor is how many characters of a sealed cursor, as base64, may go into metadata.
// Azure takes 8 KiB of metadata in all.
const maxMetaCursor = 4 << 10

// envelope is the state of an export after a part: what another worker needs to continue from
// there.
type envelope struct {
	// Cursor is the connector's cursor after the last page that is stored completely; nil
	// before the first one.
	Cursor []byte `json:"cursor,omitempty"`
	// Skip counts the records of the page after the cursor that are stored already. Only a page
	// over MaxSize is split.
	Skip    int64          `json:"skip,omitempty"`
	Queries []dsr.Query    `json:"queries,omitempty"` // of the pages up to the cursor
	Records int64          `json:"records"`
	Numbers map[string]int `json:"numbers"` // files per kind
}

func (e envelope) clone() envelope {
	e.Queries, e.Numbers = slices.Clone(e.Queries), maps.Clone(e.Numbers)
	if e.Numbers == nil {
		e.Numbers = map[string]int{}
	}
	return e
}

// ask adds queries. Those with the same text and permission become one entry.
func (e *envelope) ask(queries []dsr.Query) {
	for _, q := range queries {
		same := func(o dsr.Query) bool { return o.Hash == q.Hash && o.Permission == q.Permission }
		if i := slices.IndexFunc(e.Queries, same); i >= 0 {
			e.Queries[i].Records += q.Records
			continue
		}
		e.Queries = append(e.Queries, q)
	}
}

// seal puts the envelope into the metadata of a part or, when it is too long, into a blob of
// its own that the metadata names.
func (e envelope) seal(ctx context.Context, st *store.Store, by Sealer, spec Spec, seq int, meta map[string]string) error {
	plain, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("part: encode a cursor: %w", err)
	}
	sealed, err := by.Seal(ctx, sealedAs(spec, seq), plain)
	if err != nil {
		return fmt.Errorf("part: seal a cursor: %w", err)
	}
	if base64.StdEncoding.EncodedLen(len(sealed)) <= maxMetaCursor {
		meta["cursor"] = base64.StdEncoding.EncodeToString(sealed)
		return nil
	}
	id := uuid.NewString()
	ref := blob.Ref{Container: retention.Parts, Name: spec.cursor(seq, id)}
	if err := st.Blobs.Put(ctx, ref, sealed, nil, partType); err != nil {
		return fmt.Errorf("part: store a cursor: %w", err)
	}
	meta["cursorid"] = id
	return nil
}

// openEnvelope reads what seal wrote.
func openEnvelope(ctx context.Context, st *store.Store, by Sealer, spec Spec, seq int, meta map[string]string) (envelope, error) {
	var e envelope
	sealed, err := base64.StdEncoding.DecodeString(meta["cursor"])
	if id := meta["cursorid"]; id != "" {
		sealed, _, err = st.Blobs.Get(ctx, blob.Ref{Container: retention.Parts, Name: spec.cursor(seq, id)})
	}
	if err != nil {
		return e, fmt.Errorf("part: read the cursor of part %d: %w", seq, err)
	}
	plain, err := by.Unseal(ctx, sealedAs(spec, seq), sealed)
	if err != nil {
		return e, fmt.Errorf("part: open the cursor of part %d: %w", seq, err)
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		// The cause is left out, since it would quote the cursor.
		return e, fmt.Errorf("part: the cursor of part %d cannot be read (%d bytes)", seq, len(plain))
	}
	return e.clone(), nil
}

// sealedAs binds a sealed cursor to its place, so that it can be opened nowhere else.
func sealedAs(spec Spec, seq int) string {
	return fmt.Sprintf("cursor|%d|%s|%d", spec.Round, spec.Task, seq)
}
