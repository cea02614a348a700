package part

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Sealer seals under the key of a case. store.Case implements it.
type Sealer interface {
	Seal(ctx context.Context, what string, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error)
}

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

// seal returns the envelope as the directory of a part has it.
func (e envelope) seal(ctx context.Context, by Sealer, spec Spec, seq int, id string) ([]byte, error) {
	plain, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("part: encode a cursor: %w", err)
	}
	sealed, err := by.Seal(ctx, spec.sealedAs(seq, id), plain)
	if err != nil {
		return nil, fmt.Errorf("part: seal a cursor: %w", err)
	}
	return sealed, nil
}

// openEnvelope reads what seal wrote.
func openEnvelope(ctx context.Context, by Sealer, spec Spec, p dsr.Part, sealed []byte) (envelope, error) {
	var e envelope
	plain, err := by.Unseal(ctx, spec.sealedAs(p.Seq, p.ID), sealed)
	if err != nil {
		return e, fmt.Errorf("part: open the cursor of part %d: %w", p.Seq, err)
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		// The cause is left out, since it would quote the cursor.
		return e, fmt.Errorf("part: the cursor of part %d cannot be read (%d bytes)", p.Seq, len(plain))
	}
	return e.clone(), nil
}
