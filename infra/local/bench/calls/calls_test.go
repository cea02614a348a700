package calls

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
)

func entity(t *testing.T, rk string, props map[string]any) []byte {
	t.Helper()
	b, err := json.Marshal(aztables.EDMEntity{Entity: aztables.Entity{PartitionKey: "p|1", RowKey: rk}, Properties: props})
	require.NoError(t, err)
	return b
}

func TestCallsAreCountedKeptAndMadeAgain(t *testing.T) {
	t.Parallel()
	storage, prefix := azurite.Shared(t), azurite.Prefix(t)
	seen := NewLedger(storage.Endpoints, prefix, true)
	c, err := account.ConnectString(storage.ConnectionString, account.ClientOptions(nil, seen))
	require.NoError(t, err)
	makeCalls(t, c, prefix)
	page, err := seen.Take()
	require.NoError(t, err)
	require.Equal(t, "1 × commit blocks box, 1 × insert rows, 1 × message line, 1 × other Tables, 1 × other box, 1 × other line, 1 × point read rows, 1 × put blob box, "+
		"1 × replace rows, 1 × stage block box, 2 × transaction rows", page.Text())
	require.Equal(t, 12, page.Total)
	require.Equal(t, 1, page.Rows)

	again := prefix + "again"
	r, err := OpenRaw(storage.ConnectionString, again)
	require.NoError(t, err)
	require.NoError(t, r.Create(t.Context(), page.Calls))
	require.NoError(t, r.Create(t.Context(), page.Calls), "what is there is left alone")
	require.NoError(t, r.All(t.Context(), page.Calls, 1))
	require.Empty(t, cmp.Diff(rowsOf(t, c, prefix), rowsOf(t, c, again)))
	m, err := c.Queues.NewQueueClient(again+"line").DequeueMessage(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, `{"t":"a & b"}`, *m.Messages[0].MessageText)
	empty, err := seen.Take()
	require.NoError(t, err)
	require.Positive(t, empty.Total, "the look at the rows; what was taken is gone")
	require.NotContains(t, empty.Text(), "transaction")
}

// makeCalls makes one call of each kind.
func makeCalls(t *testing.T, c account.Clients, prefix string) {
	t.Helper()
	ctx := t.Context()
	_, err := c.Tables.CreateTable(ctx, prefix+"rows", nil)
	require.NoError(t, err)
	_, err = c.Queues.CreateQueue(ctx, prefix+"line", nil)
	require.NoError(t, err)
	_, err = c.Blobs.CreateContainer(ctx, prefix+"box", nil)
	require.NoError(t, err)
	rows := c.Tables.NewClient(prefix + "rows")
	_, err = rows.AddEntity(ctx, entity(t, "one", map[string]any{"n": aztables.EDMInt64(1)}), nil)
	require.NoError(t, err)
	_, err = rows.SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeAdd, Entity: entity(t, "w|two", map[string]any{"b": aztables.EDMBinary("abc")})},
		{ActionType: aztables.TransactionTypeInsertMerge, Entity: entity(t, "w|three", map[string]any{"text": "O'Brien"})},
	}, nil)
	require.NoError(t, err)
	_, err = rows.SubmitTransaction(ctx, []aztables.TransactionAction{
		{ActionType: aztables.TransactionTypeDelete, Entity: entity(t, "w|two", nil), IfMatch: to.Ptr(azcore.ETagAny)},
	}, nil)
	require.NoError(t, err)
	_, err = rows.UpsertEntity(ctx, entity(t, "one", map[string]any{"n": aztables.EDMInt64(2)}), &aztables.UpsertEntityOptions{UpdateMode: aztables.UpdateModeReplace})
	require.NoError(t, err)
	_, err = rows.GetEntity(ctx, "p|1", "one", nil)
	require.NoError(t, err)
	_, err = c.Queues.NewQueueClient(prefix+"line").EnqueueMessage(ctx, `{"t":"a & b"}`, nil)
	require.NoError(t, err)
	blob := c.Blobs.NewContainerClient(prefix + "box").NewBlockBlobClient("a/b")
	_, err = blob.StageBlock(ctx, "AAAA", streaming.NopCloser(bytes.NewReader(make([]byte, 10))), nil)
	require.NoError(t, err)
	_, err = blob.CommitBlockList(ctx, []string{"AAAA"}, nil)
	require.NoError(t, err)
	_, err = blob.Upload(ctx, streaming.NopCloser(bytes.NewReader(make([]byte, 5))), nil)
	require.NoError(t, err)
}

// rowsOf are all rows of the table without what the service adds.
func rowsOf(t *testing.T, c account.Clients, prefix string) []string {
	t.Helper()
	var out []string
	for pager := c.Tables.NewClient(prefix + "rows").NewListEntitiesPager(nil); pager.More(); {
		page, err := pager.NextPage(t.Context())
		require.NoError(t, err)
		for _, b := range page.Entities {
			var e aztables.EDMEntity
			require.NoError(t, json.Unmarshal(b, &e))
			out = append(out, fmt.Sprint(e.PartitionKey, e.RowKey, e.Properties))
		}
	}
	return out
}

func TestSplitKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path string
		want []string
	}{
		"plain":   {"PartitionKey='a',RowKey='b')", []string{"a", "b"}},
		"escaped": {"PartitionKey=%27a%7C1%27,RowKey=%27w%7Cx%27)", []string{"a|1", "w|x"}},
		"none":    {"", nil},
		"broken":  {"%zz", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, splitKeys(c.path))
		})
	}
}
